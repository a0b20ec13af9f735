"""Whether a text tells of an image pull that failed, and whether it says why.

The evidence is positive: words that only a failed pull has (`surely_a_failed_pull`); else words of a registry, a runtime
or a credential helper together with words of failure, where nothing says that something else was under way: a push, a
mount, a probe, a webhook, a chart's index, a scan for tags, git.
"""

from __future__ import annotations

from functools import lru_cache

from whypull.lazy import regex
from whypull.read.message import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

_STATES = (
    "(?:ErrImagePull|ImagePullBackOff|RegistryUnavailable|SignatureValidationFailed|InvalidImageName|"
    "ErrImageNeverPull|ImageInspectError)"
)
_UNINFORMATIVE = regex(
    rf'^(?:Error: )?(?:{_STATES}|Back-off pulling image "?[^"]*"?|trying and failing to pull image|image can\'t be pulled|'
    r'(?:Error syncing pod, skipping: |Error syncing pod \S+ \("[^"]*"\), skipping: )?failed to '
    '"StartContainer" for "[^"]*" with '
    r'(?:ErrImagePull|ImagePullBackOff)(?:: "Back-off pulling image "?[^"]*"?"?)?|'
    r'container "[^"]*" in pod "[^"]*" is waiting to start: .{0,60}|)[\s."\']*$'
)
BARE_LONGEST = 400  # characters of a message without any context that may be the end of a pull's error
WEIGHED = 8_000  # characters of a text that weak words are counted in
LIGHT, HEAVY = 3, 4  # what weak words must add up to, in one message and in a longer text


def informative(text: str) -> bool:
    """Whether a text says more than that some pull failed."""
    return not _UNINFORMATIVE.match(fold(text))


def _any(*words: str) -> re.Pattern[str]:
    return regex("(?i)" + "|".join(words))


_SURE = (
    (
        r"failed to pull(?! (?:the |an? )?(?:requests?|git|data|providers?|charts?|modules?|models?|changes|code|metrics|logs|"
        r"repo|branch|commits?|messages?|updates?)\b)"
    ),
    r"failed pulling|errimage(?:pull|neverpull)|imagepullbackoff|cannotpull\w*error",
    r"pull access denied|pull ?image \S+ failed|manifest for \S+ not found|image pull failed",
    r"unable to pull(?! request| git| charts?| modules?| models?)",
    "error pulling image|cancel(?:led)? pulling image|pull qps exceeded|failed to apply default image tag",
    r"failed to inspect image|failed to (?:extract|register) layer|\bpull(?:ing)? (?:the )?image (?:error|failed)\b",
    "retrieve (?:some )?(?:image )?pull secret|short name mode is|short-name resolution|mirror resolve retries",
    r"error unpacking image|image:? \S+ is not ready on the node|error: image \S+ not found|while trying to pull",
    "resolve image to digest|resolve source metadata for|apply failure, attempting cleanup|initializing source docker://",
    r"image (?:can't|cannot|can not|could not) be pulled|image policy webhook backend denied",
    r"you may not have access to the (?:container|docker) image|requires the insecure flag to import",
    r"conveyor failed to (?:get|create)|mediatype in manifest should be|\brejected \w[\w ]{1,40} ago\s+\"no such image: ",
    r"fetching image: image \S+ does not exist on the daemon|short-name \"\S+ did not resolve|docker-content-digest",
    r"imagepullsecret \S+ contains neither",
    r"import failed \((?:unauthorized|forbidden|notfound|internalerror|badrequest)\)|: tag \S+ failed: internal error occurred: ",
)

# What a registry, a runtime or a credential helper says, and hardly anybody else.
_SPOKEN = (
    "back-off pulling|errimage|imagepull|invalidimagename|imageinspect|inspectfailed|registryunavailable",
    "signaturevalidation|pullimage|pulling image|pull image|image pull|images? pull |pull failed",
    r"\bpull (?:rate|access|secret|traffic|error)|pull-(?:secret|progress)|\bresolve (?:reference|image) \"",
    r"failed to resolve (?:reference|image|ref\b)|failed to do request: (?:head|get) ",
    "sandbox image|default image tag|couldn't parse image|pars(?:e|ing) (?:image )?(?:name|reference)|image configuration",
    r"register layer|httpread\w*seeker|failed to copy: |manifest[ _]unknown",
    "(?:reading|fetching|storing|writing) (?:manifest|blob)|adding layer with blob|layer with blob|no matching manifest",
    "match for platform|container registry|docker registry|initializing (?:source|image)|toomanyrequests",
    "choosing an? image|no image found in (?:image index|manifest list)",
    r"access to the resource is denied|(?:docker|podman|nerdctl|crictl|crane|oras|buildah) (?:-\S+ )*(?:pull|login)\b",
    r"skopeo (?:copy|inspect)|ctr\b.{0,80}\bpull|trying to pull|unable to find image|/v2/\S{1,300}?/(?:manifests|blobs)/",
    r"https?://[^/\s\"']+/v[012]/?(?:[\"': ]|$)|/v[012]/?[\"']?: |/v1/_ping|[?&]scope=repository|short[- ]name",
    r"error parsing http \d{3} response body",
    r"retrieve auth token|bearer token: |fetch (?:anonymous|oauth) token|no basic auth credentials|hosts\.toml",
    r"config_path|runtime\.v1\w*\.(?:image|runtime)service|unknown service containerd\.services|image verifier",
    "rejected by policy|diff ?id|image rootfs|getimageblob",
    "rootfs in image|commit on ref|layer verification|docker-credential|credential ?provider|ecr-credential",
    "error getting credentials - err|authconfighostname|blob unknown|unknown blob|tried to pull blob",
    r"insufficient_scope|invalid_token|(?<!with id )docker://(?![0-9a-f]{12})|/containers/images/sha256:",
    r"repository \S+ not found|name unknown|imagepullsecret|artifactregistry",
    "source metadata for|load metadata for|failed to authorize",
    "failed to unpack|failed to extract layer|not present with pull policy|tag invalid: ",
    r"plugin io\.containerd|spegel|dockerapiexception|image rejected",
    r"(?:dial|connect|unix|endpoint)\W.{0,80}(?:containerd|crio|cri-dockerd|dockershim|docker|k3s)\S*\.sock",
    r"connect to the docker daemon|(?:index|manifest|layer|config)-sha256:[0-9a-f]{8,}: |snapshotter not loaded",
    "container runtime (?:is|not|status) (?!check may not)|attestation|no bundle|invalid reference format|unqualified image",
    r"cri v1 (?:image|runtime) api|validate (?:cri|service connection)|registries\.(?:conf|yaml)|failed to load toml",
    "ignoring unknown key in toml.{0,300}registry|schema 1 support is disabled|dockerconfigjson",
    "illegal base64 data at input byte|parse auth field|cri auth plugins|aadsts|media type|image=(?!')",
    r"(?:capacity|space|stats?)\b.{0,40}image file ?system",
    "oci://|(?<![a-z])(?<!permission[ _])(?:denied|unauthorized): |pull and unpack|https?_proxy=",
    r"curl -\S.{0,40} https://(?:registry\.k8s\.io|k8s\.gcr\.io)/?:",
    (
        r"unexpected http code:? \d{3}.{0,60}url: https?://\S+/v2/|"
        r"translating taskspec to pod|(?:un)?able to fetch image|image manifest: |"
        r"inaccessibleimage|in container group \S{1,100} is not accessible|permission to read the image|"
        r"prepare extraction snapshot|applylayer|applying layer|copying system image|manifest\b.{0,80}unsupported schema version|"
        r"application/vnd\.(?:docker|oci)\.\S{1,80} (?:is )?not supported|: (?:resolving|resolved) +\|[-+]{3,}"
    ),
    (
        "error response from daemon:?.{0,400}?(?:https?:|manifest|pull|registry|denied|unauthorized|"
        "repositor|image|toomanyrequests|parsing http|http status|unknown|login|layer|blob|reference|lookup|"
        "dial tcp|x509|proxy|tls|eof|timed? ?out|no space|server|signature|devmapper|thin pool)"
    ),
)
_FAILED = (
    (
        r"\b(?:err|error|errors|fail|failed|fails|failing|failure|fatal|unable|couldn't|could not|can't|"
        r"cannot|can not|canceled|cancelled|aborted)\b"
    ),
    "denied|refused|timed?[ -]?out|deadline|not defined|is disabled|not found|not exist|no such|unknown",
    r"unauthori[sz]ed|unauthenticated|forbidden|invalid|expired|x509|\beof\b|reset by peer|broken pipe|unreachable",
    "no route|misbehaving|not implemented|unimplemented|unavailable|bad gateway|too ?many|exceeded|reached",
    "not supported|unsupported|no (?:matching|match|space|basic|bundle|available|image found|fslayers|signatures)|mismatch",
    "rejected|required|incorrect|malformed|missing|ambiguous|(?:does|did)(?:n't| not)|not known|is not|are not",
    r"not (?:allowed|ready|present|permitted|authorized|valid)|must be|back-?off|\b[45]\d\d\b|warn|ignoring|gave http",
    "conflict|retries|none of|inaccessible|must have permission",
)

# What else was under way: then only sure words count.
_ELSEWHERE = (
    r"blobs/uploads|at destination|destination registry|mountvolume|failedmount|failedattach",
    r"unable to (?:attach|mount)|trigger\.poll|image watch job|head request for .{0,300}falling back to|tags/list",
    r"requesting tags|(?:get|getting|list|listing|fetch|fetching) (?:the |all |remote )?tags\b|/_catalog|index\.yaml",
    r"not a valid chart repository|garbage[- ]collect|image gc",
    r"eligible for deletion|calling webhook|webhook\.|admission webhook|probe failed|upgrad\w+ connection",
    r'clusterinformation|://[^/\s"]+/apis?[/?]\w',
    r"cannot (?:list|get|create|watch|update|patch|delete) (?:resource|\S+ (?:in (?:api group|the namespace)|at the cluster))",
    r"is forbidden: |\bfatal: (?:repository|unable to access|could not read|authentication failed)|process '/usr/bin/git' failed",
    r"can be successfully pulled|(?<!_)level=debug|response\.header\.|failed to reserve (?:sandbox|container) name",
    r"(?:setup|set up) network for sandbox|volumeattachment|must be logged in to the server|\.well-known/",
    r"unable to authenticate the request|download(?:ing)? agent|scan:|scan failed\b|\bdbg \[|http\.request\.",
    r"-X ?(?:DELETE|PUT|PATCH)\b|\b(?:DELETE|PUT|PATCH) [\"']?https?:|delet(?:e|ing) (?:the )?(?:manifest|blob|image|tag)",
    r"# (?:HELP|TYPE) \w",
    "container ?logs/|npm err|kube-probe|cosign sign|signing of |committing container|copying layers and metadata for container",
    r"writing manifest to image destination(?!.{0,2000}\b(?:error|failed|fata))",
    # pushed, where nobody speaks of a pull: in Chinese, Korean, Japanese
    r"^(?!.{0,16000}(?:pull|拉取|풀|プル)).{0,16000}(?:推送|푸시|プッシュ)",
    # a registry's own log of what it was asked
    r'^(?!.{0,16000}(?:error response|rpc error|failed to)).{0,16000}"(?:get|head) /v2/\S{0,400} http/\d\S*" [45]\d\d',
    r"org\.sonatype\.nexus",
    # who watches a registry for new versions
    r"image-?updater|image-reflector|\brenovate\b|version-checker|\bdiun\b|fetching metadata for .{0,300}neither v1",
    r"\bis invalid: (?:spec|metadata|status)\b",
    # charts and other artifacts, copies between registries, and what lies in a local storage
    r"could not download oci://|failed to perform \"\w+\" on source|failed to fetch artifacts: |image containers-storage:",
    # a registry's, a proxy's or a watcher's own words about what it was asked for, or asked itself
    r"\[gin\] \d{4}/|registry/handlers\b|request to fetch a digest|remote digest to compare|unauthorized docker lookup",
    r"trow_server|manifest[ _]blob[ _]unknown",
    r"reading \.dockerconfigjson field of|^(?!.{0,16000}\bpull).{0,16000}authorization denied by plugin",
    # scanners ask daemons and registries for an image in turn, and search is no pull
    r"unable to initialize (?:an?|the) [\w ]{0,30}scanner|\bscan error:|/v1/search\?|https://hub\.docker\.com/v2/search",
    # what docker says of containers, networks and images that are there
    r"is already in use by container|is already assigned to|no such container|driver failed programming",
    r"port is already allocated|oci runtime (?:create|exec)|failed to create (?:shim )?task(?! ?run)",
    r"error while creating mount source",
    r"unable to create manifests file|userspace copy failed|\.sock/v1\.\d+/(?:containers|info|networks|volumes|exec)\b",
    r"invalid mount config|cannot (?:kill|stop|remove|restart|link to) |unable to remove |must be forced|image is being used by",
    r"could not select device driver|cannot start container",
    # a step of a build after its FROM: the base image had been pulled
    r"failed to (?:compute cache key|calculate checksum|read dockerfile)|dockerfile parse error|failed to solve: secret ",
    r"did not complete successfully: exit code|executor failed running \[|command '.{1,1500}' returned a non-zero code",
    r'building at step "(?!from)|failed to execute command: waiting for process to exit|\btwirp\b',
    r"step \d+(?:/\d+)? : (?:run|add|workdir|env|cmd|expose)\b(?!.{0,8000}step \d+(?:/\d+)? : )|error \[[^\]]{1,80}\] run ",
    r"\b(?:ollama|dvc|lfs) pull\b",
    r"pip\._vendor|no matching distribution found|could not find a version that satisfies",
)

# What was done last before the error: "docker push" after a pull that worked, or a pull in a stage called "build and push".
_DONE = regex(
    r"(?i)(?P<push>\bpush(?:es|ing)?\b)|"
    r"(?P<other>\bdocker (?:ps|info|version|images|stats|logs|network|volume|exec)\b|"
    r"(?<![\w/.-])git\b(?![/:-])|\b(?:cloning|checkout|terraform)\b|successfully pulled)|"
    r"(?P<asked>error response from daemon|https?://\S{1,300}?/v2/|containerfetch)|"
    r"(?<![:/])\bpull(?:ing)?\b(?! complete)|(?:load|source) metadata for|\bretrieving image\b|\bfrom [\w.-]+[/:][\w./:-]+"
)
# An image may be called anything: git, push-gateway, checkout.
_CALLED = regex(
    r"(?<=/v2/)\S{1,300}?(?=/(?:manifests|blobs/sha256))|(?<=repository%3A)[^&\s\"']{1,300}?(?=%3Apull)|"
    r"(?<=repository:)[^&\s\"':]{1,300}(?=:pull)|"
    r"(?<![\w/:@.-])(?:[\w.-]+(?::\d+)?/)+[\w.-]+(?::[A-Za-z0-9][\w.-]*|@sha256:[0-9a-f]+)(?![\w/])"
)
_SURELY, _ABOUT, _FAILURE, _NOT_ABOUT = _any(*_SURE), _any(*_SPOKEN), _any(*_FAILED), _any(*_ELSEWHERE)
_ADMITS = regex(
    r"(?i)sigstore|notation|cosign|image.{0,60}(?:signature|not allowed|blocked|verif)|(?:signature|verif\w+).{0,80}image|"
    r"(?:unapproved|untrusted|unknown|disallowed|forbidden) (?:image )?regist|invalid image repo|binary authorization|"
    r"allowed (?:image )?(?:repos|registr|repositor)\w*"
)
_BOILERPLATE = regex(
    r"Login with your Docker ID to push and pull images[^.]*\.(?:[^.]*docker\.com[^.]*\.)?|--push\b|"
    r"build-push-action|push,pull|pull,push|"
    r"<-- 401 https?://\S+/v2/ \(.{0,1500}?\}\]\}|"  # a registry's challenge before each pull, as a trace shows it
    r"Stored credentials invalid or expired(?=.{0,600}Login Succeeded)|"
    # kubeadm prints these whether its images come or not
    r"Pulling images required for setting up a Kubernetes cluster|"
    r"You can (?:also perform this action|check or mi\w{1,5}gate this) (?:in )?beforehand (?:using|with) "
    r"['\"]?kubeadm config images pull['\"]?|"
    r"[Nn]o internet connection\b.{0,100}?cannot pull (?:or find )?the following control plane images:"
)


def _is_elsewhere(core: str) -> bool:
    """Whether something else than a pull was under way in a folded text."""
    core = _CALLED.sub("…", core)
    return bool(_NOT_ABOUT.search(core)) or _was_done_before(core)


def _was_done_before(core: str) -> bool:
    """Whether the last thing that was done before the last error is something else than a pull."""
    symptoms = [found.start() for found in _symptom().finditer(core)]
    asked = False
    for found in reversed(list(_DONE.finditer(core, 0, symptoms[-1] if symptoms else len(core)))):
        if found["asked"]:
            asked = True  # a registry, be it for a push; of the others none asks one
        else:
            return bool(found["push"]) or (bool(found["other"]) and not asked)
    later = _DONE.search(core)
    return later is not None and bool(later["push"])


def surely_a_failed_pull(text: str) -> bool:
    """Whether the words leave no doubt, whoever wrote them and for whatever reason."""
    core = fold(text)
    return bool(_SURELY.search(core)) and "failed to push" not in core


_ASKED = regex(r"(?i)/v2/\S{1,300}?/(?:manifests|blobs)/|[?&]scope=repository\S*pull|package digest from remote")


def asks_a_registry(text: str) -> bool:
    """Whether somebody, whoever it is, asked a registry for an image's manifest, blob or pull token and failed."""
    core = fold(text)
    return bool(_ASKED.search(core) and _FAILURE.search(core)) and not _is_elsewhere(core)


def about_a_pull(text: str) -> bool:
    """Whether a text that stands alone may tell of an image pull that failed; a push, a mount or a probe is none."""
    core = _BOILERPLATE.sub("", fold(text))
    if _is_elsewhere(core):
        if "denied the request" in core:
            return bool(_ADMITS.search(core))
        return surely_a_failed_pull(core)
    if _SURELY.search(core):
        return True
    return bool(_ABOUT.search(core) and _FAILURE.search(core))


def sounds_like_a_pull(text: str, *, alone: bool = True, fails: bool = False) -> bool:
    """Whether what somebody pasted (`alone`: by itself) is the end of a pull's error, or weak words in it add up to one.

    `fails`: a pull is known to fail, and not why. An image, a registry's host and a noun of registries weigh for a pull; another
    host's address, a container that had started and a stack of calls weigh against it.
    """
    core = _BOILERPLATE.sub("", fold(text[:WEIGHED]))
    if _OTHER_PORT.search(core):
        return False
    if alone and len(core) <= BARE_LONGEST and _tails().search(core) and not _BOUND.search(core):
        return not _is_elsewhere(core)
    if _is_elsewhere(core) or not _symptom().search(core):
        return False
    weight = len({found[0].lower() for found in _nouns().finditer(core)}) + 2 * bool(_named().search(core))
    weight -= 2 * sum(1 for found in _URL.finditer(core) if not _OF_REGISTRIES.match(found["rest"]))
    weight -= 4 * bool(_started().search(core))
    weight += 2 * fails
    if _PULLS.search(core) and not _PULLED.search(core):
        weight += 1 + bool(_INNERMOST.search(core))
    return weight >= (LIGHT if len(core) <= BARE_LONGEST else HEAVY)


# What no registry listens on: databases, queues, directories, a cluster's own parts.
_OTHER_PORT = regex(
    r"\bdial tcp [^\s,]{3,260}:(?:22|25|53|389|587|636|1433|1521|2181|2379|2380|3306|4222|5432|5672|6379|6443|8200|8500|9042|"
    r"9090|9092|9200|10250|11211|27017)\b"
)
_BOUND = regex(r"(?i)^\{|https?://|\d\d:\d\d:\d\d|\bapi ?server\b|\b(?:etcd|ldap|smtp|postgres|mysql|redis|kafka|mongo)")
# "When I pull an image I get this", and the words of whatever runtime it was that pulled.
_PULLS = regex(r"(?i)(?<!git )(?<!helm )(?<!ollama )(?<!dvc )(?<![/-])\bpull(?:s|ing)?\b(?! requests?\b|-request)|拉取|풀링|プル")
_PULLED = regex(
    r"(?i)\b(?:pulled|it works|works? fine|runs fine|pulls? (?:works?|succe\w+)|pull complete|downloaded newer|up to date)\b"
)
_INNERMOST = regex(
    r"\bx509: |\btls: |\bdial tcp\b|\b(?:read|write) tcp |\bnet/http: |\bi/o timeout|\bno space left|\bunexpected EOF|"
    r"\bproxyconnect|\bserver gave HTTP|\bserver misbehaving"
)
_URL = regex(r"https?://[^/\s\"'<>]+(?P<rest>[^\s\"'<>]*)")
_OF_REGISTRIES = regex(r"/?(?:$|[\])},.;:]|v[012](?:/|$)|token|service/token|jwt/auth|oauth2?/|auth)")


@lru_cache(maxsize=1)
def _symptom() -> re.Pattern[str]:
    """What a page has an answer to: a status, an errno, a certificate, a refusal, a name that is not there."""
    return regex(
        r"(?i)\b(?:40[1347]|429|50[0234])\b|x509|certificate (?:signed|verif|has|is)|unauthori[sz]ed|"
        r"unauthenticated|forbidden|denied|not found|"
        r"no such (?:host|image|manifest|repo)|does(?:n't| not) exist|timed? ?-?out|deadline exceeded|refused|reset by|"
        r"tls: (?:first|oversized) record|server gave http|"
        r"\beof\b|unreachable|no route|misbehaving|no space|toomanyrequests|too many requests|rate limit|unknown|"
        r"no match|mismatch|unsupported|corrupt|not supported|no user/password"
    )


@lru_cache(maxsize=1)
def _nouns() -> re.Pattern[str]:
    return regex(
        r"(?i)\b(?:images?|manifests?|layers?|registry|registries|repositor(?:y|ies)|pull(?:ing|ed)?|blobs?|digest|"
        r"docker|containerd|cri-?o|podman|nerdctl|crictl|kubelet|buildkit|tags?)\b|sha256:(?=[0-9a-f]{8})"
    )


@lru_cache(maxsize=1)
def _named() -> re.Pattern[str]:
    """An image with its tag or digest, or a host that serves nothing but images."""
    return regex(
        r"(?<![\w:/@.-])(?:[a-z0-9._-]+(?::\d+)?/)+[a-z0-9._-]+(?<!\.go)(?<!\.py)(?<!\.js)(?<!\.ts)(?<!\.rb)(?<!\.rs)"
        r"(?::[A-Za-z0-9][\w.-]*|@sha256:[0-9a-f]{6,})(?![\w/])|"
        r"(?i:\b(?:docker\.io|gcr\.io|ghcr\.io|quay\.io|azurecr\.(?:io|cn)|dkr\.ecr\.|pkg\.dev|registry\.k8s\.io|icr\.io|"
        r"mcr\.microsoft\.com|public\.ecr\.aws|registry\.redhat\.io|nvcr\.io|docker\.elastic\.co|"
        r"(?:docker-|container-)?registry(?:-\d)?\.[\w.-]+\w|harbor[\w-]*\.[\w.-]+\w|[\w.-]{1,80}/v2/))"
    )


@lru_cache(maxsize=1)
def _started() -> re.Pattern[str]:
    """What is said only where an image was there: a container that starts, a program within, a cluster's own parts."""
    return regex(
        r"(?i)oci runtime|runc (?:create|did)|exec format error|exec: |crashloop|back-off restarting|already present|"
        r"goroutine \d|traceback \(most|\bat [\w.$]+\([\w.]+:\d+\)|panic: |listen tcp|cni |calico|cilium|flannel|"
        r"etcd|apiserver|unable to connect to the server|serviceaccount|rbac|reflector\.go|configmap|persistentvolume|"
        r"successfully (?:pulled|built)|status: downloaded|up to date for|garbage|latest tag|image-reflector|"
        r"fetch it from|\"(?:get|head|post|put) \S+ http/\d|\* (?:trying|host|connected|immediate) |"
        r"\bas build\b|plugin/errors: |container creat\w+ error"
    )


@lru_cache(maxsize=1)
def _tails() -> re.Pattern[str]:
    """How the innermost error of a pull begins: what is left where somebody quotes only the end of it."""
    return regex(
        r"(?i)^\W*(?:(?:error(?: message)?|err|message|msg|fatal|caused by|fehler|erreur|错误|报错|エラー|"
        r"(?:docker|podman|nerdctl|ctr|crictl|buildah|skopeo)(?: pull)?)\]?\s?[:=：-]?\W{0,3})?"
        r"(?:x509: |tls: |dial tcp|(?:read|write) tcp |context deadline exceeded|context canceled|"
        r"net/http: |lookup \S+|i/o timeout|target is unknown|denied\b|unauthorized\b|unknown: |no space left|"
        r"unexpected eof|proxyconnect|http: server gave)|"
        r"^\W*rpc error: code = \w+ desc = "
        r"(?:net/http: request canceled|unauthorized\b|denied\b|http: server gave|toomanyrequests)"
    )

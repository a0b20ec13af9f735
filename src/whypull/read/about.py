"""Whether a text tells of an image pull that failed, and whether it says why.

Evidence is positive: words that only a pull has (`surely`), or words of a registry, runtime or credential helper where
nothing says that something else was under way (a push, a mount, a probe, a webhook, a chart, a scan for tags).
"""

from __future__ import annotations

import re
from functools import lru_cache

from whypull.read.message import fold

_UNINFORMATIVE = re.compile(
    r'^(?:Error: )?(?:ErrImagePull|ImagePullBackOff|Back-off pulling image "?[^"]*"?|RegistryUnavailable|SignatureValidationFailed|'
    r"InvalidImageName|ErrImageNeverPull|ImageInspectError|trying and failing to pull image|image can't be pulled|"
    r'(?:Error syncing pod, skipping: |Error syncing pod \S+ \("[^"]*"\), skipping: )?failed to "StartContainer" for "[^"]*" with '
    r'(?:ErrImagePull|ImagePullBackOff)(?:: "Back-off pulling image "?[^"]*"?"?)?|'
    r'container "[^"]*" in pod "[^"]*" is waiting to start: .{0,60}|)[\s."\']*$'
)


def informative(text: str) -> bool:
    """Whether a text says more than that some pull failed."""
    return not _UNINFORMATIVE.match(fold(text))


_ABOUT = re.compile(
    r"(?i)failed to pull|failed pulling|back-off pulling|errimage|imagepull|invalidimagename|imageinspecterror|registryunavailable|"
    r"signaturevalidation|pullimage|pulling image|pull image|image pull|images? pull |pull failed|cannotpull|\bpull (?:qps|rate|access|secret|traffic|error)|"
    r"failed to resolve (?:reference|image|ref\b)|sandbox image|default image tag|couldn't parse image|parse image (?:name|reference)|"
    r"image configuration|register layer|httpread\w*seeker|failed to copy: |manifest unknown|manifest_unknown|reading manifest|"
    r"manifest for \S+ not found|no matching manifest|match for platform|container registry|docker registry|initializing (?:source|image)|"
    r"toomanyrequests|access to the resource is denied|(?:docker|podman|nerdctl|crictl|crane|oras|buildah) (?:-\S+ )*(?:pull|run|build)|"
    r"skopeo (?:copy|inspect)|ctr\b.{0,80}\bpull|trying to pull|unable to find image|/v2/\S*/(?:manifests|blobs)/sha|/v2/\S+/manifests/|"
    r"aadsts|https?://[^/\s\"']+/v[012]/?[\"': ]|/v[012]/?[\"']?: |/v1/_ping|scope=repository|short[- ]name|retrieve auth token|bearer token|"
    r"fetch (?:anonymous|oauth) token|no basic auth credentials|hosts\.toml|config_path|runtime\.v1\w*\.(?:image|runtime)service|"
    r"image verifier|rejected by policy|diff id|image rootfs|rootfs in image|commit on ref|layer verification|docker-credential|"
    r"credential provider|credentialprovider|ecr-credential|invalid_token|insufficient_scope|denied: |unauthorized: |media type|"
    r"docker://|docker: error|error response from daemon|repository \S+ not found|name unknown|pull-secret|imagepullsecret|"
    r"artifactregistry|failed to solve|failed to unpack|failed to extract layer|not present with pull policy|tag invalid: |mirror resolve|"
    r"dial unix \S+\.sock|plugin io\.containerd|containerd\S*\.sock|spegel|dockerapiexception|image=|image rejected|attestation|no bundle|"
    r"failed to inspect image|inspectfailed|invalid reference format|parse (?:image )?reference|unqualified image|"
    r"connect to the docker daemon|container runtime (?:is|not|status) |cri v1 (?:image|runtime) api|validate (?:cri|service connection)|"
    r"registries\.conf|registries\.yaml|dockerconfigjson|illegal base64 data at input byte|in toml for plugin|getimageblob|container_images_storage|(?:reading|fetching|writing|storing|copying) blob|next endpoint for pull|"
    r"error getting v\d registry|failed to (?:load|parse) toml|syncing pod, skipping: secrets? |parse auth field|cri auth plugins|pull-progress|image file ?system"
)
_NOT_ABOUT = re.compile(
    r"(?i)\bpush(?:ing|ed)?\b|blobs/uploads|mountvolume|failedmount|failedattach|unable to (?:attach|mount)|tags/list|requesting tags|"
    r"get tags from|index\.yaml|garbage[- ]collect|calling webhook|probe failed|upgrad\w+ connection|clusterinformation|"
    r"/apis/\w|/api/v\d|/api\?|cannot (?:list|get|create) \w+ |is forbidden: user|\bgit\b|cloning|can be successfully pulled|level=debug|"
    r"failed to reserve sandbox name|setup network for sandbox|volumeattachment|must be logged in to the server|"
    r"\.well-known/|successfully pulled|unable to authenticate the request|download(?:ing)? agent|webhook\.|scan:|terraform"
)
_BOILERPLATE = re.compile(r"Login with your Docker ID to push and pull images[^.]*\.(?:[^.]*docker\.com[^.]*\.)?|--push\b")
_ADMITS = re.compile(
    r"(?i)sigstore|kyverno.{0,80}(?:verify|signature)|notation|cosign|image.{0,60}(?:signature|not allowed|blocked)"
)


def about_a_pull(text: str) -> bool:
    """Whether a text that stands alone may tell of an image pull that failed; a push, a mount or a probe is none."""
    core = _BOILERPLATE.sub("", fold(text))
    if ("denied the request" in core or "denied request" in core) and _ADMITS.search(core):
        return True
    if _NOT_ABOUT.search(core):
        return bool(re.search(r"Failed to pull image|failed to pull and unpack|ErrImagePull|ImagePullBackOff", core))
    if _ABOUT.search(core):
        return True
    return len(core) <= 400 and not re.search(r"https?://|\d\d:\d\d:\d\d", core) and _bare_tail(core)


@lru_cache(maxsize=1)
def _tails() -> re.Pattern[str]:
    return re.compile(
        r"(?i)^\W*(?:error:? |err:? )?(?:x509: |tls: |dial tcp|context deadline exceeded|context canceled|"
        r"net/http: |lookup \S+|i/o timeout|target is unknown|denied\b|unauthorized\b|unknown: |no space left|"
        r"unexpected eof|proxyconnect|http: server gave)"
    )


def _bare_tail(core: str) -> bool:
    return bool(_tails().search(core))


_SURELY = re.compile(
    r"(?i)failed to pull|failed pulling|errimage(?:pull|neverpull)|imagepullbackoff|cannotpull\w*error|pull access denied|failed to pull and unpack|"
    r"pullimage \S+ failed|pull image \S+ failed|manifest for \S+ not found|image pull failed|unable to pull|error pulling image|"
    r"cancel(?:led)? pulling image|pull qps exceeded|default image tag|image pull secrets? \(|retrieve pull secret|short name mode is|short-name resolution|failed to inspect image|"
    r"mirror resolve retries|syncing pod, skipping: secrets? "
)


def surely_a_failed_pull(text: str) -> bool:
    """Whether the words leave no doubt, whoever wrote them and for whatever reason."""
    return bool(_SURELY.search(fold(text)))

"""The nouns of whypull: facts, findings, diagnoses. Knows nothing of where they come from or how they are shown.

Facts are seen, never concluded; they hold no credential (redaction happens where a fact is born).
"""

from __future__ import annotations

from whypull.records import dataclass, field

TYPE_CHECKING = False  # importing typing costs 7 ms of every start
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final, Literal, TypeAlias

    from whypull.steps import Tried

    Certainty: TypeAlias = Literal["proved", "likely", "possible"]
    Verdict: TypeAlias = Literal["cause", "undecided"]
    StageState: TypeAlias = Literal["passed", "failed", "not reached", "not looked"]
    Role: TypeAlias = Literal["registry", "token", "storage", "mirror", "proxy", "resolver", "runtime", ""]

STAGES: Final = (
    "spec", "secret", "node", "dns", "network", "proxy", "tls", "registry", "auth", "image", "unpack",
)  # fmt: skip
CERTAINTIES: Final = ("proved", "likely", "possible")


@dataclass(frozen=True, slots=True)
class Pull:
    """What was to be pulled, and for whom. Every field may be empty: a paste rarely shows all of them."""

    image: str = ""  # as the pod names it; else as the runtime names it
    namespace: str = ""
    pod: str = ""
    container: str = ""  # "sandbox" for the pause image
    node: str = ""
    runtime: str = ""  # "containerd 1.7.24", "containerd", "cri-o", "docker", or empty


# ---------------------------------------------------------------- facts


@dataclass(frozen=True, slots=True)
class Said:
    """A text that somebody wrote about this pull, verbatim except for credentials."""

    text: str
    by: str = ""  # kubelet, containerd, cri-o, docker, crictl, podman, skopeo, ctr, …; empty where unknown
    via: str = ""  # event, status, log, output; hearsay: words that only sound like a pull
    reason: str = ""  # event reason or waiting.reason
    count: int = 1
    first: str = ""  # RFC 3339, or an age as printed ("4m36s")
    last: str = ""


@dataclass(frozen=True, slots=True)
class PodSeen:
    """What the pod's object shows of this container's pull."""

    service_account: str = ""
    pull_secrets: tuple[str, ...] = ()  # after admission: what the kubelet reads
    pull_policy: str = ""  # Always, IfNotPresent, Never
    owner: str = ""  # "ReplicaSet/web-5d8f"
    created: str = ""  # RFC 3339
    phase: str = ""
    image_id: str = ""
    other_images: tuple[str, ...] = ()  # of the pod's other containers
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()  # only those that name injection or pulls
    injected_by: str = ""  # "Dynatrace", "Istio", … where the object shows it
    runs_on: tuple[tuple[str, str], ...] = ()  # nodes on which the same image runs, each with since when (RFC 3339)


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """The pod's service account."""

    name: str
    namespace: str = ""
    pull_secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthEntry:
    """One entry of a docker config, without its values."""

    key: str  # as written: "https://index.docker.io/v1/"
    has_username: bool = False
    has_password: bool = False
    username: str = ""  # only well-known ones that are no secret: AWS, oauth2accesstoken, _json_key, 0000…
    expires: str = ""  # RFC 3339, where a token says so
    dropped: tuple[str, ...] = ()  # what the kubelet ignores in it: identitytoken, registrytoken, auths, …


@dataclass(frozen=True, slots=True)
class SecretSeen:
    """A Secret that a pull could use, as the API holds it."""

    namespace: str
    name: str
    type: str = ""
    created: str = ""  # RFC 3339
    entries: tuple[AuthEntry, ...] = ()
    problem: str = ""  # the kubelet's own words for content that it cannot decode: "illegal base64 data at …"
    ignored: str = ""  # why the kubelet silently takes nothing from it: "type Opaque", "no key .dockerconfigjson"
    keys: tuple[str, ...] = ()  # the names of its data keys


@dataclass(frozen=True, slots=True)
class SecretAbsent:
    """A pull secret that is named and is not there (the input lists the namespace's secrets without it)."""

    namespace: str
    name: str
    elsewhere: tuple[str, ...] = ()  # namespaces in which a secret of this name was seen
    sure: bool = True  # False where the input may show only some of the namespace's secrets


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """The node, as its object shows it."""

    name: str
    ready: str = ""  # True, False, Unknown
    message: str = ""  # of the Ready condition
    pressure: tuple[str, ...] = ()  # DiskPressure, MemoryPressure, PIDPressure
    runtime: str = ""  # containerd://1.7.24
    kubelet: str = ""  # v1.32.1
    os: str = ""
    arch: str = ""
    os_image: str = ""
    provider: str = ""  # providerID
    images: tuple[str, ...] = ()  # at most the 50 largest
    labels: tuple[tuple[str, str], ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()  # ("InternalIP", "10.0.3.7")


@dataclass(frozen=True, slots=True)
class HostsSeen:
    """Which hosts the runtime's own configuration makes of the image's registry, in the order in which they are asked."""

    registry: str  # as in the normalised reference: docker.io, host:5000
    runtime: str = ""  # containerd, cri-o
    source: str = ""  # the file that decided; empty: the runtime's defaults
    hosts: tuple[str, ...] = ()  # base URLs, the registry itself last
    ignored: tuple[str, ...] = ()  # what the runtime passes over in silence, one sentence each
    problem: str = ""  # the runtime's words, where the configuration itself stops the pull
    broken: bool = False  # a file is there for this registry, and the runtime goes on as if there were none


@dataclass(frozen=True, slots=True)
class NodeConfigSeen:
    """What a node's own files, and the process of its runtime, say about how it pulls. Holds no credential."""

    node: str = ""
    runtime: str = ""  # "containerd 1.7.24", "cri-o 1.31.2"; empty where none was found
    running: str = ""  # yes, no; empty where nobody looked
    config_path: str = ""  # containerd's folder of hosts.toml; empty where config.toml names none
    proxies: tuple[tuple[str, str], ...] = ()  # variable, value: what the runtime's process has, without userinfo
    proxies_elsewhere: tuple[tuple[str, str, str], ...] = ()  # file, variable, value: what stands in files that it has not read
    nameservers: tuple[str, ...] = ()
    host_entries: tuple[tuple[str, str], ...] = ()  # address, name: what /etc/hosts says of the hosts of this pull
    space: tuple[tuple[str, int, int, int, int], ...] = ()  # path, bytes free, bytes, inodes free, inodes
    clock: str = ""  # RFC 3339


@dataclass(frozen=True, slots=True)
class FlawSeen:
    """Something in a node's configuration that stops its runtime, or that it passes over without an error in the pod."""

    kind: str  # "mirrors-beside-config-path", "tls-table-ignored", "proxy-quoted", …
    file: str  # as a path on the node
    words: str  # one sentence: what is wrong, and what follows from it
    stops: bool = False  # whether it stops pulls by itself
    repair: str = ""  # what to paste on the node


Fact: TypeAlias = (
    "Said | PodSeen | AccountSeen | SecretSeen | SecretAbsent | NodeSeen | HostsSeen | NodeConfigSeen | FlawSeen | Tried"
)


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of one failing pull."""

    pull: Pull
    facts: tuple[Fact, ...] = ()
    vantage: str = "paste"  # from where it was seen: paste, cluster, here, node np1-3, …


@dataclass(frozen=True, slots=True)
class Reading:
    """What an input holds: the failing pulls, and plain words on what else it is."""

    cases: tuple[Case, ...] = ()
    notes: tuple[str, ...] = ()  # "pod web-0 crash-loops: its image was pulled", one sentence each
    ask: tuple[str, ...] = ()  # the command whose output would show more
    seen: str = ""  # what it was taken for: "kubectl describe pod", "kubelet log", …


# ---------------------------------------------------------------- what one text says


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt's text, taken apart. `core` is what the catalogue's patterns are held against."""

    text: str  # verbatim
    core: str  # quotes unescaped, white space and newlines folded; no word is cut
    image: str = ""
    code: str = ""  # gRPC code: NotFound, Unavailable, …; empty where the kubelet stripped it
    host: str = ""  # the host that was spoken to, with its port if the text has one
    role: Role = ""  # what that host is to this pull
    own_host: str = ""  # the image's own registry host, normalised: registry-1.docker.io counts as docker.io
    url: str = ""  # the URL that failed, without its query values
    status: int = 0  # HTTP status of that host's answer
    sent: str = ""  # "yes" or "no" where the text shows whether credentials were sent
    by: str = ""  # who wrote it, where its shape tells: containerd, cri-o, docker, kubelet, …
    sandbox: bool = False  # the pause image


# ---------------------------------------------------------------- conclusions


@dataclass(frozen=True, slots=True)
class Fix:
    """Who can end it, and how."""

    who: str
    do: str = ""  # a sentence
    run: str = ""  # what to paste
    wait: str = ""  # how long until it works, and what else must be done


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause, how certain, because of what. `because` is never empty."""

    cause: str
    certainty: Certainty
    title: str
    because: tuple[str, ...]
    args: Mapping[str, str] = field(default_factory=dict)
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One root cause (or the few that fit), and all the pulls that it stops."""

    verdict: Verdict
    pull: Pull  # the one that is shown
    findings: tuple[Finding, ...]  # best first; at most three where undecided
    path: Mapping[str, StageState] = field(default_factory=dict)
    path_facts: Mapping[str, str] = field(
        default_factory=dict
    )  # stage → one line of what was seen: "registry.shop.example → 20.61.4.9"
    ask: tuple[str, ...] = ()  # the steps that decide
    vantage: str = "paste"
    count: int = 1  # pulls with this diagnosis
    pulls: tuple[Pull, ...] = ()  # all of them
    since: str = ""  # as the input has it
    said: str = ""  # the decisive text, verbatim
    notes: tuple[str, ...] = ()  # "your fix reaches this pod only when it is made anew", …

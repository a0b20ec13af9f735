"""Puts the user's own names into titles, fixes and questions. Pure."""

from __future__ import annotations

import re

from whypull.causes import catalogue
from whypull.lazy import regex
from whypull.model import Finding, Fix, NodeSeen, PodSeen
from whypull.proofs.injected_by_dynatrace import is_injected
from whypull.reference import InvalidReference, host_of, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from whypull.causes import FixLine
    from whypull.model import Case, Failure
    from whypull.proofs import Candidate

# What a sentence says where a name is not known; a command shows <name> instead.
_UNNAMED = {
    "host": "the registry", "registry": "the registry", "image": "the image", "node": "the node", "pod": "the pod",
    "repository": "the repository", "tag": "the tag", "namespace": "the namespace", "container": "the container",
    "secret": "the pull secret", "url_host": "the host", "address": "its address", "ip": "the node's outgoing address",
    "name": "the host", "port": "its port", "account": "the service account", "workload": "the workload",
}  # fmt: skip
_BLANKS = {"workload": "deployment/<name>"}  # what a command shows for a name that is not known, where <name> says too little
_FIELD = regex(r"(?<![%$])\{([a-z_]+)\}")  # not curl's %{http_code}, not a shell's ${name}
_TWICE = regex(r"\b(?:the )?(registry|image|node|pod|repository|namespace|container|tag) the \1\b")  # "the registry {registry}"
_PASTABLE = regex(r"[A-Za-z0-9._:/@%+=\[\]-]+")
MOST_FIXES = 6
# https://github.com/containerd/containerd/blob/main/docs/cri/config.md, https://github.com/cri-o/cri-o/blob/main/docs/crio.conf.5.md
_SANDBOX = Fix(
    who="whoever administers the nodes",
    do="{image} is the sandbox (pause) image: the runtime pulls it for every pod, by its own configuration and without any pull "
    "secret. Name one there that {node} can pull without a password (containerd: sandbox_image, since 2.0 pinned_images.sandbox; "
    "CRI-O: pause_image).",
    run="sudo grep -rlF '{image}' /etc/containerd /etc/crio 2>/dev/null \\\n"
    "  | xargs -r sudo sed -i 's#{image}#<image that is there>#'\n"
    "sudo systemctl restart containerd || sudo systemctl restart crio",
    wait="Pods that wait try again by themselves within a minute; running ones are not touched.",
)


def finding_of(candidate: Candidate, case: Case) -> Finding:
    """The finding of a candidate: its page's title and fixes, filled with what is known of this pull."""
    fields = fields_of(candidate, case)
    return Finding(
        cause=candidate.cause,
        certainty=candidate.certainty,
        title=sentence(catalogue()[candidate.cause].title, fields),
        because=_because(candidate),
        args={k: v for k, v in fields.items() if v},
        fixes=_all_fixes(candidate, case, fields)[:MOST_FIXES],
    )


def _all_fixes(candidate: Candidate, case: Case, fields: Mapping[str, str]) -> tuple[Fix, ...]:
    """What an argument found, then what the page has; of a sandbox image nothing that only the owner of a pod could do."""
    fixes = (*candidate.fixes, *_fixes(catalogue()[candidate.cause].fixes, fields, context(candidate.failure, case)))
    if case.pull.container != "sandbox" and not candidate.failure.sandbox:
        return fixes
    own = Fix(_SANDBOX.who, sentence(_SANDBOX.do, fields), command(_SANDBOX.run, fields), _SANDBOX.wait)
    theirs = tuple(fix for fix in fixes if " owns the " not in fix.who and "kubectl create secret" not in fix.run)
    return (own, *theirs) if candidate.stage in {"spec", "secret", "auth", "image"} else (*theirs, own)


def ask_for(chosen: Sequence[Candidate], case: Case) -> tuple[str, ...]:
    """The steps that decide between the chosen causes, each once; the way on where nothing is known."""
    steps: dict[str, None] = {}
    for candidate in chosen:
        decide = catalogue()[candidate.cause].decide
        if decide:
            steps.setdefault(command(decide, fields_of(candidate, case)))
    if not chosen:
        steps.setdefault(more_of(case))
    return tuple(steps)


def more_of(case: Case) -> str:
    """The command whose output says more about this pull."""
    pull = case.pull
    if pull.pod:
        return command("kubectl describe pod {pod} -n {namespace}", {"pod": pull.pod, "namespace": pull.namespace})
    return "kubectl describe pod <pod> -n <namespace>"


def _because(candidate: Candidate) -> tuple[str, ...]:
    sent = {
        "yes": "Credentials were sent: the runtime asked for an oauth token, not an anonymous one.",
        "no": "No credentials reached the runtime: it asked anonymously.",
    }.get(candidate.failure.sent)
    facts = candidate.because or ("Nothing in the input says more than that the pull fails.",)
    return (*facts, sent) if sent and candidate.stage in {"auth", "secret", "image"} else facts


def fields_of(candidate: Candidate, case: Case) -> dict[str, str]:
    """What titles and fixes may name: the pattern's groups, the pull, and the parts of its image reference."""
    failure, pull = candidate.failure, case.pull
    image = pull.image or failure.image
    host, url_host = _hosts(failure, image)
    fields = {
        "image": image,
        "host": host,
        "namespace": pull.namespace,
        "pod": pull.pod,
        "container": pull.container,
        "node": pull.node or next((f.name for f in case.facts if isinstance(f, NodeSeen)), ""),
        "url_host": url_host,
        "address": _address(failure.core),
        **_reference_parts(image),
    }
    pod = next((f for f in case.facts if isinstance(f, PodSeen)), None)
    if pod and pod.pull_secrets:
        fields["secret"] = pod.pull_secrets[0]
    if pod:
        fields["account"] = pod.service_account
        fields["workload"] = _workload(pod.owner)
    fields["registry"] = fields["host"].partition(".")[0] if fields["host"] else ""
    fields.update({k: v for k, v in candidate.args.items() if v})
    fields["name"], fields["port"] = _name_and_port(fields["url_host"], failure.url)
    return {k: v[:300] for k, v in fields.items()}


def scope_of(candidate: Candidate, case: Case) -> dict[str, str]:
    """Those of the fields by which pulls that the same cause stops are told apart: host, url_host and secret."""
    host, url_host = _hosts(candidate.failure, case.pull.image or candidate.failure.image)
    fields = {"host": host, "url_host": url_host}
    pod = next((f for f in case.facts if isinstance(f, PodSeen)), None)
    if pod and pod.pull_secrets:
        fields["secret"] = pod.pull_secrets[0]
    fields.update({k: v for k, v in candidate.args.items() if v and k in {"host", "url_host", "secret"}})
    return {k: v[:300] for k, v in fields.items()}


def _hosts(failure: Failure, image: str) -> tuple[str, str]:
    """The image's own registry host, and the host that failed."""
    host = (host_of(image) if image else "") or failure.own_host or failure.host
    return host, failure.host or (host if failure.role in {"registry", ""} else "")


def _workload(owner: str) -> str:
    """Owner as a PodSeen has it → what kubectl set image, patch and rollout restart take; empty for what they do not."""
    kind, _, name = owner.partition("/")
    return f"{kind.lower()}/{name}" if kind in {"Deployment", "StatefulSet", "DaemonSet"} and name else ""


def _name_and_port(host: str, url: str) -> tuple[str, str]:
    """What a tool that dials by itself is given: the host's own name (docker.io has another one) and its port."""
    if not host:
        return "", ""
    name, colon, port = host.rpartition(":")
    if not colon or port.endswith("]"):
        name, port = host, "80" if url.startswith("http://") else "443"
    return {"docker.io": "registry-1.docker.io"}.get(name, name), port


def _reference_parts(image: str) -> dict[str, str]:
    try:
        reference = parse(image)
    except InvalidReference:
        return {}
    return {"repository": reference.path, "tag": reference.tag or ("latest" if not reference.digest else "")}


def _address(core: str) -> str:
    found = re.search(r"dial (?:tcp|udp)6? \[?([0-9a-fA-F.:]+?)\]?:\d+|->\[?([0-9a-fA-F.:]+?)\]?:\d+", core)
    return (found[1] or found[2]) if found else ""


def phrase(template: str, fields: Mapping[str, str]) -> str:
    """Words for the middle of a sentence, with plain ones where a name is not known."""
    text = _FIELD.sub(lambda m: fields.get(m[1]) or _UNNAMED.get(m[1], f"<{m[1].replace('_', ' ')}>"), template)
    return _TWICE.sub(r"the \1", text)


def sentence(template: str, fields: Mapping[str, str]) -> str:
    """A title or advice, with plain words where a name is not known."""
    text = phrase(template, fields)
    return text[:1].upper() + text[1:] if text.startswith(("the ", "its ")) else text


def command(template: str, fields: Mapping[str, str]) -> str:
    """What can be pasted into a shell: a value with characters that a shell could act on stays a <name>."""

    def put(match: re.Match[str]) -> str:
        value = fields.get(match[1], "")
        return value if _PASTABLE.fullmatch(value) else _BLANKS.get(match[1]) or f"<{match[1].replace('_', ' ')}>"

    return _FIELD.sub(put, template)


def _fixes(lines: Sequence[FixLine], fields: Mapping[str, str], known: frozenset[str]) -> tuple[Fix, ...]:
    """The fixes that fit this registry, platform and runtime; those for others only where no better one is there."""
    fits = [line for line in lines if line.on and known & _tokens(line)]
    general = [line for line in lines if not line.on]
    unknown = [line for line in lines if line.on and not known & _tokens(line) and not _excluded(line, known)]
    chosen = [*fits, *general] or unknown
    return tuple(
        Fix(phrase(f.who, fields), sentence(f.do, fields), command(f.run, fields), sentence(f.wait, fields))
        for f in chosen[:MOST_FIXES]
    )


def _tokens(line: FixLine) -> frozenset[str]:
    return frozenset(part.strip() for part in line.on.split(","))


_KINDS = (
    frozenset({"containerd", "cri-o", "docker"}),
    frozenset({"aks", "eks", "gke", "openshift", "k3s", "rke2", "kind", "minikube", "talos", "bottlerocket", "windows"}),
)


def _excluded(line: FixLine, known: frozenset[str]) -> bool:
    """A fix for another runtime or platform than the one that is known."""
    tokens = _tokens(line)
    return any(known & kind and tokens & kind and not tokens & known for kind in _KINDS) or not any(
        tokens & kind for kind in _KINDS
    )


_REGISTRY_HOSTS = (
    ("ecr", (".dkr.ecr.", "public.ecr.aws", ".dkr-ecr.")),
    ("acr", (".azurecr.io", ".azurecr.cn", ".azurecr.us")),
    ("gar", ("-docker.pkg.dev", "docker.pkg.dev")),
    ("gcr", ("gcr.io",)),
    ("ghcr", ("ghcr.io", "docker.pkg.github.com")),
    ("dockerhub", ("docker.io",)),
    ("quay", ("quay.io", "quay.")),
    ("redhat", ("registry.redhat.io", "registry.access.redhat.com", "registry.connect.redhat.com")),
    ("gitlab", ("registry.gitlab.com", "gitlab")),
    ("harbor", ("harbor",)),
    ("artifactory", ("artifactory", ".jfrog.io")),
    ("nexus", ("nexus",)),
    ("mcr", ("mcr.microsoft.com",)),
    ("k8s", ("registry.k8s.io", "k8s.gcr.io")),
    ("dynatrace", (".live.dynatrace.com", ".dynatrace")),
    ("icr", (".icr.io", "icr.io")),
    ("ocir", (".ocir.io",)),
)
_PLATFORMS = (
    ("aks", ("azure://", "aks-")),
    ("eks", ("aws://", ".eks.", "eks")),
    ("gke", ("gce://", "gke-", "cos_containerd")),
    ("openshift", ("rhcos", "openshift", "red hat enterprise linux coreos")),
    ("k3s", ("+k3s", "k3s")),
    ("rke2", ("+rke2", "rke2")),
    ("kind", ("kind://", "-control-plane", "kind-")),
    ("minikube", ("minikube",)),
    ("talos", ("talos",)),
    ("bottlerocket", ("bottlerocket",)),
    ("windows", ("windows",)),
)


SERVER_ERROR = 500  # the first HTTP status that is the answering side's own fault


def context(failure: Failure, case: Case) -> frozenset[str]:
    """The registry, runtime and platform that this pull is known to meet, as the tokens of a fix's `on`.

    "answered": whoever failed was reached, and says that the fault is its own.
    """
    found: set[str] = {"answered"} if failure.status >= SERVER_ERROR else set()
    host = failure.own_host or failure.host or host_of(case.pull.image)
    found.update(name for name, marks in _REGISTRY_HOSTS if host and any(mark in host for mark in marks))
    if "gar" in found:
        found.discard("gcr")
    node = next((f for f in case.facts if isinstance(f, NodeSeen)), None)
    runtime = (node.runtime if node else "") or case.pull.runtime or failure.by
    found.update(name for name in ("containerd", "cri-o", "docker") if runtime.startswith(name))
    if node:
        words = f"{node.provider} {node.os_image} {node.kubelet} {node.name} {node.os}".lower()
        found.update(name for name, marks in _PLATFORMS if any(mark in words for mark in marks))
    elif case.pull.node.startswith(("aks-", "gke-", "minikube", "kind-")):
        found.add(case.pull.node.partition("-")[0])
    if is_injected(case):
        found.add("injected-by-dynatrace")
    return frozenset(found)

"""What stops Dynatrace's images: failing pulls seen through the eyes of who pulls, and settings that contradict each other."""

from __future__ import annotations

import re

from whypull.dynatrace import Trouble, remedies
from whypull.dynatrace.attribution import whose
from whypull.dynatrace.fitting import fits, goes_out, must_fit
from whypull.dynatrace.parts import mine
from whypull.dynatrace.settings import contradictions
from whypull.reference import host_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whypull.dynatrace import CsiPull, Download, DynaKube, Installation, Part, Puller
    from whypull.dynatrace.attribution import Whose
    from whypull.model import Diagnosis, Fix, SecretSeen

_REFUSED = frozenset({
    "auth.credentials-missing", "auth.credentials-rejected", "auth.token-expired", "auth.forbidden", "image.repository-not-found",
})  # fmt: skip
_PRIVATE = re.compile(r"10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|f[cd][0-9a-f]{2}:|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.")
_DOWNLOADS = {
    "proxy": "the proxy {proxy} that the DynaKube names cannot be used",
    "proxy-login": "the proxy that the DynaKube names wants other credentials",
    "authority": "the CA behind the certificate of {host} is not trusted: it is not among the DynaKube's trustedCAs",
    "certificate": "the certificate of {host} is not accepted",
    "name": "the name {host} is not known to the pod's resolver",
    "unreachable": "the tenant {host} cannot be reached from the pod",
    "token": "the tenant {host} refuses the token",
    "rights": "the tenant {host} does not let this token download (scope InstallerDownload)",
    "version": "the tenant {host} does not have the version that is asked for",
    "throttled": "the tenant {host} says that it is asked too often",
    "server": "the tenant {host} answers with an error of its own",
    "space": "there is no space left where it is unpacked",
    "unknown": "the log does not say why",
}


def troubles_of(
    dynakube: DynaKube | None,
    installed: Installation,
    parts: Sequence[Part],
    diagnoses: Sequence[Diagnosis],
    csi: Sequence[tuple[CsiPull, Diagnosis]],
    downloads: Sequence[Download],
) -> tuple[Trouble, ...]:
    """What is wrong with the parts of one DynaKube, the pulls that fail first."""
    found = [t for one in diagnoses if (t := of_kubelet(one, dynakube, installed, parts)) is not None]
    found += [of_csi(pull, one, dynakube, installed) for pull, one in csi]
    told = {cause for t in found for cause in t.causes}  # what a pull fails for is not said again as a setting
    found += [t for t in contradictions(dynakube, installed, parts) if not told & set(t.causes)]
    found += [of_download(one, dynakube) for one in downloads]
    return tuple(found)


def _is_refused(causes: tuple[str, ...]) -> bool:
    """Whether a registry wants other credentials, or hides what it has from these."""
    return bool(causes) and (causes[0].startswith("secret.") or causes[0] in _REFUSED)


def _finds_no_way(causes: tuple[str, ...]) -> bool:
    """Whether the registry was not reached on the direct way."""
    return bool(causes) and (causes[0].startswith("network.") or causes[0] in {"dns.no-such-host", "dns.timeout"})


# ---------------------------------------------------------------- pulled by the kubelet


def of_kubelet(one: Diagnosis, dynakube: DynaKube | None, installed: Installation, parts: Sequence[Part]) -> Trouble | None:
    """A pull of the kubelet's that fails, if it is one of Dynatrace's parts."""
    who = next((w for pull in (one.pull, *one.pulls) if (w := whose(pull, dynakube, installed, parts)) is not None), None)
    if who is None:
        return None
    causes, title = tuple(f.cause for f in one.findings), one.findings[0].title if one.findings else "it cannot be pulled"
    because = [f"The kubelet of {one.pull.node or 'each node'} pulls it, with the node's proxy and CA."]
    fixes: tuple[Fix, ...] = one.findings[0].fixes if one.findings else ()
    certainty = one.findings[0].certainty if one.findings else "possible"
    decide = next(iter(one.ask), "")
    if who.in_application:
        because += _in_application(one, who, installed)
        if _is_refused(causes):
            fixes = (_namespace_secret(one, who, dynakube), remedies.pause(dynakube, one.pull.namespace))
        else:
            fixes = (*fixes[:2], remedies.pause(dynakube, one.pull.namespace))
    elif _is_refused(causes):
        causes, because, fixes, title = _refused(one, causes, because, fixes, title, dynakube, installed)
        certainty = "likely" if causes[0] == "auth.token-expired" and certainty == "possible" else certainty
    if dynakube is not None and _finds_no_way(causes) and _may_need_proxy(one, dynakube):
        causes = ("proxy.not-configured", *causes)
        because.append(
            "The DynaKube names a proxy, for its own components: the kubelet's pull never uses it, and this one went straight to "
            f"{_host(one)}."
        )
        decide = "systemctl show containerd crio docker -p Environment on the node: no HTTPS_PROXY there confirms it."
        title = f"the proxy stands in the DynaKube only, and the nodes' runtime goes straight to {_host(one)}"
        certainty, fixes = "likely" if goes_out(_host(one), dynakube.host) else "possible", (remedies.node_proxy(), *fixes)
    if causes and causes[0] == "tls.unknown-authority" and dynakube is not None and dynakube.trusted_cas:
        because.append(
            f"trustedCAs ({dynakube.trusted_cas}) is for Dynatrace's own connections: the node's runtime does not see it."
        )
    affected = _affected(one, who, dynakube, installed)
    return Trouble(
        f"{who.label}: {_lower(title)}", who.part, "kubelet", causes, certainty, (*because, *_said(one)), fixes, decide, *affected
    )


def _may_need_proxy(one: Diagnosis, dynakube: DynaKube) -> bool:
    """Whether the way to this registry may be through the DynaKube's proxy: not to a private address, nor to an exempt host."""
    if not dynakube.has_proxy or any(part and part in _host(one) for part in dynakube.no_proxy.split(",")):
        return False
    address = one.findings[0].args.get("address", "") if one.findings else ""
    return not _PRIVATE.match(address)


def _in_application(one: Diagnosis, who: Whose, installed: Installation) -> Iterator[str]:
    injected = who.injected
    pod = one.pull.pod or "the pod"
    names = ", ".join(injected.pull_secrets) if injected and injected.pull_secrets else ""
    if injected is not None:
        yield (
            f"Pull secrets are those of the pod's own namespace: {pod} names {names}."
            if names
            else f"Pull secrets are those of the pod's own namespace: {pod} names none, and the webhook adds none."
        )
    label = installed.namespaces.get(one.pull.namespace)
    webhook = installed.webhook or "dynatrace-webhook"
    if label:
        yield f"The namespace's label dynakube.internal.dynatrace.com/instance={label} turned injection on; {webhook} added it."
    elif injected and injected.turned_on:
        yield f"The pod's annotation {injected.turned_on} asked for it; {webhook} added it."
    else:
        yield f"{webhook} added it when the pod was made."


def _namespace_secret(one: Diagnosis, who: Whose, dynakube: DynaKube | None) -> Fix:
    injected = who.injected
    own = injected.pull_secrets if injected else ()
    return remedies.secret_for_namespace(
        dynakube, one.pull.namespace, injected.account if injected else "", host_of(one.pull.image), own
    )


def _refused(
    one: Diagnosis, causes: tuple[str, ...], because: list[str], fixes: tuple[Fix, ...], title: str,
    dynakube: DynaKube | None, installed: Installation,
) -> tuple[tuple[str, ...], list[str], tuple[Fix, ...], str]:  # fmt: skip
    """A registry that refuses a pod of Dynatrace's own: the tenant's, or another with customPullSecret."""
    host = host_of(one.pull.image)
    if dynakube is not None and host == dynakube.host:
        return (*_tenant(one, causes, because, dynakube), (remedies.tenant_token(dynakube),), _tenant_title(host, dynakube))
    if dynakube is None:
        return causes, because, fixes, title
    cause, why = _custom(one.pull.image, dynakube, installed, "kubelet")
    if why:
        because.append(why)
    return (_first(cause, causes), because, (remedies.custom_secret(dynakube, host), *fixes[:1]), title)


def _tenant_title(host: str, dynakube: DynaKube) -> str:
    return f"the tenant's registry {host} refuses the credentials in {dynakube.tenant_secret}"


def _tenant(one: Diagnosis, causes: tuple[str, ...], because: list[str], dynakube: DynaKube) -> tuple[tuple[str, ...], list[str]]:
    because.append(f"{dynakube.tenant_secret} is written by the operator, from the tokens in the Secret {dynakube.tokens}.")
    tokens = next((c for c in dynakube.conditions if c[0] in {"Tokens", "APIToken", "PaaSToken"} and c[1] == "False"), None)
    words = f"{one.said} {tokens[3] if tokens else ''}".lower()
    if tokens is not None:
        because.append(f"The DynaKube's condition {tokens[0]} is False: {tokens[3] or tokens[2]}.")
    if "expire" in words:
        return _first("auth.token-expired", causes), because
    if "scope" in words:
        return _first("auth.forbidden", causes), because
    if tokens is not None:
        return ("auth.token-expired", "auth.credentials-rejected"), because
    return causes, because


def _custom(image: str, dynakube: DynaKube, installed: Installation, puller: Puller) -> tuple[str, str]:
    """What is wrong with customPullSecret for an image: a cause and a sentence, or two empty ones."""
    namespace, name = dynakube.namespace, dynakube.pull_secret
    if not name:
        return (
            "secret.not-attached",
            "The DynaKube names no customPullSecret, and the operator's own secret is for the tenant only.",
        )
    if (namespace, name) in installed.absent:
        return "secret.not-found", f"customPullSecret is {name}, and namespace {namespace} has no Secret of that name."
    seen = installed.secrets.get((namespace, name))
    if seen is None:
        return "", f"customPullSecret is {name}; nobody has looked into it."
    return _fitting(image, seen, puller)


def _fitting(image: str, seen: SecretSeen, puller: Puller) -> tuple[str, str]:
    if seen.problem or seen.ignored:
        return "secret.malformed", f"customPullSecret {seen.name} cannot be used: {seen.problem or seen.ignored}."
    if fits(image, seen, puller):
        return "", f"customPullSecret {seen.name} has an entry for {host_of(image)}: the registry got it and refuses it."
    if not must_fit(host_of(image), puller):
        return (
            "",
            f"customPullSecret {seen.name} has no entry for {host_of(image)}: nodes of that cloud have credentials of their own.",
        )
    keys = ", ".join(entry.key for entry in seen.entries[:4]) or "nothing"
    return "secret.registry-mismatch", f"customPullSecret {seen.name} has entries for {keys}, and none for {host_of(image)}."


# ---------------------------------------------------------------- pulled by the CSI driver


def of_csi(pull: CsiPull, one: Diagnosis, dynakube: DynaKube | None, installed: Installation) -> Trouble:
    """A pull of the CSI driver's that fails."""
    causes = tuple(f.cause for f in one.findings)
    title = one.findings[0].title if one.findings else "it cannot be pulled"
    certainty = one.findings[0].certainty if one.findings else "possible"
    host, stage = host_of(pull.image), causes[0].partition(".")[0] if causes else ""
    because = [
        "The CSI driver pulls it from its own pod: the DynaKube's proxy, trustedCAs and pull secrets count, not the node's."
    ]
    fixes: tuple[Fix, ...] = ()
    decide = remedies.troubleshoot(dynakube)
    if _is_refused(causes):
        fixes = (remedies.custom_secret(dynakube, host),)
        if dynakube is not None and host == dynakube.host:
            causes, because = _tenant(one, causes, because, dynakube)
            fixes, title = (remedies.tenant_token(dynakube),), _tenant_title(host, dynakube)
        elif dynakube is not None:
            cause, why = _custom(pull.image, dynakube, installed, "csi")
            because.append(why)
            sure = cause in {"secret.not-found", "secret.registry-mismatch", "secret.malformed"}
            causes, certainty = _first(cause, causes), "likely" if sure else certainty
            title = _secret_title(cause, host, dynakube) or title
    elif stage == "proxy":
        fixes = (remedies.own_proxy(dynakube),)
    elif stage == "tls":
        fixes = (remedies.own_trust(dynakube),)
    elif stage in {"network", "dns"}:
        fixes = remedies.own_network(dynakube, proxy=dynakube is None or not dynakube.has_proxy)
        nodes = _nodes_reach(host, installed)
        if nodes:
            because.append(nodes)
            decide = (
                decide
                or "kubectl get networkpolicies -A, and the nodes' HTTPS_PROXY: which of the two is between pod and registry?"
            )
    else:
        fixes = one.findings[0].fixes[:1] if one.findings else ()
    label = "The code modules image, which the CSI driver pulls"
    return Trouble(
        f"{label}: {_lower(_for_pod(title))}", "code modules", "csi", causes, certainty, (*because, *_said(one)), fixes, decide
    )


def _secret_title(cause: str, host: str, dynakube: DynaKube) -> str:
    return {
        "secret.not-found": f"customPullSecret {dynakube.pull_secret} does not exist in {dynakube.namespace}",
        "secret.registry-mismatch": f"customPullSecret {dynakube.pull_secret} has no entry for {host}",
        "secret.malformed": f"customPullSecret {dynakube.pull_secret} cannot be used",
        "secret.not-attached": f"{host} wants credentials, and the DynaKube names no customPullSecret",
    }.get(cause, "")


def _nodes_reach(host: str, installed: Installation) -> str:
    """A sentence where pods run on images of the same registry: the kubelet reaches it, so the host itself is up."""
    runs = [i for i in installed.injected if i.image and host_of(i.image) == host and not i.waits]
    if runs:
        node = runs[0].node or "a node"
        return f"The kubelet of {node} has pulled {runs[0].image} from {host}: nodes reach it, the CSI driver's pod does not."
    return ""


# ---------------------------------------------------------------- downloads


def of_download(one: Download, dynakube: DynaKube | None) -> Trouble:
    """A download that failed inside a container: its image was pulled."""
    named = {"host": one.host or "", "proxy": one.proxy or ""}
    words = " ".join(_DOWNLOADS[one.reason].format(**named).split())
    what = "the injection's own download" if one.component == "the injected init container" else f"{one.component}'s own download"
    if one.component == "the CSI driver":
        what = "the CSI driver's download of the code modules"
    because = ["No image pull fails here: the container that says this runs, so its image was pulled."]
    if one.hidden:
        because.append(
            "The container ends as if it had succeeded (failure policy silent): the application runs without monitoring."
        )
    return Trouble(
        f"The image pull is fine, {what} fails: {words}",
        "code modules" if one.component != "OneAgent" else "OneAgent",
        "download",
        (),
        "likely" if one.reason != "unknown" else "possible",
        (*because, f"It says: {one.words[:400]}"),
        remedies.for_download(one, dynakube),
    )


# ---------------------------------------------------------------- words


def _affected(one: Diagnosis, who: Whose, dynakube: DynaKube | None, installed: Installation) -> tuple[int, int]:
    """How many pods it hits, of how many that are injected."""
    if not who.in_application:
        return one.count, 0
    all_of_them = mine(dynakube, installed) if dynakube else installed.injected
    return one.count, max(len(all_of_them), one.count) if all_of_them else 0


def _first(cause: str, causes: tuple[str, ...]) -> tuple[str, ...]:
    return (cause, *(c for c in causes if c != cause)) if cause else causes


def _host(one: Diagnosis) -> str:
    return (one.findings[0].args.get("url_host") if one.findings else "") or host_of(one.pull.image) or "the registry"


def _said(one: Diagnosis) -> tuple[str, ...]:
    return (f"It says: {' '.join(one.said.split())[:400]}",) if one.said else ()


def _for_pod(title: str) -> str:
    """A title of a page speaks of the node; here a pod asks."""
    return (
        title.replace("the runtime on the node", "the CSI driver")
        .replace("The node ", "The CSI driver's pod ")
        .replace("the node", "its pod")
    )


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:] if title.startswith(("The ", "It ")) else title

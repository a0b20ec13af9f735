"""Settings of a DynaKube that contradict each other or what is there: told before a pull fails for them."""

from __future__ import annotations

from whypull.dynatrace import Trouble, remedies
from whypull.dynatrace.fitting import fits, must_fit
from whypull.model import Fix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whypull.dynatrace import DynaKube, Installation, Part


def contradictions(dynakube: DynaKube | None, installed: Installation, parts: Sequence[Part]) -> Iterator[Trouble]:
    """Each setting that cannot work as it stands."""
    if dynakube is None:
        return
    yield from _pull_secret(dynakube, installed, parts)
    yield from _tokens(dynakube, installed, parts)
    yield from _tenant_host(dynakube, parts)
    yield from _proxy(dynakube, installed)
    yield from _trust(dynakube, installed)


def _pull_secret(dynakube: DynaKube, installed: Installation, parts: Sequence[Part]) -> Iterator[Trouble]:
    """customPullSecret that is not there, cannot be read, or fits none of the images that it is for."""
    name, key = dynakube.pull_secret, (dynakube.namespace, dynakube.pull_secret)
    users = [p for p in parts if name and name in p.secrets and p.image and p.host != dynakube.host]
    if not name:
        return
    part = users[0].name if users else "OneAgent"
    puller = users[0].puller if users else "kubelet"
    fix = (remedies.custom_secret(dynakube, users[0].host if users else ""),)
    if key in installed.absent:
        elsewhere = sorted(ns for ns, other in installed.secrets if other == name and ns != dynakube.namespace)
        because = [f"Namespace {dynakube.namespace} has no Secret {name}."]
        because += [f"One is in {', '.join(elsewhere[:3])}; a secret of another namespace is not read."] if elsewhere else []
        what = f"customPullSecret {name} does not exist in {dynakube.namespace}"
        yield Trouble(what, part, puller, ("secret.not-found",), "likely", tuple(because), fix)
        return
    seen = installed.secrets.get(key)
    if seen is None:
        return
    if seen.problem or seen.ignored:
        what = f"customPullSecret {name} cannot be used"
        yield Trouble(what, part, puller, ("secret.malformed",), "likely", (seen.problem or seen.ignored,), fix)
        return
    lost = [p for p in users if must_fit(p.host, p.puller) and not fits(p.image, seen, p.puller)]
    if lost and len(lost) == len(users):
        keys = ", ".join(e.key for e in seen.entries[:4]) or "nothing"
        because = [f"It has entries for {keys}; the images come from {', '.join(dict.fromkeys(p.host for p in lost))}."]
        what = f"customPullSecret {name} has no entry for {lost[0].host}"
        yield Trouble(what, lost[0].name, lost[0].puller, ("secret.registry-mismatch",), "possible", tuple(because), fix)


def _tokens(dynakube: DynaKube, installed: Installation, parts: Sequence[Part]) -> Iterator[Trouble]:
    """The tenant's tokens do not verify: the pull secret that is made of them will not do either."""
    for kind, status, _, message in dynakube.conditions:
        if kind in {"Tokens", "APIToken", "PaaSToken"} and status == "False":
            uses = [p for p in parts if p.host == dynakube.host and p.puller in {"kubelet", "csi"}]
            cause = "auth.forbidden" if "scope" in message.lower() else "auth.token-expired"
            causes: tuple[str, ...] = (cause,) if cause == "auth.forbidden" else (cause, "auth.credentials-rejected")
            what = f"The tenant {dynakube.host} does not accept the tokens in the Secret {dynakube.tokens}"
            because = (
                f"The DynaKube's condition {kind} is False: {message}.",
                f"{dynakube.tenant_secret} is written from them"
                + (f"; it is what {_names(uses)} from {dynakube.host} are pulled with." if uses else "."),
            )
            part = uses[0].name if uses else "operator"
            yield Trouble(what, part, "kubelet", causes, "likely", because, (remedies.tenant_token(dynakube),))
            return
    key = (dynakube.namespace, dynakube.tenant_secret)
    uses = [p for p in parts if p.host == dynakube.host and dynakube.tenant_secret in p.secrets]
    if uses and key in installed.absent:
        what = f"The pull secret {dynakube.tenant_secret} of the tenant's registry does not exist"
        why = (f"{_names(uses)} are pulled from {dynakube.host} with it. The operator writes it when it reaches the tenant.",)
        yield Trouble(what, uses[0].name, "kubelet", ("secret.not-found",), "likely", why, (remedies.tenant_token(dynakube),))


def _names(parts: Sequence[Part]) -> str:
    return " and ".join(dict.fromkeys(p.name for p in parts))


def _tenant_host(dynakube: DynaKube, parts: Sequence[Part]) -> Iterator[Trouble]:
    """An apiUrl of the third generation has no image registry."""
    uses = [p for p in parts if p.host == dynakube.host and p.puller == "kubelet"]
    if ".apps." in dynakube.host and uses:
        what = f"{dynakube.host} serves no images: {_names(uses)} cannot come from there"
        fix = Fix(
            remedies.ADMIN,
            "Name the tenant's live address (https://<id>.live.dynatrace.com/api) as apiUrl, or images of a public or private "
            "registry. apiUrl cannot be changed in an existing DynaKube: make a new one.",
        )
        because = ("Tenant registries exist at the second generation's addresses only.",)
        yield Trouble(what, uses[0].name, "kubelet", ("registry.not-a-registry",), "likely", because, (fix,))


def _proxy(dynakube: DynaKube, installed: Installation) -> Iterator[Trouble]:
    """The proxy's secret is not there, or its value is none that Dynatrace can use."""
    name, key = dynakube.proxy_secret, (dynakube.namespace, dynakube.proxy_secret)
    if not name:
        return
    seen, fault = installed.secrets.get(key), installed.proxy_forms.get(key, "")
    if key in installed.absent:
        what, because = (
            f"The proxy's Secret {name} does not exist in {dynakube.namespace}",
            "The DynaKube names it as proxy.valueFrom.",
        )
    elif seen is not None and seen.keys and "proxy" not in seen.keys:
        what, because = f"The proxy's Secret {name} has no key proxy", f"Its keys are {', '.join(seen.keys[:5])}."
    elif fault:
        what, because = f"The proxy in the Secret {name} cannot be used", f"As a proxy's URL, {fault}."
    else:
        return
    yield Trouble(what, "CSI driver", "csi", ("proxy.misconfigured",), "likely", (because,), (remedies.own_proxy(dynakube),))


def _trust(dynakube: DynaKube, installed: Installation) -> Iterator[Trouble]:
    """The ConfigMap of the CAs has not the key that is read."""
    key = (dynakube.namespace, dynakube.trusted_cas)
    if not dynakube.trusted_cas or key not in installed.keys or "certs" in installed.keys[key]:
        return
    what = f"The ConfigMap {dynakube.trusted_cas} (trustedCAs) has no key certs"
    because = (f"Its keys are {', '.join(installed.keys[key][:5]) or 'none'}; only certs is read.",)
    yield Trouble(what, "CSI driver", "csi", ("tls.unknown-authority",), "likely", because, (remedies.own_trust(dynakube),))

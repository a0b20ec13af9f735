"""Whose a pull of Dynatrace's is, and who pulls it: no argument for a cause, but what every one of them is read with."""

from __future__ import annotations

from whypull.model import PodSeen, Said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Case

ARGUMENTS = ()
CSI = "dynatrace-csi"  # who said it: the log of the CSI driver's provisioner
_OWN = {
    "dynatrace-oneagent": "OneAgent", "activegate": "the ActiveGate", "codemodule-download": "the Job that loads code modules",
    "provisioner": "the CSI driver", "csi-init": "the CSI driver", "webhook-cert-generator": "the operator",
}  # fmt: skip


def is_injected(case: Case) -> bool:
    """Whether Dynatrace's webhook added the container: the pod's object shows it, or name and image do."""
    pod = next((f for f in case.facts if isinstance(f, PodSeen)), None)
    if pod is not None and pod.injected_by:
        return pod.injected_by == "Dynatrace"
    pull = case.pull
    if not _names_it(case):
        return False
    from whypull.dynatrace.injection import is_injected as two_signs  # noqa: PLC0415 - hardly a pull is Dynatrace's

    return pull.namespace != "dynatrace" and pull.container not in _OWN and two_signs(pull.container, pull.image)


def remarks(case: Case) -> tuple[str, ...]:
    """Sentences on who pulls this and which secret, proxy and CA count; none where it is not Dynatrace's."""
    pull = case.pull
    if any(f.by == CSI for f in case.facts if isinstance(f, Said)):
        return (f"{_BY_CSI} With the DynaKubes beside this log: whypull dynatrace FILE….",)
    if is_injected(case):
        where = f"namespace {pull.namespace}" if pull.namespace else "the pod's own namespace"
        container = pull.container or "that fails"
        added = f"Dynatrace's webhook added the container {container}, not the pod's author."
        pulled = f"The kubelet pulls it with the pull secrets of {where}, and the node's proxy and CA. {_NOT_ADDED}"
        scope = f" -n {pull.namespace}" if pull.namespace else ""
        return (f"{added} {pulled}", _turned_on(case), f"Who pulls which of Dynatrace's images: whypull dynatrace{scope}.")
    if pull.container in _OWN and _names_it(case):
        return (f"This is {_OWN[pull.container]} of Dynatrace. {_BY_KUBELET} All of them: whypull dynatrace.",)
    return ()


_BY_CSI = (
    "Dynatrace's CSI driver pulled this from its own pod, not the kubelet: the DynaKube's customPullSecret, proxy and "
    "trustedCAs count, the node's do not."
)
_BY_KUBELET = (
    "The kubelet pulls it: the DynaKube's proxy and trustedCAs do not count for that, only the node's, and the secrets that "
    "this pod names."
)
_NOT_ADDED = "The webhook adds no secret, and what the DynaKube names does not count here."
_LABEL = (
    'The namespace\'s label dynakube.internal.dynatrace.com/instance turned it on; dynatrace.com/inject: "false" among the '
    "annotations of a pod's template keeps it out."
)


def _turned_on(case: Case) -> str:
    """What asked for the injection, as far as the pod shows."""
    pod = next((f for f in case.facts if isinstance(f, PodSeen)), None)
    asked = [f"{k}: {v}" for k, v in (pod.annotations if pod else ()) if k.endswith("dynatrace.com/inject")]
    return f"The pod's annotation {asked[0]} asked for it." if asked else _LABEL


def _names_it(case: Case) -> bool:
    words = f"{case.pull.container} {case.pull.image}"
    return "dynatrace" in words or "oneagent" in words or "codemodules" in words

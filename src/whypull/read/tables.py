"""`kubectl get pods`: states without reasons, so the answer is which command to paste next."""

from __future__ import annotations

from whypull.lazy import regex
from whypull.model import Pull, Said
from whypull.read.event import STATES
from whypull.read.instead import of_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.read.gather import Gathered

MOST_ASKED = 3  # commands that are asked for

_POD = regex(
    r"\s*(?:(?P<namespace>[a-z0-9][a-z0-9-]{0,62})\s+)?(?:pod/|po/)?(?P<name>[a-z0-9][a-z0-9.-]{0,252})\s+(?P<ready>\d{1,3}/\d{1,3})\s+"
    r"(?P<status>[A-Z][\w:/.-]{2,60})\s+(?P<restarts>\d{1,7}(?:\s\([^)]{1,40}\))?)\s+(?P<age><\w+>|\d+[smhdy]\S{0,12})"
    r"(?:\s+(?P<ip><none>|[0-9a-fA-F.:]{3,45})\s+(?P<node>\S{1,253}))?"
)
_HEADER = regex(r"\s*(?:NAMESPACE\s+)?NAME\s+READY\s+STATUS\b")
_OTHER_HEADER = regex(r"\s*(?:NAMESPACE\s+)?NAME\s+(?:[A-Z][A-Z-]{1,30}(?:\([A-Z]\))?\s+){1,12}AGE\b")


def is_header(line: str) -> bool:
    """Whether a line is the header of a table of objects: it says nothing itself."""
    return bool(_HEADER.match(line) or _OTHER_HEADER.match(line))


def take_pod_row(line: str, into: Gathered, namespace: str = "") -> bool:
    """Adds what one row of `kubectl get pods` says. False for a line that is none."""
    found = _POD.match(line)
    if found is None:
        return False
    namespace = found["namespace"] or namespace
    state = found["status"].removeprefix("Init:")
    if state in STATES:
        node = found["node"] if found["node"] not in {None, "<none>"} else ""
        pull = Pull(namespace=namespace, pod=found["name"], node=node or "")
        into.hear(pull, Said("", by="kubelet", via="status", reason=state, last=found["age"]))
        if len(into.asks) < MOST_ASKED:
            into.ask(f"kubectl describe pod {found['name']}" + (f" -n {namespace}" if namespace else ""))
        return True
    sentence = of_state(state, f"pod {found['name']}")
    if sentence:
        into.note(sentence)
    return True

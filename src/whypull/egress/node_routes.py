"""A node's own routes: what to run there, and what its answer says. Nothing is sent by it, unless an echo service is named. Pure.

https://man7.org/linux/man-pages/man8/ip-route.8.html; the answers of iproute2 and of busybox are read alike.
"""

from __future__ import annotations

import re
import shlex

from whypull.addresses import kind
from whypull.egress.nets import valid
from whypull.probe.proxy_rules import shown
from whypull.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MARK = "whypull-part"
ANY = ("198.51.100.1", "2001:db8::1")  # where no registry is named: any address that only a default route leads to
_PROXY = (
    'for p in /proc/[0-9]*; do case "$(cat $p/comm 2>/dev/null)" in containerd|crio|dockerd|k3s-server|k3s-agent|rke2) '
    "tr '\\0' '\\n' <$p/environ 2>/dev/null | grep -iE '^(https?|no)_proxy=' | sed 's#://[^/@]*@#://#';; esac; done"
)
_USUAL_RULES = re.compile(r"^(?:0:\s+from all lookup local|32766:\s+from all lookup main|32767:\s+from all lookup default)\s*$")


@dataclass(frozen=True, slots=True)
class Route:
    """By which way one address is reached."""

    to: str
    source: str = ""
    gateway: str = ""
    device: str = ""
    problem: str = ""  # "Network is unreachable"


@dataclass(frozen=True, slots=True)
class NodeWays:
    """What one node says of its ways out."""

    node: str
    routes: tuple[Route, ...] = ()
    defaults: tuple[str, ...] = ()  # the default routes, as printed
    rules: tuple[str, ...] = ()  # policy rules beyond those that every Linux has
    proxy: str = ""  # HTTPS_PROXY of the runtime's process, without userinfo
    no_proxy: str = ""
    echoed: tuple[str, ...] = ()  # what an echo service says that it saw
    problems: tuple[str, ...] = ()


def script(targets: Sequence[str], echo: str = "") -> str:
    """What to run by the node's sh. `targets` are addresses; an echo service is asked only where its URL is given."""
    parts = [
        ("node", "cat /proc/sys/kernel/hostname"),
        ("default", "ip route show default; ip -6 route show default"),
        ("rule", "ip rule show"),
        *((f"get {t}", f"ip {'-6 ' if ':' in t else ''}route get {t}") for t in (*targets, *_families_left(targets)) if kind(t)),
        ("proxy", _PROXY),
    ]
    if echo:
        for family in ("4", "6"):
            url = shlex.quote(echo)
            parts.append(
                (
                    f"echo {family}",
                    f"curl -{family} -sS -m 10 {url} || wget -qO- -T 10 {url}" if family == "4" else f"curl -6 -sS -m 10 {url}",
                )
            )
    return "\n".join(f"echo '{MARK} {name}'; {{ {command}; }} 2>&1" for name, command in parts) + "\ntrue"


def _families_left(targets: Iterable[str]) -> list[str]:
    """An address of each family that no target has."""
    versions = {":" in target for target in targets}
    return [one for one in ANY if (":" in one) not in versions]


def read(node: str, output: str) -> NodeWays:
    """What a node answered. Without a name it is called what it calls itself."""
    parts: dict[str, str] = {}
    name = ""
    for line in output.splitlines():
        if line.startswith(MARK + " "):
            name = line.removeprefix(MARK + " ").strip()
            parts[name] = ""
        elif name:
            parts[name] += line + "\n"
    routes = tuple(_route(name.removeprefix("get "), text) for name, text in parts.items() if name.startswith("get "))
    proxies = dict(line.partition("=")[::2] for line in parts.get("proxy", "").splitlines() if "=" in line)
    low = {key.lower(): value for key, value in proxies.items()}
    echoed = [found for name, text in parts.items() if name.startswith("echo ") and (found := _echoed(text))]
    problems = [
        f"the echo service gave no address over IPv{name[-1]}: {' '.join(text.split())[:120] or 'nothing'}"
        for name, text in parts.items()
        if name.startswith("echo ") and not _echoed(text)
    ]
    return NodeWays(
        node or parts.get("node", "").strip()[:253],
        routes,
        tuple(line.strip() for line in parts.get("default", "").splitlines() if line.strip().startswith("default")),
        tuple(
            line.strip()
            for line in parts.get("rule", "").splitlines()
            if re.match(r"\d+:", line) and not _USUAL_RULES.match(line)
        ),
        shown(low.get("https_proxy", "")),
        low.get("no_proxy", ""),
        tuple(dict.fromkeys(echoed)),
        tuple(problems),
    )


def _route(to: str, text: str) -> Route:
    words = text.split()
    line = " ".join(words)
    fields = {key: words[i + 1] for i, key in enumerate(words[:-1]) if key in {"src", "via", "dev", "from"}}
    if "src" not in fields and "dev" not in fields:
        found = re.search(r"(?i)network is unreachable|no route to host|unreachable|prohibited|not found", line)
        return Route(to, problem=found[0] if found else line[:120] or "no answer")
    source = fields.get("src", "")
    return Route(to, source if kind(source) else "", fields.get("via", ""), fields.get("dev", ""))


def _echoed(text: str) -> str:
    """The one address in an echo service's answer; empty where there is none or several."""
    found = {valid(word.strip(".")) for word in re.findall(r"[0-9A-Fa-f:.]{3,45}", text[:4096])} - {""}
    return found.pop() if len(found) == 1 else ""

"""The third question: what is printed is done, and then the real pull has to succeed.

On the node its commands are run to the letter, with the blanks filled in that only its administrator knows (which proxy, which
password, the CA's file). What it asks of others is done by the lab's hands, once it asked for it.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
import time

from lab import services
from lab.node import SKOPEO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.faults import Fault
    from lab.scene import Scene
    from whypull.model import Diagnosis, Finding, Fix

PATIENCE = 8.0  # seconds
LATER = re.compile(
    r": lookup |proxyconnect|Internal Server Error|Service Unavailable"
)  # what goes away by itself once it is mended
MOST_TRIES = 3  # fixes that a person would go through
_EDIT = re.compile(r"^(?P<before>.*?)systemctl edit (?P<unit>[\w@.-]+)\s*#(?P<comment>.*)$")
_ASSIGNMENT = re.compile(r'Environment="(?P<pair>[^"]+)"')


def heal(scene: Scene, fault: Fault, one: Diagnosis) -> tuple[str, str]:
    """("healed", how) where the pull succeeds after the printed fix; else ("not", why)."""
    if not one.findings:
        return "not", "nothing was named, so nothing was printed"
    finding = one.findings[0]
    fixes = [f for f in finding.fixes if f.do or f.run]
    if not fixes:
        return "not", f"{finding.cause} prints no fix"
    missing = [scene.filled(words) for words in fault.asks if scene.filled(words) not in _printed(finding)]
    if missing:
        return "not", f"the fix of {finding.cause} does not name {missing[0]}"
    return {"printed": _on_the_node, "secret": _secret, "reference": _reference, "asked": _asked}[fault.how](
        scene, fault, finding
    )


def _printed(finding: Finding) -> str:
    return "\n".join((finding.title, *finding.because, *(f"{f.do}\n{f.run}" for f in finding.fixes)))


def _asked(scene: Scene, fault: Fault, finding: Finding) -> tuple[str, str]:
    """The world does what was asked; what only a person can decide on the node is done by hand too."""
    if fault.mend:
        scene.lay(dataclasses.replace(scene.world, **fault.mend))
    if fault.by_hand:
        scene.node.run(scene.filled(fault.by_hand))
    return _pulls(scene, "as asked")


def _reference(scene: Scene, fault: Fault, finding: Finding) -> tuple[str, str]:
    scene.image = scene.filled(fault.right)
    return _pulls(scene, f"as {scene.image}")


def _secret(scene: Scene, fault: Fault, finding: Finding) -> tuple[str, str]:
    """The printed kubectl create secret …, with the right user and password, for the host that it names."""
    for fix in finding.fixes:
        found = re.search(r"--docker-server[= ](\S+)", fix.run)
        if found and found[1].strip("'\"") == scene.image.partition("/")[0]:
            scene.account = "right"
            return _pulls(scene, "by the printed secret")
        if "imagePullSecrets" in fix.run and fault.client.secret == "not attached":
            scene.account = "right"
            return _pulls(scene, "by the printed patch")
    return "not", "no printed command makes a secret for this host"


def _on_the_node(scene: Scene, fault: Fault, finding: Finding) -> tuple[str, str]:
    """Each printed block for the node, one after the other, until the pull succeeds."""
    why = f"{finding.cause} prints no command for the node"
    for number, fix in enumerate(list(_blocks(finding))[:MOST_TRIES], 1):
        done = scene.node.run("cd /root\n" + _literal(scene, fix.run))
        healed, _ = _pulls(scene, "")
        if healed == "healed":
            return healed, f"by printed fix {number}"
        why = f"{finding.cause}: after printed fix {number} the pull still fails ({done.stderr.strip()[-200:]})"
    return "not", why


def _blocks(finding: Finding) -> Iterator[Fix]:
    return (f for f in finding.fixes if f.run and ("node" in f.who or "runtime" in f.who))


def _literal(scene: Scene, run: str) -> str:
    """A printed block with its blanks filled in; an editor that it opens is given what its comment says to write."""
    lines = []
    for raw in run.splitlines():
        line = _filled(scene, raw)
        edit = _EDIT.match(line)
        pairs = _ASSIGNMENT.findall(edit["comment"]) if edit else []
        if edit and pairs:
            folder = f"/etc/systemd/system/{edit['unit']}.service.d"
            text = "[Service]\n" + "".join(f'Environment="{pair}"\n' for pair in pairs)
            line = f"mkdir -p {folder} && printf %s {shlex.quote(text)} > {folder}/override.conf"
        lines.append(line)
    return "\n".join(lines)


def _filled(scene: Scene, line: str) -> str:
    if scene.version == SKOPEO:  # "# or crio", say the comments
        line = re.sub(r"(systemctl (?:edit|restart) |/system/)containerd", r"\1crio", line).replace("u=containerd", "u=crio")
    proxy = services.PROXY_NAMES["password" if "<password>" in line else "open"]
    line = line.replace("<user>:<password>", f"{services.PROXY_USER}:{services.PROXY_PASSWORD}")
    line = line.replace("<user>", services.PROXY_USER).replace("<password>", services.PROXY_PASSWORD)
    return line.replace("proxy.example:3128", f"{proxy}:3128").replace("<proxy>:<port>", f"{proxy}:3128")


def _pulls(scene: Scene, how: str) -> tuple[str, str]:
    """The pull, as the kubelet tries it again: Go reads resolv.conf anew every 5 s, squid looks for its parent again."""
    pulled = scene.pull()
    until = time.monotonic() + PATIENCE
    while not pulled.ok and LATER.search(pulled.text) and time.monotonic() < until:
        time.sleep(1)
        pulled = scene.pull()
    return ("healed", how) if pulled.ok else ("not", f"{how}: {pulled.text[-300:]}")

"""The allow-list of a registry, from end to end: which address is missing on it, and that the pull works once it is there."""

from __future__ import annotations

import dataclasses
import pathlib

from cluster.real.asking import HOME
from cluster.real.bed import GATEWAY
from lab.serving import At, http
from whypull.demo.http import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cluster.real.asking import Shell
    from cluster.real.place import Place

NODES = ("np1-1", "np1-2", "np3-2")  # one of them goes out by an address of its own
ECHO, ECHO_ADDRESS = "echo.shop.test", "198.18.0.60"


def asked(place: Place, shell: Shell) -> dict[str, Any]:
    """What whypull egress says before and after the registry's side has let the missing address in, and verify."""
    place.bed.services.name({ECHO: ECHO_ADDRESS}, "echo")
    place.bed.services.reread_names()
    path = pathlib.Path(HOME, "allowed.txt")
    path.write_text(f"# who may pull\n{GATEWAY}/32\n", encoding="ascii")
    with At(http(lambda visitor: Answer(200, f"{visitor.address}\n".encode(), kind="text/plain")), None, ECHO_ADDRESS, 80):
        routes = _egress(shell, path)
        before = _egress(shell, path, "--echo", f"http://{ECHO}/")
        refused = shell.whypull("verify", "pod/api", "-n", place.namespace)
        place.lay(dataclasses.replace(place.world, allowed="node"))
        path.write_text(f"{GATEWAY}/32\n{place.node.seen_as}\n", encoding="ascii")
        after = _egress(shell, path, "--echo", f"http://{ECHO}/")
    let_in = shell.whypull("verify", "pod/api", "-n", place.namespace)
    return {
        "gateway": GATEWAY, "own": place.node.seen_as, "inside": place.node.address, "routes": routes, "before": before,
        "refused": [refused.code, refused.out], "after": after, "let in": [let_in.code, let_in.out],
    }  # fmt: skip


def _egress(shell: Shell, path: pathlib.Path, *more: str) -> dict[str, Any]:
    """Code and document of whypull egress from three nodes, held against the list."""
    nodes = [word for name in NODES for word in ("--node", name)]
    ran = shell.whypull("egress", "--from", "node", *nodes, "--yes", "--no-cloud", "--allow-list", str(path), "-o", "json", *more)
    return {"code": ran.code, "json": ran.document, "err": ran.err[-500:]}

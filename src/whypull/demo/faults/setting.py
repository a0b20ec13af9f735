"""What several faults are set into: a private registry with its token service, a proxy, Docker Hub."""

from __future__ import annotations

from whypull.demo.registry import token_service
from whypull.demo.stage import HOST, PROXY_HOST, PROXY_PORT, TOKEN_HOST, Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from whypull.demo.listener import Serve


def private(stage: Stage, service: Any = None, **faults: Any) -> None:
    """A registry with Bearer authentication, its token service, and the right password."""
    stage.https(TOKEN_HOST, service or token_service())
    stage.serve_registry(auth="bearer", realm=f"https://{TOKEN_HOST}/token", **faults)
    stage.with_credentials = True


def behind_proxy(stage: Stage, serve: Serve) -> None:
    """The runtime is told of a proxy."""
    stage.listen(PROXY_HOST, serve, port=PROXY_PORT)
    stage.https_proxy = f"http://{PROXY_HOST}:{PROXY_PORT}"


def routes(stage: Stage) -> dict[str, int]:
    """What a proxy of this stage lets through: the registry."""
    return {f"{HOST}:443": stage.ports[HOST]}

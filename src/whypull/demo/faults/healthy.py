"""Nothing is broken, in several ways."""

from __future__ import annotations

from whypull.demo.faults import fault
from whypull.demo.faults.setting import behind_proxy, private
from whypull.demo.proxy import proxy
from whypull.demo.registry import storage, token_service
from whypull.demo.stage import ADDRESSES, HOST, MIRROR_HOST, SIX, STORAGE_HOST, TOKEN_HOST, Stage


@fault("")
def healthy(stage: Stage) -> None:
    """Everything works, without credentials."""
    stage.serve_registry()


@fault("")
def healthy_with_token(stage: Stage) -> None:
    """A private repository, a token service on a host of its own, and the right password."""
    private(stage)


@fault("")
def healthy_with_basic(stage: Stage) -> None:
    """A registry that asks for Basic, and the right password."""
    stage.serve_registry(auth="basic")
    stage.with_credentials = True


@fault("")
def healthy_for_everybody(stage: Stage) -> None:
    """A public repository behind a token service, and nobody's credentials."""
    private(stage, token_service(public=True))
    stage.with_credentials = False


@fault("")
def healthy_through_proxy(stage: Stage) -> None:
    """The registry behind a proxy that lets it through."""
    stage.serve_registry()
    behind_proxy(stage, proxy({f"{HOST}:443": stage.ports[HOST]}))


@fault("")
def healthy_past_the_proxy(stage: Stage) -> None:
    """NO_PROXY keeps the registry from a proxy that would refuse it."""
    stage.serve_registry()
    behind_proxy(stage, proxy({}))
    stage.no_proxy = "10.0.0.0/8,.shop.test"


@fault("")
def healthy_with_storage_elsewhere(stage: Stage) -> None:
    """Layers come from another host."""
    registry = stage.serve_registry(redirect_blobs=f"https://{STORAGE_HOST}")
    stage.https(STORAGE_HOST, storage(registry))


@fault("")
def healthy_beside_dead_ipv6(stage: Stage) -> None:
    """The name has an IPv6 address that nobody answers at, and IPv4 works."""
    stage.serve_registry()
    stage.names[HOST] = (SIX, ADDRESSES[HOST])
    stage.cut_off(SIX)


@fault("")
def healthy_with_the_second_credential(stage: Stage) -> None:
    """Asked for credentials at the manifest only, as some registries do."""
    stage.https(TOKEN_HOST, token_service())
    stage.serve_registry(auth="bearer", realm=f"https://{TOKEN_HOST}/token", open_door=True)
    stage.with_credentials = True


@fault("")
def healthy_through_a_mirror(stage: Stage) -> None:
    """The mirror has it, and the registry is never asked."""
    registry = stage.serve_registry()
    stage.https(MIRROR_HOST, registry)
    stage.drop(HOST)
    stage.certs_d = {f"{HOST}/hosts.toml": f'[host."https://{MIRROR_HOST}"]\n'}


@fault("")
def healthy_although_the_mirror_is_down(stage: Stage) -> None:
    """The mirror refuses, and the registry itself answers."""
    stage.serve_registry()
    stage.certs_d = {f"{HOST}/hosts.toml": f'[host."https://{MIRROR_HOST}"]\n'}

"""The proxy between the node and the registry."""

from __future__ import annotations

from whypull.demo import listener
from whypull.demo.authority import Authority
from whypull.demo.faults import fault
from whypull.demo.faults.setting import behind_proxy, routes
from whypull.demo.http import Answer
from whypull.demo.proxy import proxy
from whypull.demo.stage import HOST, PROXY_HOST, PROXY_PORT, Stage


@fault("proxy.not-configured")
def runtime_knows_no_proxy(stage: Stage) -> None:
    """The site is left through a proxy only, and the runtime is not told of it."""
    stage.serve_registry()
    stage.listen(PROXY_HOST, proxy(routes(stage)), port=PROXY_PORT)
    stage.drop(HOST)
    stage.known_proxy = f"http://{PROXY_HOST}:{PROXY_PORT}"


@fault("proxy.unreachable")
def proxy_is_down(stage: Stage) -> None:
    """Nothing listens on the proxy's port."""
    stage.serve_registry()
    stage.https_proxy = f"http://{PROXY_HOST}:{PROXY_PORT}"


@fault("proxy.unreachable")
def proxy_has_no_address(stage: Stage) -> None:
    """The proxy's name does not resolve."""
    stage.serve_registry()
    stage.names[PROXY_HOST] = "NXDOMAIN"
    stage.https_proxy = f"http://{PROXY_HOST}:{PROXY_PORT}"


@fault("proxy.misconfigured")
def proxy_with_the_wrong_scheme(stage: Stage) -> None:
    """https:// for a proxy that speaks HTTP."""
    stage.serve_registry()
    behind_proxy(stage, proxy({}))
    stage.https_proxy = stage.https_proxy.replace("http://", "https://")


@fault("proxy.misconfigured")
def proxy_that_speaks_tls(stage: Stage) -> None:
    """http:// for a proxy that speaks TLS."""
    stage.serve_registry()
    stage.listen(PROXY_HOST, proxy({}), stage.ca().context(stage.ca().server([PROXY_HOST])), port=PROXY_PORT)
    stage.https_proxy = f"http://{PROXY_HOST}:{PROXY_PORT}"


@fault("proxy.misconfigured")
def proxy_password_with_a_hash(stage: Stage) -> None:
    """A # in the password makes "http" the proxy's host."""
    stage.serve_registry()
    stage.https_proxy = f"http://shop:ab#cd@{PROXY_HOST}:{PROXY_PORT}"


@fault("proxy.auth-required")
def proxy_wants_a_password(stage: Stage) -> None:
    """407."""
    stage.serve_registry()
    behind_proxy(stage, proxy({}, account=("u", "p")))


@fault("proxy.denied")
def proxy_refuses(stage: Stage) -> None:
    """403 to CONNECT; the registry cannot be reached without it either."""
    stage.serve_registry()
    stage.drop(HOST)
    behind_proxy(stage, proxy({}, refuse=Answer(403, b"blocked by policy", kind="text/html")))


@fault("proxy.denied")
def proxy_hangs_up(stage: Stage) -> None:
    """The proxy closes the connection at CONNECT."""
    stage.serve_registry()
    stage.drop(HOST)
    behind_proxy(stage, listener.hang_up)


@fault("proxy.bypass-missing")
def internal_registry_through_the_proxy(stage: Stage) -> None:
    """The proxy cannot reach the registry, which answers directly."""
    stage.serve_registry()
    behind_proxy(stage, proxy({}))


@fault("tls.unknown-authority")
def proxy_opens_what_it_carries(stage: Stage) -> None:
    """The proxy signs the registry's name itself; without it the registry's own certificate comes, which is trusted."""
    stage.serve_registry()
    gateway = Authority(stage.ca().folder, "Zscaler Intermediate Root CA")
    false = stage.https("inspected.shop.test", stage.registry, gateway.context(gateway.server([HOST])), address="203.0.113.129")
    stage.drop(HOST)
    behind_proxy(stage, proxy({f"{HOST}:443": false}))

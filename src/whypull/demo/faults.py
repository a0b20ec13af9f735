"""The faults, one function each: what is broken, and nothing else. The name of the function is the fault's name."""

from __future__ import annotations

import json
import ssl

from whypull.demo import listener
from whypull.demo.authority import Authority
from whypull.demo.http import Answer
from whypull.demo.http import server as http_server
from whypull.demo.proxy import proxy
from whypull.demo.registry import MANIFEST, SCHEMA1, error, page, storage, token_service
from whypull.demo.stage import HOST, PROXY_HOST, STORAGE_HOST, TOKEN_HOST, Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Fault = Callable[[Stage], None]

FAULTS: dict[str, tuple[str, Fault]] = {}


def fault(cause: str) -> Callable[[Fault], Fault]:
    """Registers a fault under its function's name, with the cause that it is; "" for a healthy pull."""

    def add(function: Fault) -> Fault:
        FAULTS[function.__name__] = (cause, function)
        return function

    return add


# ---------------------------------------------------------------- healthy


@fault("")
def healthy(stage: Stage) -> None:
    """Everything works, without credentials."""
    stage.serve_registry()


@fault("")
def healthy_with_token(stage: Stage) -> None:
    """A private repository, a token service on a host of its own, and the right password."""
    _bearer(stage)
    stage.with_credentials = True


@fault("")
def healthy_through_proxy(stage: Stage) -> None:
    """The registry behind a proxy that lets it through."""
    stage.serve_registry()
    _proxied(stage, proxy({f"{HOST}:{stage.ports[HOST]}": stage.ports[HOST]}))


# ---------------------------------------------------------------- names


@fault("dns.no-such-host")
def name_does_not_exist(stage: Stage) -> None:
    """The resolver answers NXDOMAIN."""
    stage.serve_registry()
    stage.names[HOST] = "NXDOMAIN"


@fault("dns.no-such-host")
def name_without_address(stage: Stage) -> None:
    """The name exists and has no address (NODATA), as in an empty private zone."""
    stage.serve_registry()
    stage.names[HOST] = "NODATA"


@fault("dns.server-failure")
def resolver_fails(stage: Stage) -> None:
    """SERVFAIL."""
    stage.serve_registry()
    stage.names[HOST] = "SERVFAIL"


@fault("dns.server-failure")
def resolver_refuses(stage: Stage) -> None:
    """REFUSED."""
    stage.serve_registry()
    stage.names[HOST] = "REFUSED"


@fault("dns.timeout")
def resolver_is_silent(stage: Stage) -> None:
    """No answer."""
    stage.serve_registry()
    stage.names[HOST] = "SILENT"


# ---------------------------------------------------------------- connections


@fault("network.refused")
def port_is_closed(stage: Stage) -> None:
    """Nothing listens."""
    stage.ports[HOST] = listener.refused_port()
    stage.name_image()


@fault("network.reset")
def connection_is_reset(stage: Stage) -> None:
    """The first bytes are answered with RST."""
    stage.listen(HOST, listener.reset)
    stage.name_image()


@fault("network.reset")
def connection_is_closed(stage: Stage) -> None:
    """The first bytes are answered with FIN."""
    stage.listen(HOST, listener.hang_up)
    stage.name_image()


@fault("network.tls-stalled")
def handshake_never_ends(stage: Stage) -> None:
    """TCP opens, TLS is never answered."""
    stage.listen(HOST, listener.silent)
    stage.name_image()


# ---------------------------------------------------------------- TLS


@fault("tls.plain-http")
def speaks_plain_http(stage: Stage) -> None:
    """The registry's port speaks HTTP."""
    stage.listen(HOST, http_server(stage.registry))
    stage.name_image()


@fault("tls.unknown-authority")
def signed_by_a_stranger(stage: Stage) -> None:
    """A CA that nobody was told of."""
    stranger = Authority(stage.ca().folder, "stranger")
    stage.serve_registry(stranger.context(stranger.server([HOST])))


@fault("tls.unknown-authority")
def chain_is_incomplete(stage: Stage) -> None:
    """The intermediate certificate is not sent."""
    stage.serve_registry(stage.ca().context(stage.ca().server([HOST], chain=False)))


@fault("tls.expired")
def certificate_expired(stage: Stage) -> None:
    """Ten days ago."""
    stage.serve_registry(stage.ca().context(stage.ca().server([HOST], days=(-40, -10))))


@fault("tls.expired")
def certificate_of_tomorrow(stage: Stage) -> None:
    """Not yet valid."""
    stage.serve_registry(stage.ca().context(stage.ca().server([HOST], days=(5, 40))))


@fault("tls.hostname-mismatch")
def certificate_for_another_name(stage: Stage) -> None:
    """Another host's certificate."""
    stage.serve_registry(stage.ca().context(stage.ca().server(["other.shop.test"])))


@fault("tls.hostname-mismatch")
def certificate_without_names(stage: Stage) -> None:
    """A common name only, as Go no longer accepts."""
    stage.serve_registry(stage.ca().context(stage.ca().server([HOST], san=False)))


@fault("tls.client-cert")
def wants_a_client_certificate(stage: Stage) -> None:
    """Mutual TLS, and no client certificate."""
    stage.serve_registry(stage.ca().context(stage.ca().server([HOST]), client=True))


@fault("tls.handshake-failure")
def speaks_only_old_tls(stage: Stage) -> None:
    """TLS 1.1 at most."""
    stage.serve_registry(stage.ca().context(stage.ca().server([HOST]), newest=ssl.TLSVersion.TLSv1_1))


# ---------------------------------------------------------------- proxy


@fault("proxy.auth-required")
def proxy_wants_a_password(stage: Stage) -> None:
    """407."""
    stage.serve_registry()
    _proxied(stage, proxy({}, account=("u", "p")))


@fault("proxy.denied")
def proxy_refuses(stage: Stage) -> None:
    """403 to CONNECT; the registry cannot be reached without it either."""
    stage.serve_registry()
    stage.names[HOST] = "NXDOMAIN"
    _proxied(stage, proxy({}, refuse=Answer(403, b"blocked by policy", kind="text/html")))


@fault("proxy.bypass-missing")
def internal_registry_through_the_proxy(stage: Stage) -> None:
    """The proxy cannot reach the registry, which answers directly."""
    stage.serve_registry()
    _proxied(stage, proxy({}))


@fault("proxy.unreachable")
def proxy_is_down(stage: Stage) -> None:
    """Nothing listens on the proxy's port."""
    stage.serve_registry()
    stage.https_proxy = f"http://{PROXY_HOST}:{listener.refused_port()}"


@fault("proxy.unreachable")
def proxy_has_no_address(stage: Stage) -> None:
    """The proxy's name does not resolve."""
    stage.serve_registry()
    stage.names[PROXY_HOST] = "NXDOMAIN"
    stage.https_proxy = f"http://{PROXY_HOST}:3128"


@fault("proxy.misconfigured")
def proxy_with_the_wrong_scheme(stage: Stage) -> None:
    """https:// for a proxy that speaks HTTP."""
    stage.serve_registry()
    _proxied(stage, proxy({}))
    stage.https_proxy = stage.https_proxy.replace("http://", "https://")


# ---------------------------------------------------------------- the registry


@fault("registry.server-error")
def registry_fails(stage: Stage) -> None:
    """500."""
    stage.serve_registry(everything=error(500, "UNKNOWN", "s3: no such bucket"))


@fault("registry.server-error")
def gateway_has_no_backend(stage: Stage) -> None:
    """502 from the gateway before it."""
    stage.serve_registry(everything=page(502, "<html><h1>502 Bad Gateway</h1><hr>nginx</html>"))


@fault("registry.rate-limited")
def pull_limit(stage: Stage) -> None:
    """429 with the words of a pull limit."""
    stage.serve_registry(manifest=error(429, "TOOMANYREQUESTS", "You have reached your pull rate limit."))


@fault("registry.not-a-registry")
def login_page(stage: Stage) -> None:
    """200 and a page for people, on every path."""
    stage.serve_registry(everything=page(200, "<!doctype html><title>Sign in</title><form action=/login>"))


@fault("registry.not-a-registry")
def another_service(stage: Stage) -> None:
    """404 of a web server on /v2/."""
    stage.serve_registry(everything=Answer(404, b"404 page not found\n", kind="text/plain"))


@fault("registry.blob-host-blocked")
def storage_is_blocked(stage: Stage) -> None:
    """Manifests come, layers are on a host whose port is closed."""
    stage.serve_registry(redirect_blobs=f"https://{STORAGE_HOST}:{listener.refused_port()}")


@fault("registry.blob-host-blocked")
def storage_refuses(stage: Stage) -> None:
    """The bucket answers 403 in XML."""
    body = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
    port = stage.https(STORAGE_HOST, storage(stage.registry, Answer(403, body, kind="application/xml")))
    stage.serve_registry(redirect_blobs=f"https://{STORAGE_HOST}:{port}")


# ---------------------------------------------------------------- who asks


@fault("auth.credentials-missing")
def no_credentials(stage: Stage) -> None:
    """Basic, and none are sent."""
    stage.serve_registry(auth="basic")


@fault("auth.credentials-rejected")
def wrong_password(stage: Stage) -> None:
    """Basic, and the password is wrong."""
    stage.serve_registry(auth="basic")
    stage.with_credentials, stage.password = True, "wrong"


@fault("auth.credentials-rejected")
def wrong_password_at_the_token_service(stage: Stage) -> None:
    """The token service refuses the password."""
    _bearer(stage)
    stage.with_credentials, stage.password = True, "wrong"


@fault("auth.forbidden")
def token_without_the_scope(stage: Stage) -> None:
    """The password is right, the token does not hold the repository."""
    _bearer(stage, token_service(grant=()))
    stage.with_credentials = True


@fault("auth.forbidden")
def role_is_missing(stage: Stage) -> None:
    """403 for this identity, 401 for nobody."""
    stage.serve_registry(auth="basic", manifest=error(403, "DENIED", "User shop-puller is not authorized to pull shop/api"))
    stage.with_credentials = True


@fault("auth.ip-not-allowed")
def address_is_not_allowed(stage: Stage) -> None:
    """403 that names the address."""
    stage.serve_registry(everything=error(403, "DENIED", "client with IP '198.51.100.102' is not allowed access."))


@fault("auth.ip-not-allowed")
def gateway_refuses_everybody(stage: Stage) -> None:
    """The same 403 page with and without credentials, already at /v2/."""
    stage.serve_registry(everything=page(403, "<html><title>403 Forbidden</title><h1>Forbidden</h1><hr>edge</html>"))
    stage.with_credentials = True


@fault("auth.token-endpoint")
def token_service_fails(stage: Stage) -> None:
    """500 from the token service."""
    _bearer(stage, token_service(broken=error(500, "UNKNOWN", "database is locked")))
    stage.with_credentials = True


@fault("auth.token-endpoint")
def token_service_has_no_address(stage: Stage) -> None:
    """The realm's host does not resolve."""
    _bearer(stage)
    stage.with_credentials = True
    stage.names[TOKEN_HOST] = "NXDOMAIN"


@fault("auth.token-endpoint")
def token_service_is_down(stage: Stage) -> None:
    """The realm's port is closed."""
    stage.serve_registry(auth="bearer", realm=f"https://{TOKEN_HOST}:{listener.refused_port()}/token")
    stage.with_credentials = True


@fault("auth.token-endpoint")
def realm_in_the_clear(stage: Stage) -> None:
    """The realm is plain http."""
    port = stage.listen(TOKEN_HOST, http_server(token_service()))
    stage.serve_registry(auth="bearer", realm=f"http://{TOKEN_HOST}:{port}/token")
    stage.with_credentials = True


@fault("auth.token-endpoint")
def token_service_sends_a_page(stage: Stage) -> None:
    """The realm answers with a login page."""
    _bearer(stage, token_service(broken=page(200, "<html>Sign in</html>")))
    stage.with_credentials = True


# ---------------------------------------------------------------- the image


@fault("image.tag-not-found")
def tag_was_never_pushed(stage: Stage) -> None:
    """The repository is there, the tag is not."""
    stage.serve_registry()
    stage.name_image(tag="9.9.9")


@fault("image.repository-not-found")
def repository_does_not_exist(stage: Stage) -> None:
    """A wrong path."""
    stage.serve_registry()
    stage.name_image(repository="shop/apo")


@fault("image.platform-mismatch")
def no_variant_for_this_node(stage: Stage) -> None:
    """An index without the node's architecture."""
    stage.serve_registry(platforms=("linux/arm64",))


@fault("image.variant-missing")
def variant_was_cleaned_up(stage: Stage) -> None:
    """The index is there, the manifest that it names is gone."""
    stage.serve_registry(child_missing=True)


@fault("image.unsupported-format")
def schema_1(stage: Stage) -> None:
    """A manifest of the first schema."""
    body = json.dumps({"schemaVersion": 1, "name": "shop/api", "fsLayers": [], "history": []}).encode()
    stage.serve_registry(manifest=Answer(200, body, kind=SCHEMA1))


@fault("image.unsupported-format")
def helm_chart(stage: Stage) -> None:
    """An artifact that is no image."""
    config = {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "sha256:" + "0" * 64, "size": 2}
    body = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}).encode()
    stage.serve_registry(manifest=Answer(200, body, kind=MANIFEST))


@fault("image.blob-missing")
def layer_is_gone(stage: Stage) -> None:
    """The manifest is there, the blobs are not."""
    stage.serve_registry(blob=error(404, "BLOB_UNKNOWN", "blob unknown to registry"))


def _bearer(stage: Stage, service: object = None) -> None:
    port = stage.https(TOKEN_HOST, service or token_service())  # type: ignore[arg-type] - a service answers with an Answer
    stage.serve_registry(auth="bearer", realm=f"https://{TOKEN_HOST}:{port}/token")


def _proxied(stage: Stage, serve: listener.Serve) -> None:
    stage.https_proxy = f"http://{PROXY_HOST}:{stage.listen(PROXY_HOST, serve)}"

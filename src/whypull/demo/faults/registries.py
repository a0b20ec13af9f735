"""The service behind the address."""

from __future__ import annotations

from whypull.demo import listener
from whypull.demo.faults import fault
from whypull.demo.http import Answer
from whypull.demo.http import server as http_server
from whypull.demo.registry import MANIFEST, error, page, storage
from whypull.demo.stage import HOST, STORAGE_HOST, Stage


@fault("registry.server-error")
def registry_fails(stage: Stage) -> None:
    """500."""
    stage.serve_registry(everything=error(500, "UNKNOWN", "s3: no such bucket"))


@fault("registry.server-error")
def gateway_has_no_backend(stage: Stage) -> None:
    """502 from the gateway before it."""
    stage.serve_registry(everything=page(502, "<html><h1>502 Bad Gateway</h1><hr>nginx</html>"))


@fault("registry.server-error", why_not_proved="an inspecting device on the way is silent in the same manner")
def registry_never_answers(stage: Stage) -> None:
    """The handshake succeeds, the request is never answered."""
    stage.listen(HOST, listener.silent, stage.ca().context(stage.ca().server([HOST])))
    stage.name_image()


@fault("registry.rate-limited")
def pull_limit(stage: Stage) -> None:
    """429 with the words of a pull limit."""
    limited = error(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.", (("RateLimit-Remaining", "0;w=21600"),))
    stage.serve_registry(manifest=limited, by_digest=limited)


@fault("registry.not-a-registry")
def login_page(stage: Stage) -> None:
    """200 and a page for people, on every path."""
    stage.serve_registry(everything=page(200, "<!doctype html><title>Sign in</title><form action=/login>"))


@fault("registry.not-a-registry")
def another_service(stage: Stage) -> None:
    """404 of a web server on /v2/."""
    stage.serve_registry(everything=Answer(404, b"404 page not found\n", kind="text/plain"))


@fault("registry.not-a-registry")
def single_sign_on_before_the_registry(stage: Stage) -> None:
    """/v2/ is sent to a login page on another host."""
    stage.https(STORAGE_HOST, lambda _: page(200, "<!doctype html><title>Log in to Shop</title><form method=post>"))
    away = Answer(302, b"", (("Location", f"https://{STORAGE_HOST}/realms/shop/protocol/openid-connect/auth?state=x"),))
    stage.serve_registry(everything=away)


@fault("registry.non-conformant")
def tags_but_no_digests(stage: Stage) -> None:
    """The manifest comes by tag, and by its digest it does not."""
    stage.serve_registry(by_digest=error(404, "MANIFEST_UNKNOWN", "manifest unknown"))


@fault("registry.non-conformant")
def head_is_refused(stage: Stage) -> None:
    """HEAD answers 403, GET works."""
    stage.serve_registry(head=Answer(403, b"", kind="text/html"))


@fault("registry.non-conformant")
def manifest_of_the_wrong_media_type(stage: Stage) -> None:
    """Manifests are sent as application/json."""
    stage.serve_registry(kind="application/json")


@fault("registry.non-conformant")
def digest_header_is_malformed(stage: Stage) -> None:
    """Docker-Content-Digest is no digest."""
    stage.serve_registry(head=Answer(200, b"{}", (("Docker-Content-Digest", "xyz"),), kind=MANIFEST))


@fault("registry.non-conformant")
def redirects_in_a_circle(stage: Stage) -> None:
    """Every manifest is somewhere else."""
    stage.serve_registry(manifest=Answer(307, b"", (("Location", "/v2/shop/api/manifests/1.4.2"),)))


@fault("registry.blob-host-blocked")
def storage_is_blocked(stage: Stage) -> None:
    """Manifests come, layers are on a host whose port is closed."""
    stage.serve_registry(redirect_blobs=f"https://{STORAGE_HOST}")


@fault("registry.blob-host-blocked")
def storage_has_no_address(stage: Stage) -> None:
    """Manifests come, layers are on a host that the resolver does not know."""
    stage.serve_registry(redirect_blobs="https://minio.internal.test")


@fault("registry.blob-host-blocked")
def storage_refuses(stage: Stage) -> None:
    """The bucket answers 403 in XML."""
    body = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
    stage.https(STORAGE_HOST, storage(stage.registry, Answer(403, body, kind="application/xml")))
    stage.serve_registry(redirect_blobs=f"https://{STORAGE_HOST}")


@fault("registry.blob-host-blocked")
def storage_is_said_to_be_here(stage: Stage) -> None:
    """The registry sends everybody to its own localhost."""
    stage.serve_registry(redirect_blobs="http://localhost:9000")


@fault("registry.blob-host-blocked")
def storage_with_a_strangers_certificate(stage: Stage) -> None:
    """Manifests come, the storage host's certificate is for other names."""
    stage.https(STORAGE_HOST, storage(stage.registry), stage.ca().context(stage.ca().server(["bucket.other.test"])))
    stage.serve_registry(redirect_blobs=f"https://{STORAGE_HOST}")


@fault("image.policy-rejected")
def policy_of_the_registry(stage: Stage) -> None:
    """412: Harbor lets no image with vulnerabilities out."""
    words = (
        "current image with 9 vulnerabilities cannot be pulled due to configured policy in "
        "'Prevent images with vulnerability severity of \"High\" or higher from running.' "
        "To continue with pull, please contact your project administrator."
    )
    refusal = error(412, "PROJECTPOLICYVIOLATION", words)
    stage.serve_registry(manifest=refusal, by_digest=refusal)


@fault("auth.account-disabled")
def project_is_suspended(stage: Stage) -> None:
    """403: the project behind the registry has been suspended."""
    refusal = error(403, "DENIED", "Permission denied: Consumer 'project:shop' has been suspended.")
    stage.serve_registry(auth="basic", manifest=refusal, by_digest=refusal, head=Answer(403))
    stage.with_credentials = True


@fault("auth.ip-not-allowed")
def address_is_not_allowed(stage: Stage) -> None:
    """403 that names the address."""
    stage.serve_registry(everything=error(403, "DENIED", "client with IP '198.51.100.102' is not allowed access."))


@fault("auth.ip-not-allowed", why_not_proved="a 403 page at the door fits a geo-block, a firewall or a gateway's own rule")
def gateway_refuses_everybody(stage: Stage) -> None:
    """The same 403 page with and without credentials, already at /v2/."""
    stage.serve_registry(everything=page(403, "<html><title>403 Forbidden</title><h1>Forbidden</h1><hr>edge</html>"))
    stage.with_credentials = True


@fault("auth.ip-not-allowed")
def block_page_of_a_content_network(stage: Stage) -> None:
    """403: Cloudflare's page for a banned address."""
    html = "<!DOCTYPE html><html><title>Access denied | shop used Cloudflare</title><h1>Sorry, you have been blocked</h1>"
    stage.serve_registry(everything=page(403, f"{html}<span>Cloudflare Ray ID: 1a2b3c</span><p>error code: 1006</p></html>"))


@fault("network.intercepted")
def block_page_of_a_web_filter(stage: Stage) -> None:
    """A web filter on the way answers in the registry's place."""
    html = (
        "<html><head><title>Web Page Blocked!</title></head><body>FortiGuard Intrusion Prevention: Access Blocked</body></html>"
    )
    stage.serve_registry(everything=page(403, html))


@fault("registry.not-a-registry")
def speaks_another_protocol(stage: Stage) -> None:
    """Behind the handshake is no HTTP at all."""
    stage.listen(HOST, listener.banner(b"SSH-2.0-OpenSSH_9.2\r\n"), stage.ca().context(stage.ca().server([HOST])))
    stage.name_image()


@fault("network.reset", why_not_proved="a registry that miscounts its own answer looks the same")
def body_shorter_than_announced(stage: Stage) -> None:
    """Content-Length promises more than comes."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{}"
    stage.listen(HOST, http_server(lambda _: Answer(raw=head)), stage.ca().context(stage.ca().server([HOST])))
    stage.name_image()

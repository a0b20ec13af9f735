"""The service behind the address: the registry, its token service, its storage."""

from lab.doors import refusal as error
from lab.faults import Client, Fault, Server, World, healthy
from lab.scene import PLAIN_SERVER
from whypull.demo.http import Answer

PRIVATE = Client(account="right")
SIGN_IN = b"<!doctype html><title>Sign in</title><form action=/login></form>"
BUCKET = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
STORED = Server(options={"redirect_blobs": "https://{storage}"})
GONE = error(404, "MANIFEST_UNKNOWN", "manifest unknown")


def answers(status: int, body: bytes = b"", kind: str = "text/html", headers: tuple[tuple[str, str], ...] = ()) -> World:
    """A world whose registry says the same to all."""
    return World(registry=Server(answer=Answer(status, body, headers, kind=kind)))


def says(status: int, code: str, message: str) -> World:
    """The same in the registry's own format."""
    return World(registry=Server(answer=error(status, code, message)))


def token(server: Server = PLAIN_SERVER, **more: object) -> World:
    """A world with a token service."""
    return World(token=server, **more)  # type: ignore[arg-type]


def storage(server: Server = PLAIN_SERVER, **more: object) -> World:
    """A world whose registry sends layers from another host."""
    return World(registry=STORED, storage=server, **more)  # type: ignore[arg-type]


WELL = {"registry": Server()}

FAULTS = [
    healthy("storage-right", "layers come from another host", world=storage()),
    Fault("registry-429", "registry.rate-limited", "registry", "a pull limit", says(429, "TOOMANYREQUESTS", "pull rate limit"), mend=WELL),
    Fault("registry-500", "registry.server-error", "registry", "500", says(500, "UNKNOWN", "unknown error"), mend=WELL),
    Fault("registry-502", "registry.server-error", "registry", "502 of a gateway", answers(502, b"<h1>502 Bad Gateway</h1>"), mend=WELL),
    Fault("registry-503", "registry.server-error", "registry", "503", answers(503, b"no healthy upstream", "text/plain"), mend=WELL),
    Fault("registry-504", "registry.server-error", "registry", "504", answers(504, b"<h1>504 Gateway Time-out</h1>"), mend=WELL),
    Fault("registry-layer-500", "registry.server-error", "registry", "500 for a layer",
          World(registry=Server(options={"blob": error(500, "UNKNOWN", "s3: bucket is gone")})), mend=WELL),
    Fault("registry-login-page", "registry.not-a-registry", "registry", "a login page on every path", answers(200, SIGN_IN), mend=WELL,
          text=("image.tag-not-found", "image.repository-not-found", "registry.non-conformant", "image.unsupported-format")),
    Fault("registry-404-page", "registry.not-a-registry", "registry", "another service's 404",
          answers(404, b"404 page not found\n", "text/plain"), mend=WELL, text=("image.tag-not-found", "image.repository-not-found")),
    Fault("registry-to-login", "registry.not-a-registry", "registry", "a redirect to a login page on another host",
          World(registry=Server(answer=Answer(302, b"", (("Location", "https://{other}/login"),))),
                other=Server(answer=Answer(200, SIGN_IN, kind="text/html"))),
          mend=WELL, text=("image.tag-not-found", "image.repository-not-found", "registry.non-conformant", "registry.blob-host-blocked")),
    Fault("registry-refuses-head", "registry.non-conformant", "registry", "HEAD is refused, GET is not",
          World(registry=Server(options={"refuse_head": True})), mend=WELL, only=("1.6", "1.7", "2"), text=("auth.forbidden", "auth.ip-not-allowed")),
    Fault("registry-not-by-digest", "registry.non-conformant", "registry", "manifests come by tag and not by digest",
          World(registry=Server(options={"by_digest": GONE})), mend=WELL,
          text=("image.variant-missing", "image.tag-not-found", "image.blob-missing", "image.repository-not-found")),
    # ------------------------------------------------------------ the token service
    Fault("token-no-name", "auth.token-endpoint", "registry", "the token service's name does not exist",
          token(names={"token": ""}), PRIVATE, mend={"names": {}}, text=("dns.no-such-host",)),
    Fault("token-dropped", "auth.token-endpoint", "network", "the way to the token service is dropped",
          token(blocks=(("dropped", "token"),)), PRIVATE, mend={"blocks": ()}, text=("network.timeout",)),
    Fault("token-refused", "auth.token-endpoint", "registry", "the token service is down",
          token(Server(closed=True)), PRIVATE, mend={"token": Server()}, text=("network.refused",)),
    Fault("token-500", "auth.token-endpoint", "registry", "the token service fails",
          token(Server(answer=error(500, "UNKNOWN", "database is locked"))), PRIVATE, mend={"token": Server()}),
    Fault("token-403", "auth.forbidden", "registry", "the token service gives this account no token",
          token(Server(answer=error(403, "DENIED", "requested access to the resource is denied"))), PRIVATE, mend={"token": Server()},
          text=("auth.token-endpoint", "auth.credentials-rejected")),
    Fault("token-page", "auth.token-endpoint", "registry", "the token service answers with a page",
          token(Server(answer=Answer(200, SIGN_IN, kind="text/html"))), PRIVATE, mend={"token": Server()}),
    Fault("token-without-token", "auth.token-endpoint", "registry", "the answer holds no token",
          token(Server(answer=Answer(200, b'{"expires_in": 300}'))), PRIVATE, mend={"token": Server()},
          text=("auth.credentials-missing", "auth.credentials-rejected")),
    Fault("token-unknown-ca", "auth.token-endpoint", "registry", "the token service has a certificate of a stranger",
          token(Server(cert="stranger")), PRIVATE, mend={"token": Server()}, text=("tls.unknown-authority",)),
    Fault("token-on-loopback", "auth.token-endpoint", "registry", "the challenge names 127.0.0.1",
          token(realm="https://127.0.0.1:5001/token"), PRIVATE, mend={"realm": ""}, text=("network.refused",)),
    # ------------------------------------------------------------ storage
    Fault("storage-dropped", "registry.blob-host-blocked", "network", "the way to the storage host is dropped",
          storage(blocks=(("dropped", "storage"),)), mend={"blocks": ()}, seconds=90, text=("network.timeout",)),
    Fault("storage-refused", "registry.blob-host-blocked", "network", "the storage host refuses the connection",
          storage(Server(closed=True)), mend={"storage": Server()}, text=("network.refused",)),
    Fault("storage-no-name", "registry.blob-host-blocked", "resolver", "the storage host has no address",
          storage(names={"storage": ""}), mend={"names": {}}, text=("dns.no-such-host",)),
    Fault("storage-403", "registry.blob-host-blocked", "registry", "the bucket refuses",
          storage(Server(answer=Answer(403, BUCKET, kind="application/xml"))), mend={"storage": Server()},
          text=("auth.forbidden", "auth.ip-not-allowed")),
    Fault("storage-unknown-ca", "registry.blob-host-blocked", "registry", "the storage host has a certificate of a stranger",
          storage(Server(cert="stranger")), mend={"storage": Server()}, text=("tls.unknown-authority",)),
    Fault("storage-reset", "registry.blob-host-blocked", "network", "the storage host's connections are reset",
          storage(Server(cert="", below="reset")), mend={"storage": Server()}, text=("network.reset",)),
]  # fmt: skip

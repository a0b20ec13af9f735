"""What the pod asks for, and the credentials that go with it."""

from lab.doors import refusal as error
from lab.faults import Client, Fault, Server, World, healthy
from whypull.demo.http import Answer

BASIC = Server(options={"auth": "basic"})
REAL = World(real="there")
HUB = "{hub}/shop{n}/api:1.4.2"
EXPIRED = error(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
DISABLED = error(403, "DENIED", "The account shop is suspended: the subscription has not been paid.")
NO_ROLE = error(403, "DENIED", "User shop-puller does not have permission to pull from shop/api")
PAGE = Answer(403, b"<html><title>403 Forbidden</title><h1>Forbidden</h1><hr>edge gateway</html>", kind="text/html")
ASKS = error(401, "UNAUTHORIZED", "authentication required", (("WWW-Authenticate", 'Basic realm="shop"'),))

FAULTS = [
    healthy("reference-right", "an image that is there, without credentials"),
    healthy("secret-right", "the real registry, with the right password", world=REAL, client=Client(HUB, "right")),
    healthy("token-right", "a token service, with the right password", world=World(token=Server()), client=Client(account="right")),
    Fault("reference-upper-case", "spec.invalid-reference", "reference", "capitals in the repository",
          client=Client("{host}/Shop/API:1.4.2"), how="reference", right="{host}/shop/api:1.4.2"),
    Fault("reference-two-tags", "spec.invalid-reference", "reference", "two tags",
          client=Client("{host}/shop/api:1.4.2:latest"), how="reference", right="{host}/shop/api:1.4.2"),
    Fault("reference-with-scheme", "spec.invalid-reference", "reference", "https:// before the host",
          client=Client("https://{host}/shop/api:1.4.2"), how="reference", right="{host}/shop/api:1.4.2"),
    Fault("reference-empty-tag", "spec.invalid-reference", "reference", "a colon and no tag",
          client=Client("{host}/shop/api:"), how="reference", right="{host}/shop/api:1.4.2"),
    Fault("reference-without-host", "spec.registry-host-missing", "reference", "no host, so Docker Hub is asked, which has no such thing",
          client=Client("shop/api:1.4.2", "right"), how="reference", right="{host}/shop/api:1.4.2",
          only=("1.6", "1.7", "2"), text=("auth.credentials-missing", "image.repository-not-found", "secret.not-attached")),
    Fault("repository-unknown", "image.repository-not-found", "reference", "a path that the registry does not have",
          client=Client("{host}/shop/apo:1.4.2"), how="reference", right="{host}/shop/api:1.4.2", text=("image.tag-not-found",)),
    Fault("repository-unknown-real", "image.repository-not-found", "reference", "a path that a real registry does not have",
          World(real="no repository"), Client(HUB, "right"), mend={"real": "there"}, text=("image.tag-not-found",)),
    Fault("tag-unknown", "image.tag-not-found", "reference", "a tag that was never pushed",
          client=Client("{host}/shop/api:9.9.9"), how="reference", right="{host}/shop/api:1.4.2", text=("image.repository-not-found",)),
    Fault("tag-unknown-real", "image.tag-not-found", "reference", "a tag that a real registry does not have",
          World(real="no tag"), Client(HUB, "right"), mend={"real": "there"}, text=("image.repository-not-found",)),
    Fault("digest-unknown", "image.tag-not-found", "reference", "a digest that is not there",
          client=Client("{host}/shop/api@sha256:" + "ab" * 32), how="reference", right="{host}/shop/api:1.4.2",
          text=("image.repository-not-found",)),
    # ------------------------------------------------------------ credentials
    Fault("secret-none", "auth.credentials-missing", "secret", "Basic, and none are sent",
          REAL, Client(HUB), how="secret", text=("auth.credentials-rejected",)),
    Fault("secret-none-token", "auth.credentials-missing", "secret", "a token service, and none are sent",
          World(token=Server()), how="secret", text=("image.repository-not-found", "auth.forbidden", "secret.not-attached")),
    Fault("secret-wrong-password", "auth.credentials-rejected", "secret", "Basic, and the password is wrong",
          REAL, Client(HUB, "wrong"), how="secret", text=("auth.credentials-missing",)),
    Fault("secret-wrong-password-token", "auth.credentials-rejected", "secret", "the token service refuses the password",
          World(token=Server()), Client(account="wrong"), how="secret"),
    Fault("secret-other-host", "secret.registry-mismatch", "secret", "the secret is for another host",
          REAL, Client(HUB, secret="other host"), how="secret", text=("auth.credentials-missing", "auth.credentials-rejected")),
    Fault("secret-missing", "secret.not-found", "secret", "the pod names a secret that is not there",
          REAL, Client(HUB, secret="missing"), how="secret", text=("auth.credentials-missing", "auth.credentials-rejected")),
    Fault("secret-not-attached", "secret.not-attached", "secret", "the secret is there, and the pod does not name it",
          REAL, Client(HUB, secret="not attached"), how="secret", text=("auth.credentials-missing", "auth.credentials-rejected")),
    Fault("secret-expired", "auth.token-expired", "secret", "a short-lived password has run out",
          World(registry=Server(options={"auth": "basic", "manifest": EXPIRED})), Client(account="right"),
          mend={"registry": BASIC}, text=("auth.forbidden", "auth.ip-not-allowed", "auth.credentials-rejected", "auth.credentials-missing")),
    Fault("token-without-scope", "auth.forbidden", "registry", "the password is right, the token holds nothing",
          World(token=Server(), grant=()), Client(account="right"), mend={"grant": None},
          text=("image.repository-not-found", "auth.credentials-missing")),
    Fault("role-missing", "auth.forbidden", "registry", "the account may not pull from this repository",
          World(registry=Server(options={"auth": "basic", "manifest": NO_ROLE})), Client(account="right"),
          mend={"registry": BASIC}, text=("auth.ip-not-allowed",)),
    Fault("account-disabled", "auth.account-disabled", "registry", "the account is suspended",
          World(registry=Server(options={"auth": "basic", "manifest": DISABLED})), Client(account="right"),
          mend={"registry": BASIC}, text=("auth.forbidden", "auth.ip-not-allowed")),
    Fault("account-unknown-always-401", "auth.credentials-rejected", "registry", "the account was removed at the registry",
          World(registry=Server(options={"manifest": ASKS, "ping": ASKS})), Client(account="right"), mend={"registry": Server()},
          text=("auth.credentials-missing",)),
    # ------------------------------------------------------------ where one comes from
    healthy("allow-list-within", "an allow-list with this node's address in it", world=World(allowed="node")),
    Fault("allow-list-json", "auth.ip-not-allowed", "registry", "an allow-list without this node; the refusal names the address",
          World(allowed="others"), Client(neighbour=True), mend={"allowed": "node"}, asks=("{seen}",), text=("auth.forbidden",)),
    Fault("allow-list-page", "auth.ip-not-allowed", "registry", "an allow-list without this node; the refusal is a page",
          World(registry=Server(options={"refusal": PAGE}), allowed="others"), Client(neighbour=True), mend={"allowed": "node"}, text=("auth.forbidden",)),
    Fault("allow-list-empty", "auth.ip-not-allowed", "registry", "an allow-list without this node; the refusal says nothing",
          World(registry=Server(options={"refusal": Answer(403)}), allowed="others"), Client(neighbour=True), mend={"allowed": "node"}, text=("auth.forbidden",)),
    Fault("allow-list-with-password", "auth.ip-not-allowed", "registry", "an allow-list without this node, although the password is right",
          World(registry=Server(options={"auth": "basic", "refusal": PAGE}), allowed="others"), Client(account="right", neighbour=True),
          mend={"allowed": "node"}, text=("auth.forbidden",)),
]  # fmt: skip

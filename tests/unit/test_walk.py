"""The plan of a walk without a socket: a script of outcomes in, the list of steps out."""

import json

import pytest

from whypull.model import Case, Pull
from whypull.probe.platforms import child_for
from whypull.probe.proxy_rules import ProxySettings
from whypull.probe.walk import Target, pull, run
from whypull.proofs._walked import stopped_at, went_well
from whypull.runtimeconfig import Asked
from whypull.steps import Certificate, Connect, Handshake, Outcome, Request, Resolve, Tried, Tunnel

REG = "registry.shop.example"
IMAGE = f"{REG}/shop/api:1.4.2"
FINE = Outcome(ok=True)
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DIGEST = "sha256:" + "a" * 64
DOCUMENT = json.dumps(
    {
        "schemaVersion": 2,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:" + "c" * 64, "size": 2},
        "layers": [],
    }
)


def answer(status, body="", **headers):
    pairs = tuple((n.replace("_", "-"), v) for n, v in headers.items())
    return Outcome(ok=True, status=status, reason="x", body=body, headers=pairs)


def world(**answers):
    """A performer: names and addresses work; what a URL ends in, or a kind of step, is answered as told."""

    def perform(step):
        if isinstance(step, Request):
            for part, told in answers.items():
                kind, _, rest = part.partition(" ")
                if kind == step.method and rest in step.url:
                    return told(step) if callable(told) else told
            return answer(404)
        told = answers.get(type(step).__name__)
        if told is not None:
            found = told(step) if callable(told) else told
            if found is not None:
                return found
        return Outcome(ok=True, addresses=("203.0.113.7",)) if isinstance(step, Resolve) else FINE

    return perform


HEALTHY = {
    "GET /v2/shop/api/blobs": answer(200, "{}"),
    "GET /manifests/": answer(200, DOCUMENT, content_type=MANIFEST),
    "HEAD /manifests/": answer(200, docker_content_digest=DIGEST, content_length="9"),
    "GET /v2/": answer(200, "{}", content_type="application/json"),
}


def walked(image=IMAGE, perform=None, **target):
    return list(run(pull(Target(image, **target)), perform or world(**HEALTHY), image=image))


def shape(tried):
    return [(type(t.step).__name__, getattr(t.step, "method", ""), t.role, t.control) for t in tried]


def test_a_healthy_pull_needs_no_control():
    tried = walked(depth="layers")
    assert shape(tried) == [
        ("Resolve", "", "registry", ""), ("Connect", "", "registry", ""), ("Handshake", "", "registry", ""),
        ("Request", "GET", "registry", ""), ("Request", "HEAD", "registry", ""), ("Request", "GET", "registry", ""),
        ("Request", "GET", "registry", ""),
    ]  # fmt: skip
    assert tried[5].step.url.endswith(f"/manifests/{DIGEST}"), "the manifest is asked for by its digest"
    assert went_well(Case(Pull(image=IMAGE), tuple(tried)))


@pytest.mark.parametrize(("depth", "steps"), [("dns", 3), ("tls", 3), ("auth", 4), ("manifest", 6), ("layers", 7)])
def test_no_deeper_than_asked(depth, steps):
    assert len(walked(depth=depth)) == steps


def test_each_address_of_both_families_is_tried_and_the_first_good_one_is_used():
    names = Outcome(ok=True, addresses=("2001:db8::7", "203.0.113.7", "203.0.113.8"))
    dead = Outcome(ok=False, layer="tcp", errno="ENETUNREACH", text="dial tcp [2001:db8::7]:443: connect: network is unreachable")
    perform = world(**HEALTHY, Resolve=names, Connect=lambda s: dead if ":" in s.address else FINE)
    tried = walked(perform=perform)
    assert [t.step.address for t in tried if isinstance(t.step, Connect)] == list(names.addresses)
    assert all(t.step.address == "203.0.113.7" for t in tried if isinstance(t.step, Request | Handshake))
    assert stopped_at(tried) is None, "an address that another one stood in for stops nothing"


def test_two_silent_addresses_of_a_family_are_enough():
    names = Outcome(ok=True, addresses=tuple(f"203.0.113.{n}" for n in range(1, 8)))
    tried = walked(perform=world(Resolve=names, Connect=Outcome(ok=False, layer="tcp", errno="ETIMEDOUT", text="i/o timeout")))
    assert sum(isinstance(t.step, Connect) for t in tried) == 2


def test_each_nameserver_is_asked_in_both_families_where_the_system_has_no_answer():
    gone = Outcome(ok=False, layer="dns", rcode="NXDOMAIN")
    tried = walked(perform=world(Resolve=gone), nameservers=("10.0.0.2", "10.0.0.3"))
    assert [(t.step.server, t.step.family, t.control) for t in tried] == [
        ("", "", ""), ("10.0.0.2", "A", "resolver"), ("10.0.0.2", "AAAA", "resolver"),
        ("10.0.0.3", "A", "resolver"), ("10.0.0.3", "AAAA", "resolver"),
    ]  # fmt: skip


def test_a_name_without_a_dot_is_looked_for_in_the_search_domains():
    gone = Outcome(ok=False, layer="dns", rcode="NXDOMAIN")
    tried = walked("registry:5000/a:1", world(Resolve=gone), nameservers=("10.0.0.2",), search=("shop.example", "example"))
    assert [t.step.host for t in tried if t.control == "search"] == ["registry.shop.example", "registry.example"]


@pytest.mark.parametrize(
    ("failure", "controls"),
    [
        (
            Outcome(
                ok=False,
                layer="tls",
                verify="unable to get local issuer certificate",
                chain=(Certificate("a", "b", "", "", self_signed=True),),
            ),
            ["trust"],
        ),
        (Outcome(ok=False, layer="tls", verify="certificate has expired", chain=(Certificate("a", "b", "", ""),)), ["clock"]),
        (Outcome(ok=False, layer="tls", alert="handshake_failure", text="remote error"), ["protocol"]),
        (Outcome(ok=False, layer="tls", errno="ETIMEDOUT", text="net/http: TLS handshake timeout"), ["segment"]),
        (Outcome(ok=False, layer="tls", errno="ECONNRESET", text="connection reset by peer"), ["server name"]),
        (Outcome(ok=False, layer="tls", text="tls: first record does not look like a TLS handshake"), ["scheme"]),
        (Outcome(ok=False, layer="tls", errno="ECONNRESET", text="x", wants_client_certificate=True), []),
    ],
)
def test_a_failed_handshake_has_the_control_that_tells(failure, controls):
    tried = walked(perform=world(Handshake=failure))
    assert [t.control for t in tried if t.control] == controls


def test_controls_change_one_thing_each():
    tried = walked(perform=world(Handshake=Outcome(ok=False, layer="tls", errno="ETIMEDOUT", text="x")))
    first, second = (t.step for t in tried if isinstance(t.step, Handshake))
    different = [name for name in type(first).__match_args__ if getattr(first, name) != getattr(second, name)]
    assert different == ["segment"]


def test_through_a_proxy_that_refuses_the_registry_is_tried_without():
    proxy = ProxySettings(https_proxy="http://proxy.shop.example:3128")
    tried = walked(
        perform=world(Tunnel=Outcome(ok=False, layer="proxy", status=403, reason="Forbidden", text="Forbidden")), proxy=proxy
    )
    assert [(type(t.step).__name__, t.role, t.control) for t in tried] == [
        ("Resolve", "proxy", ""), ("Connect", "proxy", ""), ("Tunnel", "proxy", ""),
        ("Resolve", "registry", "proxy"), ("Connect", "registry", "proxy"), ("Handshake", "registry", "proxy"),
    ]  # fmt: skip


def test_no_proxy_is_read_as_go_reads_it():
    proxy = ProxySettings(https_proxy="http://proxy.shop.example:3128", no_proxy=".shop.example")
    assert not any(isinstance(t.step, Tunnel) for t in walked(proxy=proxy))


BEARER = 'Bearer realm="https://auth.shop.example/token",service="shop"'


def bearer(step):
    return answer(200, "{}", content_type="application/json") if step.credentials else answer(401, www_authenticate=BEARER)


def test_a_token_is_asked_for_on_its_own_host():
    perform = world(**{"GET auth.shop.example": answer(200, "{}")} | HEALTHY | {"GET /v2/": bearer})
    tried = walked(perform=perform, credentials=("mine",))
    token = [t for t in tried if t.role == "token"]
    assert [type(t.step).__name__ for t in token] == ["Resolve", "Connect", "Handshake", "Request"]
    assert token[-1].step.credentials == "basic:mine"
    assert all(
        t.step.credentials.startswith("token:") for t in tried if isinstance(t.step, Request) and "/manifests/" in t.step.url
    )


@pytest.mark.parametrize(
    "realm", ["http://auth.shop.example/token", "https://10.0.0.5/token", "https://auth.evil.example2/token"]
)
def test_no_credential_for_a_realm_that_may_see_none(realm):
    challenge = answer(401, www_authenticate=f'Bearer realm="{realm}",service="shop"')
    tried = walked(perform=world(**HEALTHY | {"GET /v2/": challenge}), credentials=("mine",))
    sent = [t.step.credentials for t in tried if isinstance(t.step, Request) and t.role == "token" and not t.control]
    assert sent
    assert all(s.startswith("withheld:") for s in sent)


def test_a_registry_that_is_open_at_the_door_may_ask_at_the_manifest():
    def manifest(step):
        return HEALTHY["HEAD /manifests/"] if step.credentials else answer(401, www_authenticate='Basic realm="x"')

    tried = walked(perform=world(**HEALTHY | {"HEAD /manifests/": manifest}), credentials=("mine",))
    assert [t.step.credentials for t in tried if isinstance(t.step, Request) and t.step.method == "HEAD"] == ["", "basic:mine"]
    assert stopped_at(tried) is None


def test_the_second_credential_is_tried_where_the_first_is_refused():
    def manifest(step):
        return HEALTHY["HEAD /manifests/"] if step.credentials == "basic:second" else answer(401)

    basic = {"GET /v2/": answer(401, www_authenticate='Basic realm="x"'), "HEAD /manifests/": manifest}
    refused = {"GET /manifests/1.4.2": answer(401), "GET /no-such": answer(401)}
    tried = walked(perform=world(**refused | HEALTHY | basic), credentials=("first", "second"))
    assert stopped_at(tried) is None


def test_a_refusal_is_asked_again_without_credentials_and_for_what_is_not_there():
    forbidden = {
        "HEAD /manifests/": answer(403),
        "GET /manifests/": answer(403),
        "GET /v2/": answer(401, www_authenticate='Basic realm="x"'),
    }
    tried = walked(perform=world(**forbidden), credentials=("mine",))
    assert [(t.control, t.step.credentials) for t in tried if t.control] == [("credentials", ""), ("repository", "basic:mine")]
    assert "whypull-no-such-repository" in tried[-1].step.url


def test_a_missing_tag_is_held_against_the_list_of_tags():
    gone = {"HEAD /manifests/": answer(404), "GET /manifests/": answer(404), "GET /tags/list": answer(200, '{"tags": []}')}
    tried = walked(perform=world(**gone | {"GET /v2/": HEALTHY["GET /v2/"]}))
    assert tried[-1].control == "tag"


def test_a_mirror_is_asked_first_with_the_registrys_name_and_the_registry_only_where_it_fails():
    mirror = Asked("https://mirror.shop.example/v2", ns=REG)
    upstream = Asked(f"https://{REG}/v2", upstream=True)
    tried = walked(hosts=(mirror, upstream))
    assert {t.role for t in tried} == {"mirror"}
    assert all(f"ns={REG}" in t.step.url for t in tried if isinstance(t.step, Request))
    down = Outcome(ok=False, layer="tcp", errno="ECONNREFUSED", text="dial tcp: connect: connection refused")
    tried = walked(
        perform=world(**HEALTHY, Connect=lambda s: down if s.host == "mirror.shop.example" else None), hosts=(mirror, upstream)
    )
    assert {t.role for t in tried} == {"mirror", "registry"}
    assert stopped_at(tried) is None


def test_a_tag_is_not_asked_of_a_host_that_may_not_resolve():
    hosts = (Asked("https://mirror.shop.example/v2", resolve=False), Asked(f"https://{REG}/v2", upstream=True))
    assert {t.role for t in walked(hosts=hosts)} == {"registry"}
    assert {t.role for t in walked(f"{REG}/shop/api@{DIGEST}", hosts=hosts)} == {"mirror"}


def test_an_http_host_with_tls_settings_is_tried_with_https_first():
    hosts = (Asked("http://registry.shop.example:5000/v2", upstream=True, https_first=True),)
    plain = Outcome(ok=False, layer="tls", text="tls: first record does not look like a TLS handshake")
    tried = walked(perform=world(**HEALTHY, Handshake=plain), hosts=hosts)
    assert [t.step.url.partition(":")[0] for t in tried if isinstance(t.step, Request)][-1] == "http"
    assert stopped_at(tried) is None


def test_a_host_left_out_is_looked_for_at_the_registries_of_the_credentials():
    def manifest(step):
        return answer(404) if "docker.io" in step.url else HEALTHY["HEAD /manifests/"]

    perform = world(**{"GET docker.io/v2/shop/api/manifests": answer(404)} | HEALTHY | {"HEAD /manifests/": manifest})
    tried = walked("shop/api:1.4.2", perform, others=(REG,))
    assert any(t.control == f"registry {REG}" and "/manifests/" in getattr(t.step, "url", "") for t in tried)


def test_a_walk_ends_with_the_time():
    late = Outcome(ok=False, layer="deadline", text="the time for this walk is used up")
    tried = walked(perform=world(Connect=late))
    assert shape(tried)[-1][0] == "Connect"
    assert stopped_at(tried) is None, "that the time was up says nothing of the pull"


def test_signed_values_of_a_redirect_are_in_no_fact():
    away = answer(307, location="https://storage.shop.example/x?X-Amz-Signature=0123456789abcdef")
    tried = walked(perform=world(**{"GET /blobs/": away, "GET storage.shop": answer(200, "{}")} | HEALTHY), depth="layers")
    assert any(t.role == "storage" and isinstance(t.step, Request) for t in tried)
    assert "0123456789abcdef" not in repr(tried)


INDEX = {
    "manifests": [
        {"digest": "sha256:att", "platform": {"os": "unknown", "architecture": "unknown"}},
        {"digest": "sha256:arm", "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}},
        {"digest": "sha256:arm64", "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
        {"digest": "sha256:386", "platform": {"os": "linux", "architecture": "386"}},
        {"digest": "sha256:v3", "platform": {"os": "linux", "architecture": "amd64", "variant": "v3"}},
        {"digest": "sha256:win", "platform": {"os": "windows", "architecture": "amd64"}},
    ]
}


@pytest.mark.parametrize(
    ("platform", "digest"),
    [
        ("linux/amd64", "sha256:386"), ("linux/amd64/v3", "sha256:v3"), ("linux/arm64", "sha256:arm64"), ("linux/arm/v7", "sha256:arm"),
        ("linux/amd64/v9", "sha256:386"), ("linux/arm/v6", ""), ("linux/s390x", ""), ("windows/amd64", "sha256:win"), ("linux", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_entry_that_a_node_takes(platform, digest):
    assert child_for(INDEX, platform) == digest


@pytest.mark.parametrize("odd", [{"manifests": None}, {"manifests": [1, "x", None]}, {"manifests": [{"platform": 5}]}, {}])
def test_indexes_that_are_none(odd):
    assert child_for(odd, "linux/amd64") == ""


def test_an_entry_without_a_platform_fits_any_node():
    assert child_for({"manifests": [{"digest": "sha256:any"}]}, "linux/s390x") == "sha256:any"


def test_what_stopped_a_walk_is_the_furthest_of_its_ways():
    def tried(url, status, words, credentials=""):
        return Tried(Request("GET", url, credentials=credentials), Outcome(True, status=status), words=words, role="registry")

    refused = tried(f"https://{REG}/v2/a/manifests/1", 401, "401", "basic:old")
    gone = tried(f"https://{REG}/v2/a/manifests/1", 404, "404", "basic:new")
    assert stopped_at([refused, gone]) is gone
    assert stopped_at([gone, refused]) is gone

"""What a 401 asks for, and which realms may be given credentials."""

import pytest

from whypull.probe.challenge import challenge_of, private, realm_problem
from whypull.probe.visit import Endpoint
from whypull.steps import Outcome

REGISTRY = Endpoint("https", "registry.shop.example", 443)


def answer(*values):
    return Outcome(ok=True, status=401, headers=tuple(("www-authenticate", v) for v in values))


def test_bearer_comes_before_basic():
    found = challenge_of(
        answer('Basic realm="x"', 'Bearer realm="https://a.example/token",service="s",scope="repository:a:pull"')
    )
    assert (found.scheme, found.realm, found.service, found.scope) == (
        "bearer",
        "https://a.example/token",
        "s",
        "repository:a:pull",
    )


def test_a_header_without_a_scheme_that_is_known():
    assert challenge_of(answer("NTLM")).scheme == "other"
    assert challenge_of(Outcome(ok=True, status=401)).scheme == ""


def test_the_token_url_keeps_a_query_of_the_realm():
    found = challenge_of(answer('Bearer realm="https://a.example/token?x=1",service="s"'))
    assert found.token_url("repository:a/b:pull") == "https://a.example/token?x=1&service=s&scope=repository%3Aa%2Fb%3Apull"


def test_escape_sequences_in_a_challenge_stay_data():
    found = challenge_of(answer('Bearer realm="https://a.example/\x1b[2Jtoken"'))
    assert realm_problem(found.realm, REGISTRY)


@pytest.mark.parametrize(
    ("realm", "words"),
    [
        ("", "no realm"),
        ("/token", "no absolute"),
        ("ftp://a.example/token", "no absolute"),
        ("https://user@a.example/token", "no absolute"),
        ("http://auth.shop.example/token", "plain http"),
        ("https://169.254.169.254/token", "private address"),
        ("https://10.0.0.5/token", "private address"),
        ("https://localhost/token", "private address"),
    ],
)
def test_realms_that_get_no_credentials(realm, words):
    assert words in realm_problem(realm, REGISTRY)


@pytest.mark.parametrize("realm", ["https://auth.shop.example/token", "https://registry.shop.example/v2/token?x=1"])
def test_realms_that_may(realm):
    assert realm_problem(realm, REGISTRY) == ""


def test_a_private_registry_may_have_a_private_realm():
    assert realm_problem("https://10.0.0.6/token", Endpoint("https", "10.0.0.5", 443)) == ""


def test_private():
    assert private("fe80::1")
    assert private("192.168.1.1")
    assert not private("20.61.4.9")
    assert not private("registry.shop.example")

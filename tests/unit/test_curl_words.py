"""What curls of other builds and ages say, as outcomes: OpenSSL 1.1 and 3, NSS, before and after 7.88 and 8."""

import pytest

from whypull.probe.curl_words import not_opened, not_tunnelled, refusal, shaken_by, tunnelled, unanswered
from whypull.probe.few_tools import Way
from whypull.steps import Handshake, Outcome

WAY = Way("203.0.113.7", 443, ("203.0.113.7", 443), False)
PROXIED = Way("203.0.113.128", 3128, ("203.0.113.128", 3128), True)
STEP = Handshake("registry.shop.test", "203.0.113.7", 443)
OPEN = "*   Trying 203.0.113.7:443...\n* Connected to registry.shop.test (203.0.113.7) port 443 (#0)\n"


def shaken(words, out=b"", **more):
    return shaken_by(out, OPEN + words, WAY, STEP, "registry.shop.test", overdue=False, verify=True, **more)


@pytest.mark.parametrize(
    ("words", "errno"),
    [
        ("* connect to 203.0.113.7 port 443 failed: Connection refused\ncurl: (7) Failed to connect", "ECONNREFUSED"),
        ("* connect to 203.0.113.7 port 443 from 10.0.0.4 port 40112 failed: Connection refused", "ECONNREFUSED"),
        ("* Immediate connect fail for 2001:db8::7: Network is unreachable", "ENETUNREACH"),
        ("* connect to 203.0.113.7 port 443 failed: No route to host", "EHOSTUNREACH"),
        (
            "* Connection timed out after 10001 milliseconds\ncurl: (28) Connection timed out after 10001 milliseconds",
            "ETIMEDOUT",
        ),
    ],
)
def test_a_connection_that_does_not_come_about(words, errno):
    assert not_opened(WAY, words, overdue=False).errno == errno
    assert not_opened(WAY, words, overdue=False).layer == "tcp"


def test_what_curl_does_not_tell_is_not_made_up():
    vague = "* Failed to connect to 203.0.113.7 port 443 after 0 ms: Couldn't connect to server"
    assert not_opened(WAY, vague, overdue=False).layer == "not-here"
    assert shaken("* something else broke\n").layer == "not-here"
    assert unanswered("curl: (8) Weird server reply", Outcome(ok=False, layer="http", text="EOF")).layer == "not-here"
    assert not_tunnelled(PROXIED, OPEN + "curl: (56) something new", overdue=False).layer == "not-here"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("* SSL certificate problem: unable to get local issuer certificate", "unable to get local issuer certificate"),
        (
            "* SSL certificate problem: self signed certificate in certificate chain",
            "self signed certificate in certificate chain",
        ),
        ("* SSL certificate problem: certificate has expired", "certificate has expired"),
        (
            "* SSL: no alternative certificate subject name matches target host name 'registry.shop.test'",
            "Hostname mismatch, certificate is not valid for 'registry.shop.test'.",
        ),
        (
            "* SSL: certificate subject name 'other.shop.test' does not match target host name 'registry.shop.test'",
            "Hostname mismatch, certificate is not valid for 'registry.shop.test'.",
        ),
    ],
)
def test_a_chain_that_does_not_verify(words, said):
    assert shaken(words).verify == said
    assert refusal(words, "registry.shop.test").text == f"certificate verify: {said}"


def test_an_address_that_the_certificate_lacks():
    words = "* SSL: no alternative certificate subject name matches target host name '203.0.113.7'"
    assert refusal(words, "203.0.113.7").verify == "IP address mismatch, certificate is not valid for '203.0.113.7'."


def test_a_certificate_that_does_not_verify_and_is_looked_at_all_the_same():
    words = (
        "* SSL connection using TLSv1.2 / ECDHE-RSA-AES128-GCM-SHA256\n* Server certificate:\n*  subject: CN=other.shop.test\n"
        "*  start date: Jun  1 12:00:00 2026 GMT\n*  expire date: Jun  1 12:00:00 2027 GMT\n*  issuer: C=AT; CN=shop CA\n"
        "*  SSL certificate verify result: unable to get local issuer certificate (20), continuing anyway.\n"
    )
    found = shaken(words)
    assert (found.ok, found.version, found.verify) == (True, "TLSv1.2", "")
    leaf = found.chain[0]
    assert (leaf.subject, leaf.issuer) == ("CN=other.shop.test", "CN=shop CA,C=AT")
    assert (leaf.not_before, leaf.not_after) == ("2026-06-01T12:00:00Z", "2027-06-01T12:00:00Z")


def test_a_certificate_without_names_is_refused_as_go_refuses_it():
    words = (
        "* SSL connection using TLSv1.2 / AES\n*  subject: CN=a\n*  issuer: CN=b\n*  common name: registry.shop.test (matched)\n"
    )
    assert "legacy Common Name" in shaken(words).verify


@pytest.mark.parametrize(
    ("words", "errno", "text"),
    [
        ("* OpenSSL SSL_connect: Connection reset by peer in connection to registry.shop.test:443", "ECONNRESET", ""),
        ("* OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to registry.shop.test:443", "EOF", ""),
        ("* TLS connect error: error:0A000126:SSL routines::unexpected eof while reading", "EOF", ""),
        ("* error:1408F10B:SSL routines:ssl3_get_record:wrong version number", "", "first record"),
        ("* SSL received a record that exceeded the maximum permissible length.", "", "first record"),
    ],
)
def test_a_handshake_that_breaks(words, errno, text):
    found = shaken(words)
    assert (found.layer, found.errno) == ("tls", errno)
    assert text in found.text


def test_an_alert_has_its_name_and_a_wish_for_a_certificate_is_seen():
    words = "* TLSv1.2 (IN), TLS handshake, Request CERT (13):\n* error:14094410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure"
    found = shaken(words)
    assert (found.alert, found.wants_client_certificate) == ("handshake_failure", True)


def test_a_proxy_s_answer_is_read_and_its_secrets_left_out():
    out = b"HTTP/1.1 407 Proxy Authentication Required\r\nVia: 1.1 px\r\nSet-Cookie: a=b\r\nProxy-Authenticate: Basic\r\n\r\n"
    found = tunnelled(out, "http://proxy.shop.test:3128")
    assert (found.status, found.layer, found.text) == (407, "proxy", "Proxy Authentication Required")
    assert dict(found.headers)["via"] == "1.1 px"
    assert "set-cookie" not in dict(found.headers)
    assert tunnelled(b"HTTP/1.1 200 Connection established\r\n\r\n", "http://proxy.shop.test:3128").ok
    assert tunnelled(b"HTTP/1.1 200 Conn", "http://proxy.shop.test:3128") is None

"""A registry that means harm: time and memory stay bounded, no credential goes anywhere else, and nothing crashes."""

import contextlib
import json
import time
import tracemalloc

import pytest

from whypull.commands.check import diagnosis_of
from whypull.commands.demo import walk
from whypull.demo.http import Answer, read
from whypull.demo.registry import MANIFEST, PASSWORD, Registry, error
from whypull.demo.stage import HOST, STORAGE_HOST, TOKEN_HOST, Stage
from whypull.model import Case, Pull
from whypull.steps import Request

LONGEST = 25  # seconds that a hostile walk may take on a busy machine; each step is cut at 1.5


def walked(stage):
    stage.resolve()
    tracemalloc.start()
    started = time.monotonic()
    tried = walk(stage)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.monotonic() - started < LONGEST
    assert peak < 100 * 1024 * 1024
    one = diagnosis_of(Case(Pull(image=stage.image), tuple(tried), "here"))
    assert PASSWORD not in repr(tried)
    return tried, one


def raw(stage, *chunks, forever=b"", pause=0.0):
    """A registry that answers every request with these bytes, and then with `forever` again and again."""

    def serve(connection):
        read(connection)
        with contextlib.suppress(OSError):
            for chunk in chunks:
                connection.sendall(chunk)
            end = time.monotonic() + 10
            while forever and time.monotonic() < end:
                connection.sendall(forever)
                time.sleep(pause)

    stage.listen(HOST, serve, stage.ca().context(stage.ca().server([HOST])))
    stage.name_image()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def test_endless_headers():
    with Stage() as stage:
        raw(stage, HEAD, forever=b"X-More: " + b"a" * 4000 + b"\r\n")
        tried, one = walked(stage)
    assert one is None or one.findings or one.said
    assert any(t.outcome.layer == "protocol" for t in tried)


def test_a_body_without_end():
    with Stage() as stage:
        raw(stage, HEAD, b"\r\n", forever=b"x" * 65536)
        tried, _ = walked(stage)
    assert all(len(t.outcome.body) <= 64 * 1024 for t in tried)
    assert any(t.outcome.cut for t in tried)


def test_a_body_that_claims_ten_gigabytes():
    with Stage() as stage:
        raw(stage, HEAD, b"Content-Length: 10737418240\r\n\r\n", forever=b"x" * 65536)
        tried, _ = walked(stage)
    assert all(len(t.outcome.body) <= 64 * 1024 for t in tried)


def test_compression_is_never_undone():
    with Stage() as stage:
        stage.serve_registry(everything=Answer(200, b"\x1f\x8b" + b"\0" * 1000, (("Content-Encoding", "gzip"),)))
        tried, _ = walked(stage)
    assert all(t.outcome.size <= 4 * 1024 * 1024 for t in tried)


def test_drop_by_drop():
    with Stage() as stage:
        raw(stage, b"HTTP/1.1 200 OK\r\n", forever=b"A", pause=0.2)
        tried, _ = walked(stage)
    assert any("i/o timeout" in t.outcome.text for t in tried)


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\x01\x02\x03", b"\xff" * 500, b"HTTP/9.9 abc\r\n\r\n"])
def test_what_is_not_http(words):
    with Stage() as stage:
        raw(stage, words)
        tried, _ = walked(stage)
    assert any(isinstance(t.step, Request) and not t.outcome.status for t in tried)


def test_chunks_that_are_none():
    with Stage() as stage:
        raw(stage, HEAD, b"Transfer-Encoding: chunked\r\n\r\nZZZZ\r\nhello\r\n")
        tried, _ = walked(stage)
    assert any(t.outcome.layer == "protocol" for t in tried)


def test_less_than_content_length_says():
    with Stage() as stage:
        raw(stage, HEAD, b"Content-Length: 500\r\n\r\n{}")
        walked(stage)


def test_escape_sequences_and_scripts_stay_data():
    body = b"<html><script>alert(1)</script>\x1b[2J\x1b]0;owned\x07</html>"
    challenge = (("WWW-Authenticate", 'Bearer realm="https://a.example/\x1b[31mtoken",service="\x1b[2J"'),)
    with Stage() as stage:
        stage.serve_registry(everything=Answer(401, body, challenge, kind="text/html"))
        _, one = walked(stage)
    assert one is not None


def test_redirects_without_end():
    with Stage() as stage:
        stage.serve_registry()
        stage.registry.manifest = Answer(307, b"", (("Location", f"/v2/shop/api/manifests/1.4.2?again={'x' * 2000}"),))
        tried, _ = walked(stage)
    assert sum(isinstance(t.step, Request) for t in tried) < 15


@pytest.mark.parametrize("where", ["file:///etc/passwd", "ftp://a.example/x", "gopher://x", "//", "javascript:alert(1)", "\x00"])
def test_redirects_to_what_is_no_web_address(where):
    with Stage() as stage:
        stage.serve_registry(manifest=Answer(307, b"", (("Location", where),)))
        tried, _ = walked(stage)
    assert all(t.step.url.startswith("http") for t in tried if isinstance(t.step, Request))


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "metadata.google.internal"])
def test_metadata_services_are_not_asked(host):
    with Stage() as stage:
        stage.serve_registry(redirect_blobs=f"http://{host}")
        tried, _ = walked(stage)
    assert all(not t.outcome.status for t in tried if isinstance(t.step, Request) and host.strip("[]") in t.step.url)


def test_a_realm_on_a_private_address_of_a_public_registry_gets_no_credentials():
    from whypull.probe.content import _token

    from whypull.probe.challenge import Challenge
    from whypull.probe.visit import Endpoint, Visit
    from whypull.probe.walk import Target, Trail
    from whypull.reference import parse
    from whypull.steps import Outcome

    image = "registry.shop.example/a:1"
    at = Visit(Endpoint("https", "registry.shop.example", 443), True, "203.0.113.7")
    trail = Trail(Target(image, credentials=("mine",)), parse(image))
    plan = _token(trail, at, Challenge("bearer", "https://10.0.0.5/token", "s"), "repository:a:pull", "mine")
    step, _, _ = next(plan)
    while not isinstance(step, Request):
        step, _, _ = plan.send(Outcome(ok=True))
    assert step.credentials == ""


def test_credentials_stay_with_the_registry_and_its_realm():
    """The storage host, the redirect and another host of the same machine never see the password."""
    other = Registry()
    with Stage() as stage:
        port = stage.https(STORAGE_HOST, other)
        stage.serve_registry(auth="basic", redirect_blobs=f"https://{STORAGE_HOST}:{port}")
        stage.with_credentials = True
        walked(stage)
    assert other.seen
    assert not any(carried for _, _, carried in other.seen)


def test_a_token_service_that_sends_the_password_back():
    def echo(asked):
        return error(401, "UNAUTHORIZED", f"no such account {asked.basic[0]} with {asked.basic[1]}")

    with Stage() as stage:
        port = stage.https(TOKEN_HOST, echo)
        stage.serve_registry(auth="bearer", realm=f"https://{TOKEN_HOST}:{port}/token")
        stage.with_credentials = True
        tried, one = walked(stage)
    assert one is not None
    assert PASSWORD not in json.dumps(one.said)
    assert any("redacted" in t.outcome.body for t in tried)


def test_a_certificate_with_a_hundred_thousand_names():
    with Stage() as stage:
        names = [HOST, *(f"n{i}.shop.test" for i in range(3000))]
        stage.serve_registry(stage.ca().context(stage.ca().server(names)))
        tried, _ = walked(stage)
    assert all(len(c.names) <= 200 for t in tried for c in t.outcome.chain)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"manifests": {"a": 1}}',
        b'{"manifests": [1, null, "x"]}',
        b"null",
        b'"x"',
        b'{"layers": [{"digest": 5}]}',
    ],
)
def test_manifests_that_are_none(body):
    with Stage() as stage:
        stage.serve_registry(manifest=Answer(200, body, kind=MANIFEST))
        walked(stage)


@pytest.mark.parametrize("status", [100, 103, 199, 299, 418, 599, 999])
def test_odd_statuses(status):
    with Stage() as stage:
        stage.serve_registry(everything=Answer(status, b"{}"))
        walked(stage)

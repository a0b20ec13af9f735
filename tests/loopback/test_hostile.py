"""A registry that means harm: time and memory stay bounded, no credential goes anywhere else, and nothing crashes."""

import contextlib
import json
import subprocess
import sys
import time
import tracemalloc

import pytest

from whypull.commands.check import diagnosis_of
from whypull.commands.demo import walk
from whypull.demo.http import Answer, read
from whypull.demo.http import server as http_server
from whypull.demo.registry import MANIFEST, PASSWORD, Registry, error, token_service
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


@pytest.mark.parametrize(
    "realm",
    ["https://10.0.0.5/token", "http://auth.shop.test/token", "https://localhost/token", "https://collector.evil.test/token"],
)
def test_a_realm_that_may_see_nothing_gets_no_credentials(realm):
    """Private, in the clear, this machine, another domain: asked without, and a finding."""
    with Stage() as stage:
        service = TokenService()
        for name, address, port in (("private.shop.test", "10.0.0.5", 443), ("collector.evil.test", "203.0.113.66", 443)):
            context = stage.ca().context(stage.ca().server([name, "10.0.0.5", "localhost", "collector.evil.test"]))
            stage.names[name] = (address,)
            stage.listen(name, http_server(service), context, port=port, address=address)
        stage.listen(TOKEN_HOST, http_server(service), port=80)
        stage.serve_registry(auth="bearer", realm=realm)
        stage.with_credentials = True
        tried, one = walked(stage)
    assert not any(service.carried)
    assert one.findings[0].cause == "auth.token-endpoint"
    assert one.findings[0].certainty != "proved" or "localhost" in realm, "the last cannot be reached by anybody"
    assert all(
        "withheld" in t.step.credentials for t in tried if isinstance(t.step, Request) and t.role == "token" and not t.control
    )


def test_a_realm_that_the_user_vouches_for_is_asked_with_credentials():
    with Stage() as stage:
        service = TokenService()
        stage.names["auth.partner.test"] = ("203.0.113.66",)
        stage.listen(
            "auth.partner.test",
            http_server(service),
            stage.ca().context(stage.ca().server(["auth.partner.test"])),
            address="203.0.113.66",
        )
        stage.serve_registry(auth="bearer", realm="https://auth.partner.test/token")
        stage.with_credentials, stage.realms = True, ("auth.partner.test",)
        _, one = walked(stage)
    assert any(service.carried)
    assert one is None


class TokenService:
    """A token service that notes who showed it credentials."""

    def __init__(self):
        self.carried = []
        self.serve = token_service()

    def __call__(self, asked):
        self.carried.append("authorization" in asked.headers)
        return self.serve(asked)


def test_a_token_is_not_shown_to_another_registry_with_the_same_path():
    from whypull.probe.vault import Vault

    vault = Vault()
    vault.keep_token("token:registry.shop.test:me:repository:a:pull", b'{"token": "abcdef"}')
    assert vault.header("token:registry.shop.test:me:repository:a:pull", "registry.shop.test") == "Bearer abcdef"
    assert vault.header("token:registry.shop.test:me:repository:a:pull", "registry.other.test") == ""


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


def test_a_certificate_with_a_megabyte_of_names():
    with Stage() as stage:
        names = [HOST, *(f"n{i:05}.{'long' * 10}.shop.test" for i in range(18_000))]
        stage.serve_registry(stage.ca().context(stage.ca().server(names)))
        tried, one = walked(stage)
    assert all(len(c.names) <= 200 for t in tried for c in t.outcome.chain)
    assert [f.cause for f in one.findings] == ["tls.handshake-failure"]


@pytest.mark.parametrize(
    "answer",
    [
        "CIRCLE",
        b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\x7f\x00\x00\x01",
        b"\x81\x80" + b"\xff" * 400,
        b"",
        b"\x81\x80\x00\x01\xff\xff\x00\x00\x00\x00",
    ],
)
def test_answers_of_a_nameserver_that_lead_in_circles(answer):
    with Stage() as stage:
        stage.serve_registry()
        stage.names[HOST] = answer
        _, one = walked(stage)
    assert one.findings[0].cause.startswith("dns.")


@pytest.mark.parametrize(
    "where",
    [
        "https://storage.shop.test/ä b?x=\r\nAuthorization:%20Basic",
        "https://stör.shop.test/x",
        "https://storage.shop.test:99999/x",
        "https://[::1/x",
        "http://user:pass@storage.shop.test/x",
    ],
)
def test_addresses_that_would_be_headers(where):
    """What comes from a registry never becomes a line of a request."""
    with Stage() as stage:
        stage.https(STORAGE_HOST, Registry())
        stage.serve_registry(blob=Answer(307, b"", (("Location", where.replace("\r\n", "%0d%0a")),)))
        tried, _ = walked(stage)
    assert all("pass@" not in repr(t) for t in tried)


def test_a_challenge_that_would_be_a_header():
    challenge = (
        b'WWW-Authenticate: Bearer realm="https://auth.shop.test/token",service="x\r\n Authorization: Basic eDp5",scope="\ty"\r\n'
    )
    with Stage() as stage:
        raw(stage, b"HTTP/1.1 401 Unauthorized\r\n" + challenge + b"Content-Length: 0\r\n\r\n")
        tried, _ = walked(stage)
    for one in tried:
        if isinstance(one.step, Request):
            assert "\n" not in one.step.url
            assert " " not in one.step.url


def test_the_time_for_all_of_it_holds():
    with Stage() as stage:
        raw(stage, b"HTTP/1.1 200 OK\r\n", forever=b"A", pause=0.2)
        stage.resolve()
        started = time.monotonic()
        tried = walk(stage, seconds=10, deadline=started + 1.5)
    assert time.monotonic() - started < 2.5
    assert tried


@pytest.mark.parametrize(
    ("head", "more", "times"),
    [
        (HEAD + b"\r\n", b"x", 65536),
        (HEAD, b"X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 1000),
        (HEAD + b"Content-Length: 10737418240\r\nContent-Encoding: gzip\r\n\r\n", b"\0", 65536),
    ],
)
def test_memory_of_the_whole_process(head, more, times):
    """Under 150 MB, the demo's own servers included."""
    script = f"""
import contextlib, time
from whypull.commands.demo import walk
from whypull.demo.http import read
from whypull.demo.stage import HOST, Stage
def serve(connection):
    read(connection)
    with contextlib.suppress(OSError):
        connection.sendall({head!r})
        end = time.monotonic() + 10
        while time.monotonic() < end:
            connection.sendall({more!r} * {times})
with Stage() as stage:
    stage.listen(HOST, serve, stage.ca().context(stage.ca().server([HOST])))
    stage.name_image()
    stage.resolve()
    walk(stage)
# Not getrusage: its maximum is handed down by the process that started this one.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) < 150 * 1024


def test_nothing_of_a_registry_reaches_the_terminal_as_a_control(capsys):
    from whypull.commands.explain import parser, rendered
    from whypull.model import Reading

    body = "<html><script>alert(1)</script>\x1b[2J\x1b]0;owned\x07\x9b31m</html>"
    with Stage() as stage:
        stage.serve_registry(everything=Answer(403, body.encode("latin-1"), (("Server", "\x1b[31mx"),), kind="text/html"))
        stage.resolve()
        case = Case(Pull(image=stage.image), tuple(walk(stage)), "here")
    one = diagnosis_of(case)
    for kind in ("text", "json", "yaml", "markdown"):
        text = rendered([one], Reading((case,)), parser().parse_args(["-o", kind]))
        assert not set(text) & {"\x1b", "\x07", "\x9b", "\x00"}


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

"""The plain reader and h11: the same answer to the same bytes, however they come; and what may be written."""

import socket
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whypull.probe.http1 import exchange, written
from whypull.probe.http1_odd import judged

HEADERS = [("Host", "registry.shop.test"), ("Connection", "close")]
BODY = b'{"errors": []}'


def heard(data, method="GET", limit=64, pieces=1, *, plain=True):
    """What one of the two readers makes of these bytes."""
    ours, theirs = socket.socketpair()
    size = max(1, len(data) // pieces)

    def send():
        theirs.settimeout(5)
        if plain:
            theirs.recv(4096)
        for at in range(0, len(data), size):
            theirs.sendall(data[at : at + size])
        theirs.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        until = time.monotonic() + 5
        if plain:
            return exchange(ours, method, "/v2/", HEADERS, limit=limit, deadline=until)
        first = ours.recv(4096)
        return judged(ours, first, method, "/v2/", HEADERS, limit, until) if first else None
    finally:
        thread.join()
        ours.close()
        theirs.close()


def head(*lines, status="200 OK"):
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


ANSWERS = [
    head("Content-Length: 14") + BODY,
    head("Content-Length: 14", "X: a b ", "x-empty:", "DATE: today") + BODY,
    head("Content-Length: 500") + BODY,
    head("Content-Length: 0"),
    head("Content-Length: 100") + b"x" * 100,
    head("Content-Length: 64") + b"x" * 64,
    head("Content-Length: 14", "Content-Length: 14") + BODY,
    head("Content-Length: 14", "Content-Length: 15") + BODY,
    head("Content-Length: -1") + BODY,
    head("Content-Length: 1x") + BODY,
    head("Content-Length: 14") + BODY + b"more than it said",
    head("Transfer-Encoding: chunked") + b"e\r\n" + BODY + b"\r\n0\r\n\r\n",
    head("Transfer-Encoding: chunked") + b"ZZ\r\n",
    head("Transfer-Encoding: chunked", "Content-Length: 14") + b"e\r\n" + BODY + b"\r\n0\r\n\r\n",
    head() + BODY,
    head(status="204 No Content"),
    head("Content-Length: 14", status="304 Not Modified"),
    head('WWW-Authenticate: Bearer realm="x"', "Content-Length: 0", status="401 Unauthorized"),
    head("Content-Length: 0", status="418 "),
    head("Content-Length: 0", status="599 Odd"),
    head("Content-Length: 0", status="999 Odd"),
    head(status="100 Continue") + head("Content-Length: 14") + BODY,
    b"HTTP/1.0 200 OK\r\n\r\nold",
    b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/9.9 abc\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    b"HTTP/1.1 200 OK\r\nX: a\r\n b: folded\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nX: \x1b[2J\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nX: \xe4\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 O\xe4\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\n",
    b"HT",
    b"\x15\x03\x01\x00\x02\x02F",
]  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("data", ANSWERS)
def test_both_hear_the_same(data, method):
    assert heard(data, method) == heard(data, method, plain=False)
    whole, slow = heard(data, method), heard(data, method, pieces=7)
    assert slow.problem[:24] == whole.problem[:24], "what is quoted of a broken answer is what had come by then"
    assert (slow.status, slow.headers, slow.body, slow.whole, slow.cut) == (
        whole.status,
        whole.headers,
        whole.body,
        whole.whole,
        whole.cut,
    )


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(ANSWERS),
    st.lists(
        st.tuples(st.integers(0, 120), st.sampled_from([b"", b"\r", b"\n", b"\x00", b" ", b":", b"\xff", b"1", b"chunked"])),
        max_size=3,
    ),
)
def test_both_hear_the_same_of_damaged_answers(data, damage):
    for at, what in damage:
        data = data[:at] + what + data[at + 1 :]
    if data:
        assert heard(data) == heard(data, plain=False)


def test_no_byte_is_an_end():
    assert heard(b"").problem == "EOF"


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/v2/\r\nX: y", HEADERS), ("/v2/ x", HEADERS), ("/ä", HEADERS), ("", HEADERS),
        ("/v2/", [("Authorization", "Bearer a\r\nX: y")]), ("/v2/", [("A\n", "b")]), ("/v2/", [("A", "ü")]),
    ],
)  # fmt: skip
def test_what_would_be_another_line_is_not_written(target, headers):
    assert written("GET", target, headers) == b""


def test_a_request_as_bytes():
    assert written("GET", "/v2/", HEADERS) == b"GET /v2/ HTTP/1.1\r\nHost: registry.shop.test\r\nConnection: close\r\n\r\n"

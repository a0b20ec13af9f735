"""HTTP as an API server speaks it: the same as the standard library's client reads, and a clear word for what is no HTTP."""

import contextlib
import http.client
import socket
import threading

import pytest

from whypull.read.api_answer import Memory
from whypull.read.api_http import BrokenAnswer, Exchange, Unwritable

LARGEST = 1 << 24


def served(answer, *, ends=True):
    """A socket at whose other end this answer was sent."""
    near, far = socket.socketpair()
    near.settimeout(5)

    def send():
        with contextlib.suppress(OSError):  # the test may have seen enough, and closed it
            far.sendall(answer)
            if ends:
                far.shutdown(socket.SHUT_WR)

    threading.Thread(target=send, daemon=True).start()
    return near, far


def ours(answer):
    near, far = served(answer)
    exchange = Exchange(near)
    try:
        response = exchange.ask("GET", "/x", [("Host", "api")])
        return (
            response.status,
            response.reason,
            response.headers,
            bytes(Memory().received(response, LARGEST)),
            response.will_close,
        )
    finally:
        exchange.close()
        far.close()


def theirs(answer):
    near, far = served(answer)
    response = http.client.HTTPResponse(near, method="GET")
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    found = response.status, response.reason, headers, response.read(), response.will_close
    near.close()
    far.close()
    return found


def head(*lines, status="200 OK"):
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


CHUNKS = b"5\r\nhello\r\n7;name=value\r\n, world\r\n0\r\nTrailer: x\r\n\r\n"
WELL_FORMED = {
    "a length": head("Content-Length: 5") + b"hello",
    "no body": head("Content-Length: 0"),
    "a large body": head("Content-Length: 3000000") + b"0123456789" * 300_000,
    "chunks": head("Transfer-Encoding: chunked") + CHUNKS,
    "a large chunk": head("Transfer-Encoding: chunked") + b"2dc6c0\r\n" + b"0123456789" * 300_000 + b"\r\n0\r\n\r\n",
    "until it closes": head("Content-Type: text/plain") + b"hello\nworld",
    "it will close": head("Content-Length: 5", "Connection: close") + b"hello",
    "go on first": head(status="100 Continue") + head("Content-Length: 5") + b"hello",
    "nothing to say": head(status="204 No Content"),
    "no reason": head("Content-Length: 2", status="404") + b"{}",
    "a reason of words": head("Content-Length: 2", status="429 Too Many Requests") + b"{}",
    "blanks about a value": head("Content-Length:  5", "X-Y:\tz") + b"hello",
    "lines end in one character": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
}


@pytest.mark.parametrize("answer", WELL_FORMED.values(), ids=WELL_FORMED)
def test_the_standard_library_reads_the_same(answer):
    assert ours(answer) == theirs(answer)


BROKEN = {
    "another protocol": (b"SSH-2.0-OpenSSH_9.6\r\n", "does not speak HTTP"),
    "TLS where none is wanted": (b"\x15\x03\x01\x00\x02\x02\x16", "does not speak HTTP"),
    "HTTP/2": (b"HTTP/2 200\r\n\r\n", "does not speak HTTP"),
    "no status": (b"HTTP/1.1 fine\r\n\r\n", "does not speak HTTP"),
    "a header without a colon": (head("Content-Length"), "headers cannot be read"),
    "a folded header": (head("X-Y: a", " b"), "headers cannot be read"),
    "a head that ends": (b"HTTP/1.1 200 OK\r\nContent-Le", "headers cannot be read"),
    "endless headers": (head(*(f"X-{n}: y" for n in range(300))), "too many headers"),
    "two lengths": (head("Content-Length: 5", "Content-Length: 6") + b"hello", "two lengths"),
    "a length that is none": (head("Content-Length: -5") + b"hello", "does not say how long"),
    "a chunk without size": (head("Transfer-Encoding: chunked") + b"zz\r\nhello\r\n", "does not say how long"),
    "a chunk that ends": (head("Transfer-Encoding: chunked") + b"a\r\nhello", "ended too early"),
    "a chunk that is longer": (head("Transfer-Encoding: chunked") + b"2\r\nhello\r\n0\r\n\r\n", "chunks cannot be read"),
    "chunks that end": (head("Transfer-Encoding: chunked") + b"5\r\nhello\r\n", "does not say how long"),
    "a body that ends": (head("Content-Length: 50") + b"hello", "45 bytes of it are missing"),
}


@pytest.mark.parametrize(("answer", "words"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_http_is_said(answer, words):
    with pytest.raises(BrokenAnswer, match=words):
        ours(answer)


def test_a_connection_that_closes_without_an_answer():
    with pytest.raises(ConnectionResetError):
        ours(b"")


@pytest.mark.parametrize("value", ["to\nken", "to\rken", "tök", "x\r\nEvil: 1"])
def test_what_no_header_can_carry_is_not_sent(value):
    near, far = served(b"")
    with pytest.raises(Unwritable):
        Exchange(near).ask("GET", "/x", [("Authorization", value)])
    far.setblocking(False)
    with pytest.raises(BlockingIOError):
        far.recv(1)
    near.close()
    far.close()


@pytest.mark.parametrize(
    "answer",
    [
        head("Transfer-Encoding: chunked") + b"6\r\none\ntw\r\n2\r\no\n\r\n",
        head("Content-Type: application/json") + b"one\ntwo\n",
    ],
    ids=["chunks", "until it closes"],
)
def test_a_line_is_there_before_the_rest_is(answer):
    near, far = served(answer, ends=False)
    response = Exchange(near).ask("GET", "/x", [])
    assert [response.readline(LARGEST), response.readline(LARGEST)] == [b"one\n", b"two\n"]
    far.close()
    near.close()


def test_lines_to_the_end():
    near, far = served(head("Transfer-Encoding: chunked") + b"9\r\none\ntwo\nt\r\n4\r\nhree\r\n0\r\n\r\n")
    response = Exchange(near).ask("GET", "/x", [])
    assert [response.readline(LARGEST) for _ in range(4)] == [b"one\n", b"two\n", b"three", b""]
    near.close()
    far.close()


def test_a_body_is_not_read_beyond_what_is_taken():
    near, far = served(head("Content-Length: 1000") + b"x" * 1000)
    response = Exchange(near).ask("GET", "/x", [])
    assert len(Memory().received(response, 100)) == 100
    assert not response.ended
    near.close()
    far.close()

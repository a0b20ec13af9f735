"""Pulls over a runtime's socket, as the kubelet does: CRI's ImageService, PullImage.

The request has five fields, so it is written by hand (https://protobuf.dev/programming-guides/encoding/): that spares
stubs, which would have to be made from a .proto file of some version of Kubernetes.
"""

from __future__ import annotations

import dataclasses
import socket
import time

PULL = "/runtime.v1.ImageService/PullImage"


@dataclasses.dataclass(frozen=True)
class Pulled:
    """What came of a pull: the runtime's own code and words where it failed."""

    ok: bool
    code: str = ""  # as the kubelet prints it: Unknown, NotFound, …
    text: str = ""
    seconds: float = 0.0

    @property
    def spoke(self) -> bool:
        """Whether the runtime came to an end and said something."""
        return bool(self.text)

    def event(self, image: str) -> str:
        """What the kubelet's event says of it; the output itself where it is no runtime's."""
        if not self.code:
            return self.text
        return f'Failed to pull image "{image}": rpc error: code = {self.code} desc = {self.text}'


def pull(path: str, image: str, user: str = "", password: str = "", seconds: float = 60.0) -> Pulled:
    """Pulls an image over the socket at `path`, with credentials or none."""
    import grpc

    started = time.monotonic()
    away = nobody(path)
    if away:
        return Pulled(False, "Unavailable", away)
    account = _text(1, user) + _text(2, password) if user else b""
    request = _message(1, _text(1, image)) + (_message(2, account) if account else b"")
    with grpc.insecure_channel(f"unix:{path}", options=[("grpc.enable_http_proxy", 0)]) as channel:
        ask = channel.unary_unary(PULL, request_serializer=None, response_deserializer=None)
        try:
            ask(request, timeout=seconds)
        except grpc.RpcError as e:
            took = time.monotonic() - started
            if took >= seconds:  # ours, whatever the runtime makes of being cut off: said as the kubelet's client says it
                return Pulled(False, "DeadlineExceeded", "context deadline exceeded", took)
            words = "".join(part.capitalize() for part in e.code().name.split("_"))  # type: ignore[attr-defined]
            return Pulled(False, words, e.details(), took)  # type: ignore[attr-defined]
    return Pulled(True, seconds=time.monotonic() - started)


def nobody(path: str) -> str:
    """Why nobody answers on a socket, as the kubelet's client words it; empty where somebody does."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError as e:
            dial = f"dial unix /run/containerd/containerd.sock: connect: {(e.strerror or str(e)).lower()}"
            return f'connection error: desc = "transport: Error while dialing: {dial}"'
    return ""


def ready(path: str, seconds: float = 20.0) -> None:
    """Waits until the image service of a runtime is there, or says that it never will be. Raises TimeoutError."""
    import grpc

    until = time.monotonic() + seconds
    while True:
        with grpc.insecure_channel(f"unix:{path}", options=[("grpc.enable_http_proxy", 0)]) as channel:
            ask = channel.unary_unary("/runtime.v1.ImageService/ListImages", request_serializer=None, response_deserializer=None)
            try:
                ask(b"", timeout=5)
            except grpc.RpcError as e:
                if "not initialized" in (e.details() or "") and time.monotonic() < until:  # type: ignore[attr-defined]
                    time.sleep(0.05)
                    continue
        return


def wait_for(path: str, seconds: float = 20.0) -> None:
    """Waits until somebody answers on a socket. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while True:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(path)
            except OSError:
                if time.monotonic() > until:
                    raise TimeoutError(f"nobody answers on {path}") from None
                time.sleep(0.02)
            else:
                return


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode())


def _message(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])

"""A DNS server on loopback that answers A and AAAA from a table, or as badly as it is told."""

from __future__ import annotations

import contextlib
import socket
import threading

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self


class Names:
    """Answers on 127.0.0.1 over UDP. `table` maps a name to addresses, or to NXDOMAIN, NODATA, SERVFAIL, REFUSED, SILENT.

    CIRCLE is a chain of aliases that ends where it began; bytes are sent as they are, behind the question's own id.
    """

    def __init__(self, table: Mapping[str, str | bytes | tuple[str, ...]]) -> None:
        self.table = dict(table)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._open = True

    @property
    def address(self) -> str:
        """How a walk names this server."""
        return f"127.0.0.1#{self.port}"

    def __enter__(self) -> Self:
        """Starts to answer."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops."""
        self._open = False
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            knock.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(2)
        self._socket.close()

    def _serve(self) -> None:
        while self._open:
            data, peer = self._socket.recvfrom(4096)
            with contextlib.suppress(dns.exception.DNSException):
                answer = self._answer(dns.message.from_wire(data)) if data else None
                if answer is not None:
                    self._socket.sendto(data[:2] + answer if isinstance(answer, bytes) else answer.to_wire(), peer)

    def _answer(self, asked: dns.message.Message) -> dns.message.Message | bytes | None:
        question = asked.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        found = self.table.get(name, "NXDOMAIN")
        if found == "SILENT" or isinstance(found, bytes):
            return found if isinstance(found, bytes) else None
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.RA
        if found == "CIRCLE":
            there, back = f"a.{name}.", f"{name}."
            answer.answer = [dns.rrset.from_text(n, 5, "IN", "CNAME", t) for n, t in ((back, there), (there, back))]
            return answer
        if isinstance(found, str):
            answer.set_rcode(dns.rcode.NOERROR if found == "NODATA" else dns.rcode.from_text(found))
            return answer
        wanted = dns.rdatatype.to_text(question.rdtype)
        fit = [a for a in found if (":" in a) == (wanted == "AAAA")]
        if fit and wanted in {"A", "AAAA"}:
            answer.answer.append(dns.rrset.from_text(question.name, 5, "IN", wanted, *fit))
        return answer

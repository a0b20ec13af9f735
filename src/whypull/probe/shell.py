"""Performs a step from a node, with nothing but what the node's own shell has: bytes are relayed, the protocols are spoken here.

A relay is one command on the node that joins its stdin and stdout to one TCP connection. So TLS, HTTP and the proxy's
words are read by the same code as from here, and the node needs bash, or nc, socat, perl or python3, and getent. Where
it has only openssl or curl, fewbytes.py does with those, and says what that costs.
"""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from typing import IO, NamedTuple, Protocol

from whypull.steps import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from whypull.steps import Resolve

CONNECTED = b"whypull-connected\n"
LARGEST_OUTPUT = 16 * 1024 * 1024  # bytes of one command's output
_ADDRESS = re.compile(r"[0-9a-fA-F.:%a-z]{2,64}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,253}")
_ERRNO = (
    ("connection refused", "ECONNREFUSED", "connection refused"),
    ("no route to host", "EHOSTUNREACH", "no route to host"),
    ("network is unreachable", "ENETUNREACH", "network is unreachable"),
    ("timed out", "ETIMEDOUT", "i/o timeout"),
    ("permission denied", "EACCES", "permission denied"),
    ("operation not permitted", "EPERM", "operation not permitted"),
    ("invalid argument", "EINVAL", "invalid argument"),
    ("cannot assign requested address", "EADDRNOTAVAIL", "cannot assign requested address"),
)


class Transport(Protocol):
    """A way to run a shell command on the node: ssh, exec into a pod there, nsenter in a test."""

    def command(self, script: str) -> Sequence[str]:
        """The arguments of a local process that runs the script by the node's sh, its stdin and stdout passed through."""


class Ran(NamedTuple):
    """What a command on the node gave."""

    code: int
    out: bytes
    err: str


class NodeLost(Exception):
    """The way to the node broke: ssh or exec failed before the node's shell ran. The message is for people."""


# Each relay prints CONNECTED when the connection stands, so that what follows is the other side's.
# bash closes a background job's stdin, hence the copy in descriptor 4.
_RELAYS = {
    "bash": (
        'bash -c \'exec 3<>/dev/tcp/{address}/{port} || exit 7; printf "whypull-connected\\n"; exec 4<&0; '
        "cat <&4 >&3 & cat <&3; kill $! 2>/dev/null'"
    ),
    "python3": (
        "python3 -c '\nimport os,select,socket,sys\n"
        'try: s=socket.create_connection(("{address}",{port}),{seconds})\n'
        "except OSError as e: sys.stderr.write(str(e.strerror or e)); sys.exit(7)\n"
        's.settimeout(None); os.write(1,b"whypull-connected\\n"); r=[0,s]\n'
        "while s in r:\n"
        " for f in select.select(r,[],[])[0]:\n"
        "  d=os.read(0,65536) if f==0 else s.recv(65536)\n"
        "  if f==0:\n"
        "   if d: s.sendall(d)\n"
        "   else: r.remove(0)\n"
        "  elif d:\n"
        "   while d: d=d[os.write(1,d):]\n"
        "  else: sys.exit(0)\n'"
    ),
    "perl": (
        'perl -MIO::Socket::INET -MIO::Select -e \'$s=IO::Socket::INET->new(PeerAddr=>"{address}",PeerPort=>{port},'
        'Timeout=>{seconds}) or do {{ print STDERR "$!"; exit 7 }}; syswrite STDOUT,"whypull-connected\\n"; '
        "$w=IO::Select->new($s,\\*STDIN); while(@r=$w->can_read) {{ for $f (@r) {{ $n=sysread $f,$d,65536; "
        "if($f==$s) {{ exit 0 unless $n; syswrite STDOUT,$d }} elsif($n) {{ syswrite $s,$d }} "
        "else {{ $w->remove(\\*STDIN) }} }} }}'"
    ),
    "socat": "printf 'whypull-connected\\n'; socat -t 10 STDIO TCP:{bracketed}:{port},connect-timeout={seconds}",
    "nc": "printf 'whypull-connected\\n'; nc -w {seconds} {address} {port}",
}
# socat and nc say that they are connected in no common way: a refused connection shows as an early end there.
_TELLS = ("bash", "python3", "perl")


@dataclass(slots=True)
class Shell:
    """A node behind a transport: what tools it has, and connections and look-ups made from it."""

    transport: Transport
    seconds: float = 10.0  # of one step
    tools: frozenset[str] = frozenset()
    clock_skew: float = 0.0  # seconds that the node's clock is ahead of this machine's
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list, repr=False)

    WANTED = (
        "bash", "python3", "perl", "socat", "nc", "openssl", "curl", "getent", "nslookup", "dig", "timeout", "od", "dd",
        "tar", "base64", "crictl", "ip", "df", "cat",
    )  # fmt: skip

    def look(self) -> None:
        """Finds the node's tools. Raises NodeLost where the node's shell cannot be run."""
        names = " ".join(self.WANTED)
        began = time.time()
        ran = self.run(f"echo whypull; date +%s; for t in {names}; do command -v $t >/dev/null 2>&1 && echo $t; done; true", 20)
        lines = ran.out.decode("utf-8", "replace").split()
        if "whypull" not in lines:
            raise NodeLost(_lost(ran))
        lines = lines[lines.index("whypull") + 1 :]
        if lines and lines[0].isdigit():
            self.clock_skew = float(lines[0]) - (began + time.time()) / 2
        self.tools = frozenset(lines) & frozenset(self.WANTED)

    @property
    def relay(self) -> str:
        """The tool that connections go through; empty where the node has none."""
        return next((name for name in _RELAYS if name in self.tools), "")

    def costs(self) -> tuple[str, ...]:
        """One sentence for each check that a missing tool costs on this node."""
        found = []
        if not self.relay:
            found.append(
                "The node has neither bash nor python3, perl, socat or nc: connections are judged by openssl's or curl's words."
            )
        elif self.relay not in _TELLS:
            found.append(
                f"Connections go through {self.relay}, which does not tell a refused connection from one that is closed early."
            )
        if not self.tools & {"getent", "nslookup"}:
            found.append("The node has no getent: its own way of looking up names (nsswitch, hosts file) is not seen.")
        if not (self._asks_by_udp() or self.relay):
            found.append("No nameserver can be asked by itself from this node.")
        return tuple(found)

    def run(self, script: str, seconds: float = 30, stdin: bytes = b"") -> Ran:
        """Runs a script by the node's sh; credentials go to stdin, never into the script. Raises NodeLost after `seconds`."""
        try:
            done = subprocess.run(  # noqa: S603 - the transport's own command
                list(self.transport.command(script)), input=stdin, capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as e:
            raise NodeLost(f"no answer from the node's shell in {seconds:.0f} s") from e
        except OSError as e:
            raise NodeLost(f"{self.transport.command('')[0]} cannot be run: {(e.strerror or str(e)).lower()}") from e
        return Ran(done.returncode, done.stdout[:LARGEST_OUTPUT], done.stderr.decode("utf-8", "replace")[:8192])

    def close(self) -> None:
        """Ends every relay that is still open."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        self._processes.clear()

    # ------------------------------------------------------------ connections

    def open(self, address: str, port: int, until: float) -> socket.socket | Outcome:
        """A connection from the node to one address, as a socket here; or the words of its failure. `until` is monotonic."""
        if not self.relay:
            return Outcome(ok=False, layer="not-here", text="this node has no tool that opens a connection")
        if not (_ADDRESS.fullmatch(address) or _NAME.fullmatch(address)) or not 0 < port < 65536:
            return Outcome(ok=False, layer="tcp", text=f"dial tcp {_joined(address, port)}: no such address")
        seconds = max(1, round(until - time.monotonic()))
        bracketed = f"[{address}]" if ":" in address else address
        script = _RELAYS[self.relay].format(address=address, bracketed=bracketed, port=port, seconds=seconds)
        if "timeout" in self.tools:
            # The relay must not outlive us on the node, whatever becomes of the transport.
            script = f"timeout {seconds + 20} sh -c {shlex.quote(script)}"
        ours, theirs = socket.socketpair()
        words = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the relay
        try:
            argv = list(self.transport.command(script))
            process = subprocess.Popen(argv, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=words)  # noqa: S603
        except OSError as e:
            ours.close()
            raise NodeLost(f"{self.transport.command('')[0]} cannot be run: {(e.strerror or str(e)).lower()}") from e
        finally:
            theirs.close()
        self._processes.append(process)
        return self._greeted(ours, process, words, _joined(address, port), until)

    def _greeted(
        self, ours: socket.socket, process: subprocess.Popen[bytes], words: IO[bytes], target: str, until: float
    ) -> socket.socket | Outcome:
        """The socket once the relay says that it is connected; else why it is not."""
        got = b""
        try:
            while len(got) < len(CONNECTED):
                ours.settimeout(max(0.05, until - time.monotonic()))
                more = ours.recv(len(CONNECTED) - len(got))
                if not more:
                    break
                got += more
        except TimeoutError:
            process.kill()
            ours.close()
            words.close()
            return Outcome(ok=False, layer="tcp", text=f"dial tcp {target}: i/o timeout", errno="ETIMEDOUT", peer=target)
        except OSError:
            pass
        if got == CONNECTED:
            words.close()
            return ours
        ours.close()
        process.wait()
        words.seek(0)
        said = words.read(4096).decode("utf-8", "replace")
        words.close()
        return _failed(said, target)

    # ------------------------------------------------------------ names

    def resolve(self, step: Resolve, until: float) -> Outcome:
        """What the node's own resolver, or one nameserver asked from the node, says of a host."""
        if not _NAME.fullmatch(step.host.rstrip(".")):
            return Outcome(ok=False, layer="dns", text=f"lookup {step.host[:255]}: no such host", rcode="NXDOMAIN")
        return self._ask(step, until) if step.server else self._own_way(step, until)

    def _own_way(self, step: Resolve, until: float) -> Outcome:
        """getent: the C library's way. It tells no reason, so a long silence is taken for a silent nameserver."""
        if "getent" not in self.tools:
            return self._by_nameserver_of_node(step, until)
        database = {"A": "ahostsv4", "AAAA": "ahostsv6"}.get(step.family, "ahosts")
        began = time.monotonic()
        ran = self.run(f"getent {database} {step.host} || getent hosts {step.host}", max(1.0, until - began) + 5)
        took = time.monotonic() - began
        found = tuple(dict.fromkeys(line.split()[0] for line in ran.out.decode("utf-8", "replace").splitlines() if line.strip()))
        if found:
            return Outcome(ok=True, addresses=found[:64], rcode="NOERROR", ms=round(took * 1000))
        if took > 4:
            words = "Temporary failure in name resolution"
            return Outcome(ok=False, layer="dns", text=f"lookup {step.host}: {words}", errno="ETIMEDOUT", ms=round(took * 1000))
        return Outcome(ok=False, layer="dns", text=f"lookup {step.host}: no address", ms=round(took * 1000))

    def _by_nameserver_of_node(self, step: Resolve, until: float) -> Outcome:
        from whypull.steps import Resolve as Ask  # noqa: PLC0415

        for server in self.nameservers():
            answer = self._ask(Ask(step.host, step.family or "A", server), until)
            if answer.ok or answer.rcode:
                return answer
        return Outcome(ok=False, layer="not-here", text="this node has no tool that looks up names")

    def nameservers(self) -> tuple[str, ...]:
        """The nameservers of the node's resolv.conf, in order."""
        text = self.run("cat /etc/resolv.conf").out.decode("utf-8", "replace")
        return tuple(re.findall(r"(?m)^\s*nameserver\s+(\S+)", text))[:3]

    def _asks_by_udp(self) -> bool:
        return {"bash", "dd", "od"} <= self.tools

    def _ask(self, step: Resolve, until: float) -> Outcome:
        """One question to one nameserver, by UDP through bash where the node has it, else by TCP through the relay."""
        from whypull.probe.dns import answered, question, unanswered  # noqa: PLC0415

        address, _, port = step.server.partition("#")
        if not _ADDRESS.fullmatch(address):
            return Outcome(
                ok=False, layer="dns", text=f"lookup {step.host} on {step.server}: no such nameserver", server=step.server
            )
        asked = question(step)
        if not self._asks_by_udp():
            return self._ask_by_tcp(step, address, int(port or 53), asked, until)
        escaped = "".join(f"\\x{byte:02x}" for byte in asked)
        limit = "timeout 5 " if "timeout" in self.tools else ""
        read = f"{limit}dd bs=4096 count=1 <&3 | od -An -v -tx1"
        # Not bash's own printf: it flushes at a newline, and a byte 10 would cut the datagram in two.
        inner = f"exec 3<>/dev/udp/{address}/{port or 53} && env printf '%b' {shlex.quote(escaped)} >&3 && {read}"
        began = time.monotonic()
        ran = self.run(f"bash -c {shlex.quote(inner)}", 12)
        wire = (
            bytes.fromhex("".join(ran.out.decode("ascii", "replace").split())) if re.fullmatch(rb"[0-9a-f\s]*", ran.out) else b""
        )
        if wire:
            return answered(step, wire, began)
        refused = _failed(ran.err, step.server)
        words = f"read: {refused.text.rpartition(': ')[2]}" if refused.errno not in {"", "ETIMEDOUT"} else "i/o timeout"
        return unanswered(step, words, refused.errno or "ETIMEDOUT", began)

    def _ask_by_tcp(self, step: Resolve, address: str, port: int, asked: bytes, until: float) -> Outcome:
        from whypull.probe.dns import answered, unanswered  # noqa: PLC0415

        began = time.monotonic()
        opened = self.open(address, port, until)
        if isinstance(opened, Outcome):
            return unanswered(step, opened.text.rpartition(": ")[2], opened.errno, began)
        with opened:
            try:
                opened.sendall(len(asked).to_bytes(2, "big") + asked)
                opened.settimeout(max(0.05, min(5.0, until - time.monotonic())))
                with opened.makefile("rb") as stream:
                    size = int.from_bytes(stream.read(2), "big")
                    return answered(step, stream.read(size), began)
            except OSError:
                return unanswered(step, "i/o timeout", "ETIMEDOUT", began)


def _failed(said: str, target: str) -> Outcome:
    """What the shell said of a connection that did not come about."""
    low = said.lower()
    for words, errno, go in _ERRNO:
        if words in low:
            connect = "" if errno == "ETIMEDOUT" else "connect: "
            return Outcome(ok=False, layer="tcp", text=f"dial tcp {target}: {connect}{go}", errno=errno, peer=target)
    last = said.strip().splitlines()[-1][:200] if said.strip() else "closed"
    return Outcome(ok=False, layer="tcp", text=f"dial tcp {target}: {last}", peer=target)


def _joined(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _lost(ran: Ran) -> str:
    last = ran.err.strip().splitlines()[-1][:300] if ran.err.strip() else f"exit code {ran.code}"
    return f"the node's shell cannot be run: {last}"

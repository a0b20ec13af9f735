"""Performs a step from a node, with nothing but what the node's own shell has: bytes are relayed, the protocols are spoken here.

A relay is one command on the node that joins its stdin and stdout to one TCP connection. So TLS, HTTP and the proxy's
words are read by the same code as from here, and the node needs bash, or nc, socat, perl or python3, and getent. Where
it has only openssl or curl, few_tools.py does with those, and says what that costs.
"""

from __future__ import annotations

import os
import re
import selectors
import socket
import subprocess
import time
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from whypull.probe.relays import CONNECTED, RELAYS, failed, guarded, late, relay
from whypull.steps import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from whypull.steps import Resolve

    Talk: TypeAlias = tuple[socket.socket, subprocess.Popen[bytes]]  # a command's stdin and stdout as one socket; the command

LARGEST_OUTPUT = 16 * 1024 * 1024  # bytes of one command's output
LARGEST_WORDS = 256 * 1024  # bytes of one command's stderr
SLACK = 20  # seconds that a command may outlive its step on the node, should nobody end it
ADDRESS = re.compile(r"[0-9a-fA-F.:%a-z]{2,64}")
NAME = re.compile(r"[A-Za-z0-9_.-]{1,253}")
_BROKEN = re.compile(  # what ssh and kubectl say of their own connection, never a tool on the node
    r"(?m)^(?:ssh: |ssh_exchange_identification|kex_exchange_identification|client_loop: |mux_client_|Connection to \S+ closed"
    r"|Connection closed by|Timeout, server \S+ not responding|error: |Error from server|Unable to connect to the server).*"
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


class Heard(NamedTuple):
    """What a command on the node said until it ended, had said enough, or its time was up."""

    out: bytes
    err: str
    late: bool  # whether its time was up


class NodeLost(Exception):
    """The way to the node broke: ssh or exec failed before the node's shell ran. The message is for people."""


# Beside the names of tools: whether bash has /dev/tcp, perl its sockets, and which nc it is; then versions.
_LOOK = """\
echo whypull; date +%s; for t in NAMES; do command -v $t >/dev/null 2>&1 && echo $t; done
case $(bash -c ': <>/dev/tcp/127.0.0.1/9' 2>&1) in *"o such file"*) echo -bash;; esac
perl -MIO::Socket::INET -MIO::Select -e 1 >/dev/null 2>&1 || echo -perl
python3 -c 'import select,socket' >/dev/null 2>&1 || echo -python3
case $(nc -h 2>&1 </dev/null) in *BusyBox*-v*|*"[-options] hostname"*) ;; *"-e PROG"*) echo -nc; echo 'nc -e';; *) echo -nc;; esac
for t in openssl curl; do v=$($t version 2>/dev/null || $t --version 2>/dev/null) && printf '%s=%s\\n' $t "$v" | head -n 1; done
true
"""


@dataclass(slots=True)
class Shell:
    """A node behind a transport: what tools it has, and connections and look-ups made from it."""

    transport: Transport
    seconds: float = 10.0  # of one step
    tools: frozenset[str] = frozenset()
    versions: dict[str, str] = field(default_factory=dict)  # of openssl and curl, as they tell it
    clock_skew: float = 0.0  # seconds that the node's clock is ahead of this machine's
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list, repr=False)
    _said: str = field(default="", repr=False)  # the last command's words that were heard

    WANTED = (
        "bash", "python3", "perl", "socat", "nc", "openssl", "curl", "getent", "nslookup", "dig", "timeout", "od", "dd",
        "tar", "base64", "crictl", "ip", "df", "cat",
    )  # fmt: skip

    def look(self) -> None:
        """Finds the node's tools. Raises NodeLost where the node's shell cannot be run."""
        began = time.time()
        ran = self.run(_LOOK.replace("NAMES", " ".join(self.WANTED)), 20)
        lines = [line.strip() for line in ran.out.decode("utf-8", "replace").splitlines()]
        if "whypull" not in lines:
            raise NodeLost(_lost(ran))
        lines = lines[lines.index("whypull") + 1 :]
        if lines and lines[0].isdigit():
            self.clock_skew = float(lines[0]) - (began + time.time()) / 2
        lame = {line[1:] for line in lines if line.startswith("-")}
        self.tools = (frozenset(lines) & {*self.WANTED, *RELAYS}) - lame
        self.versions = {name: words for name, sep, words in (line.partition("=") for line in lines) if sep}

    @property
    def relay(self) -> str:
        """The tool that connections go through; empty where the node has none."""
        return next((name for name in RELAYS if name in self.tools), "")

    def costs(self) -> tuple[str, ...]:
        """One sentence for each check that a missing tool costs on this node."""
        from whypull.probe.few_tools import costs  # noqa: PLC0415

        return costs(self)

    def run(self, script: str, seconds: float = 30, stdin: bytes = b"") -> Ran:
        """Runs a script by the node's sh; credentials go to stdin, never into the script. Raises NodeLost after `seconds`."""
        try:
            done = subprocess.run(  # noqa: S603 - the transport's own command
                list(self.transport.command(script)), input=stdin, capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as e:
            raise NodeLost(f"no answer from the node's shell in {seconds:.0f} s") from e
        except (OSError, ValueError) as e:
            raise self._not_run(e) from e
        return Ran(done.returncode, done.stdout[:LARGEST_OUTPUT], done.stderr.decode("utf-8", "replace")[:8192])

    def close(self) -> None:
        """Ends every command that still runs, on the node as well: each ends its own children when it is told to."""
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            _ended(process)
        self._processes.clear()

    # ------------------------------------------------------------ commands that talk

    def start(self, command: str, until: float, *, fed: bool = False) -> Talk:
        """A command on the node, its stdin and stdout as one socket here, its stderr a pipe; it ends soon after `until`."""
        for process in [p for p in self._processes if p.poll() is not None]:
            _ended(process)
            self._processes.remove(process)
        script = guarded(command, until - time.monotonic() + SLACK, fed=fed)
        ours, theirs = socket.socketpair()
        try:
            argv = list(self.transport.command(script))
            process = subprocess.Popen(  # noqa: S603
                argv, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.PIPE
            )
        except (OSError, ValueError) as e:
            ours.close()
            raise self._not_run(e) from e
        finally:
            theirs.close()
        self._processes.append(process)
        return ours, process

    def hear(
        self,
        command: str,
        until: float,
        given: bytes = b"",
        enough: Callable[[bytes, str], bool] | None = None,
        *,
        fed: bool = False,
    ) -> Heard:
        """What a command on the node says, given some bytes on stdin; it is ended when that is enough, or the time is up."""
        ours, process = self.start(command, until, fed=fed)
        with ours:
            try:
                ours.settimeout(max(0.05, until - time.monotonic()))
                ours.sendall(given)
                ours.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it ended before it had read it all; its words say why
            heard = heard_from(process, until, ours, enough)
        if process.poll() is None:
            process.terminate()
        self._said = heard.err
        return heard

    def lost(self) -> str:
        """Why the way to the node broke under the last command, in the words of ssh or kubectl; empty where it stands."""
        said = self._said
        if self._processes:
            said += heard_from(self._processes[-1], time.monotonic() + 0.2).err
        found = _BROKEN.search(said)
        return f"the way to the node broke: {found[0].strip()[:300]}" if found else ""

    def _not_run(self, error: OSError | ValueError) -> NodeLost:
        if isinstance(error, ValueError):  # the transport's own sentence
            return NodeLost(str(error))
        return NodeLost(f"{self.transport.command('')[0]} cannot be run: {(error.strerror or str(error)).lower()}")

    # ------------------------------------------------------------ connections

    def open(self, address: str, port: int, until: float) -> socket.socket | Outcome:
        """A connection from the node to one address, as a socket here; or the words of its failure. `until` is monotonic."""
        target = joined(address, port)
        if not self.relay:
            return Outcome(ok=False, layer="not-here", text="this node has no tool that opens a connection")
        if not is_place(address, port):
            return Outcome(ok=False, layer="tcp", text=f"dial tcp {target}: no such address")
        seconds = max(1, round(until - time.monotonic()))
        ours, process = self.start(relay(self.relay, address, port, seconds), until)
        heard = heard_from(process, until, None, lambda _, err: bool(CONNECTED.search(err)))
        self._said = heard.err
        if CONNECTED.search(heard.err):
            return ours
        ours.close()
        if process.poll() is None:
            process.terminate()
        return late(target) if heard.late else failed(heard.err, target, address)

    def resolve(self, step: Resolve, until: float) -> Outcome:
        """What the node's own resolver, or one nameserver asked from the node, says of a host."""
        from whypull.probe.node_names import asked, own_way  # noqa: PLC0415

        if not NAME.fullmatch(step.host.rstrip(".")) or step.host.startswith("-"):
            return Outcome(ok=False, layer="dns", text=f"lookup {step.host[:255]}: no such host", rcode="NXDOMAIN")
        return asked(self, step, until) if step.server else own_way(self, step, until)


def heard_from(
    process: subprocess.Popen[bytes],
    until: float,
    out: socket.socket | None = None,
    enough: Callable[[bytes, str], bool] | None = None,
) -> Heard:
    """What a started command says on stderr, and on stdout where its socket is given, until its end, enough, or `until`."""
    assert process.stderr is not None
    kept = {"out": bytearray(), "err": bytearray()}
    with selectors.DefaultSelector() as both:
        both.register(process.stderr, selectors.EVENT_READ, "err")
        if out is not None:
            both.register(out, selectors.EVENT_READ, "out")
        while both.get_map() and (left := until - time.monotonic()) > 0:
            for key, _ in both.select(left):
                try:
                    data = os.read(key.fd, 65536)
                except OSError:
                    data = b""
                if not data:
                    both.unregister(key.fileobj)
                largest = LARGEST_WORDS if key.data == "err" else LARGEST_OUTPUT
                kept[key.data] += data[: max(0, largest - len(kept[key.data]))]
            if enough is not None and enough(bytes(kept["out"]), kept["err"].decode("utf-8", "replace")):
                return Heard(bytes(kept["out"]), kept["err"].decode("utf-8", "replace"), False)
        return Heard(bytes(kept["out"]), kept["err"].decode("utf-8", "replace"), bool(both.get_map()))


def is_place(address: str, port: int) -> bool:
    """Whether an address (or a name) and a port may stand in a command."""
    fits = (ADDRESS.fullmatch(address) or NAME.fullmatch(address)) and not address.startswith("-")
    return bool(fits) and 0 < port < 65536


def joined(address: str, port: int) -> str:
    """address:port, as Go writes it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stderr is not None:
        process.stderr.close()


def _lost(ran: Ran) -> str:
    last = ran.err.strip().splitlines()[-1][:300] if ran.err.strip() else f"exit code {ran.code}"
    return f"the node's shell cannot be run: {last}"

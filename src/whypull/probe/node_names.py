"""Names looked up from a node: its own way, or one nameserver asked by itself, with what the node has for it."""

from __future__ import annotations

import re
import shlex
import time

from whypull.probe.relays import failed, guarded
from whypull.probe.shell import ADDRESS
from whypull.records import replace
from whypull.steps import Outcome, Resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.probe.shell import Shell

UDP_SECONDS = 5
SILENT = 4.0  # seconds after which getent's failure is taken for a silent nameserver: glibc waits 5 for each
_NO_TOOL = "this node has no tool that asks a nameserver by itself"
_RCODE = re.compile(r"\b(NXDOMAIN|SERVFAIL|REFUSED|FORMERR|NOTIMP)\b")


def asks_by_udp(shell: Shell) -> bool:
    """Whether the node can send a datagram and read its answer."""
    return {"bash", "dd", "od"} <= shell.tools


def own_way(shell: Shell, step: Resolve, until: float) -> Outcome:
    """What the node's C library says of a host, by getent; else its first nameserver, else curl, whichever the node has."""
    if "getent" in shell.tools:
        return _by_getent(shell, step, until)
    if asks_by_udp(shell) or shell.relay or shell.tools & {"dig", "nslookup"}:
        for server in nameservers(shell):
            answer = asked(shell, replace(step, family=step.family or "A", server=server), until)
            if answer.ok or answer.rcode:
                return answer
    if "curl" in shell.tools:
        return _by_curl(shell, step, until)
    return Outcome(ok=False, layer="not-here", text="this node has no tool that looks up names")


def _by_getent(shell: Shell, step: Resolve, until: float) -> Outcome:
    """It tells no reason, so a long silence is taken for a silent nameserver."""
    database = {"A": "ahostsv4", "AAAA": "ahostsv6"}.get(step.family, "ahosts")
    began = time.monotonic()
    ran = shell.run(f"getent {database} {step.host} || getent hosts {step.host}", max(1.0, until - began) + 5)
    took = time.monotonic() - began
    lines = ran.out.decode("utf-8", "replace").splitlines()
    firsts = [line.split()[0] for line in lines if line.strip()]
    found = tuple(dict.fromkeys(first for first in firsts if ADDRESS.fullmatch(first)))
    if found:
        return Outcome(ok=True, addresses=found[:64], rcode="NOERROR", ms=round(took * 1000))
    if took > SILENT:
        words = "Temporary failure in name resolution"
        return Outcome(ok=False, layer="dns", text=f"lookup {step.host}: {words}", errno="ETIMEDOUT", ms=round(took * 1000))
    return Outcome(ok=False, layer="dns", text=f"lookup {step.host}: no address", ms=round(took * 1000))


def _by_curl(shell: Shell, step: Resolve, until: float) -> Outcome:
    """curl says which addresses it dials; it is ended before it has said anything to them."""
    tried = re.compile(r"Trying \[?([0-9a-fA-F.:%]+?)\]?(?::443)?\.\.\.")
    heard = shell.hear(
        f"exec curl -q -s -v -o /dev/null --noproxy '*' https://{step.host}/",
        until,
        enough=lambda _, err: bool(tried.search(err)) or "Could not resolve" in err,
    )
    found = tuple(dict.fromkeys(a for a in tried.findall(heard.err) if ADDRESS.fullmatch(a)))
    if found:
        return Outcome(ok=True, addresses=found[:64], rcode="NOERROR")
    if heard.late:
        return Outcome(ok=False, layer="dns", text=f"lookup {step.host}: i/o timeout", errno="ETIMEDOUT")
    return Outcome(ok=False, layer="dns", text=f"lookup {step.host}: no address")


def nameservers(shell: Shell) -> tuple[str, ...]:
    """The nameservers of the node's resolv.conf, in order."""
    text = shell.run("cat /etc/resolv.conf").out.decode("utf-8", "replace")
    return tuple(re.findall(r"(?m)^\s*nameserver\s+(\S+)", text))[:3]


def asked(shell: Shell, step: Resolve, until: float) -> Outcome:
    """One question to one nameserver: by UDP through bash, by dig, nslookup, or by TCP through the relay."""
    address, _, port = step.server.partition("#")
    if not ADDRESS.fullmatch(address) or not (port or "53").isdigit():
        text = f"lookup {step.host} on {step.server}: no such nameserver"
        return Outcome(ok=False, layer="dns", text=text, server=step.server)
    if asks_by_udp(shell):
        return _by_udp(shell, step, address, int(port or 53))
    if "dig" in shell.tools:
        return _by_dig(shell, step, address, int(port or 53))
    if shell.relay:
        return _by_tcp(shell, step, address, int(port or 53), until)
    if "nslookup" in shell.tools:
        return _by_nslookup(shell, step, address, int(port or 53))
    return Outcome(ok=False, layer="not-here", text=_NO_TOOL, server=step.server)


def _by_udp(shell: Shell, step: Resolve, address: str, port: int) -> Outcome:
    from whypull.probe.dns import answered, question, unanswered  # noqa: PLC0415

    escaped = "".join(f"\\x{byte:02x}" for byte in question(step))
    # Not bash's own printf: it flushes at a newline, and a byte 10 would cut the datagram in two.
    inner = (
        f"exec 3<>/dev/udp/{address}/{port} && env printf '%b' {shlex.quote(escaped)} >&3 && "
        "exec dd bs=4096 count=1 <&3 2>&2 | od -An -v -tx1"
    )
    began = time.monotonic()
    ran = shell.run(guarded(f"exec bash -c {shlex.quote(inner)}", UDP_SECONDS), UDP_SECONDS + 7)
    digits = ran.out.decode("ascii", "replace").split()
    wire = bytes.fromhex("".join(digits)) if all(re.fullmatch(r"[0-9a-f]{2}", d) for d in digits) else b""
    if wire:
        return answered(step, wire, began)
    refused = failed(ran.err, step.server)
    words = f"read: {refused.text.rpartition(': ')[2]}" if refused.errno not in {"", "ETIMEDOUT"} else "i/o timeout"
    return unanswered(step, words, refused.errno or "ETIMEDOUT", began)


def _by_tcp(shell: Shell, step: Resolve, address: str, port: int, until: float) -> Outcome:
    from whypull.probe.dns import answered, question, unanswered  # noqa: PLC0415

    began = time.monotonic()
    opened = shell.open(address, port, until)
    if isinstance(opened, Outcome):
        return opened if opened.layer == "not-here" else unanswered(step, opened.text.rpartition(": ")[2], opened.errno, began)
    wire = question(step)
    with opened:
        try:
            opened.sendall(len(wire).to_bytes(2, "big") + wire)
            opened.settimeout(max(0.05, min(5.0, until - time.monotonic())))
            with opened.makefile("rb") as stream:
                size = int.from_bytes(stream.read(2), "big")
                return answered(step, stream.read(size), began)
        except OSError:
            return unanswered(step, "i/o timeout", "ETIMEDOUT", began)


def _by_dig(shell: Shell, step: Resolve, address: str, port: int) -> Outcome:
    command = f"exec dig +time=4 +tries=1 +noedns +nosearch @{address} -p {port} {step.host} {step.family or 'A'}"
    ran = shell.run(guarded(command, 8), 15)
    return read_dig(step, ran.out.decode("utf-8", "replace") + ran.err)


def _by_nslookup(shell: Shell, step: Resolve, address: str, port: int) -> Outcome:
    """The nslookup of BIND or of busybox; the latter knows port 53 only."""
    where = f"-port={port} " if port != 53 else ""
    ran = shell.run(guarded(f"exec nslookup {where}-type={step.family or 'A'} {step.host.rstrip('.')}. {address}", 12), 20)
    return read_nslookup(step, ran.out.decode("utf-8", "replace") + ran.err)


def read_dig(step: Resolve, said: str) -> Outcome:
    """What dig says of a host."""
    status = re.search(r"status: ([A-Z]+)", said)
    if status is None:
        return _unanswered(step, said)
    name = r"^\S+\s+\d+\s+IN\s+"
    found = tuple(re.findall(rf"(?m){name}(?:A|AAAA)\s+(\S+)\s*$", said))
    names = tuple(n.rstrip(".") for n in re.findall(rf"(?m){name}CNAME\s+(\S+)\s*$", said))
    return _answered(step, status[1], found, names)


def read_nslookup(step: Resolve, said: str) -> Outcome:
    """What nslookup, BIND's or busybox's, says of a host: the addresses behind its name, not the nameserver's own."""
    body = said.partition("\n\n")[2] or said
    found = (
        tuple(re.findall(r"(?m)^Address(?: \d+)?:\s*([0-9a-fA-F.:]+)(?:\s|$)", body)) if re.search(r"(?m)^Name:", body) else ()
    )
    names = tuple(n.rstrip(".") for n in re.findall(r"(?m)canonical name = (\S+)", body))
    code = _RCODE.search(body)
    if found or names or code or re.search(r"(?i)no answer|can't find", body):
        return _answered(step, "NOERROR" if found or code is None else code[1], found, names)
    return _unanswered(step, said)


def _answered(step: Resolve, rcode: str, found: tuple[str, ...], names: tuple[str, ...]) -> Outcome:
    text = "" if found else {"NXDOMAIN": "no such host", "NOERROR": "no such host (NODATA)"}.get(rcode, "server misbehaving")
    return Outcome(
        ok=bool(found),
        layer="" if found else "dns",
        text=f"lookup {step.host} on {step.server}: {text}" if text else "",
        addresses=found[:64],
        rcode=rcode,
        canonical=names[:16],
        server=step.server,
    )


def _unanswered(step: Resolve, said: str) -> Outcome:
    from whypull.probe.dns import unanswered  # noqa: PLC0415

    began = time.monotonic()
    if "connection refused" in said.lower():
        return unanswered(step, "read: connection refused", "ECONNREFUSED", began)
    if re.search(r"(?i)timed out|no servers could be reached|no response", said):
        return unanswered(step, "i/o timeout", "ETIMEDOUT", began)
    return Outcome(ok=False, layer="not-here", text=f"{_NO_TOOL}: {said.strip()[:200]}", server=step.server)

"""Commands on a node that join their stdin and stdout to one TCP connection, for each tool that a node may have.

Each says on stderr that it is connected, in its own words or in ours, so that stdout holds the other side's bytes alone.
"""

from __future__ import annotations

import re

from whypull.steps import Outcome

CONNECTED = re.compile(
    r"whypull-connected"
    r"|\) open\b"  # the traditional nc, and busybox's larger one; OpenBSD's and nmap's do not end with the other side
)
GRACE = 3  # seconds that the other side has after our end is closed

# After the connection: the socket is descriptor 3, our bytes come from 4. A shell closes a background job's stdin, hence 4.
_PUMP = (
    "cat <&3 & b=$!; "
    f'( trap "kill \\$! 2>/dev/null; exit" TERM; cat <&4 >&3 & wait $!; sleep {GRACE} & wait $! && kill $b ) & a=$!; '
    'trap "kill $a $b 2>/dev/null" TERM; wait $b; kill $a 2>/dev/null; exit 0'
)
_RUN = f"exec 4<&0 5>&1; export whypull='exec 3<&0 1>&5 5>&-; echo whypull-connected >&2; {_PUMP}';"
RELAYS = {
    "bash": f"exec bash -c 'exec 3<>/dev/tcp/ADDRESS/PORT || exit 7; echo whypull-connected >&2; exec 4<&0; {_PUMP}'",
    "python3": (
        "exec python3 -c '\nimport os,select,socket,sys\n"
        'try: s=socket.create_connection(("ADDRESS",PORT),SECONDS)\n'
        "except OSError as e: sys.stderr.write(str(e.strerror or e)); sys.exit(7)\n"
        's.settimeout(None); os.write(2,b"whypull-connected\\n"); r=[0,s]; t=None\n'
        "while s in r:\n"
        " for f in select.select(r,[],[],t)[0] or sys.exit(0):\n"
        "  d=os.read(0,65536) if f==0 else s.recv(65536)\n"
        "  if f==0:\n"
        "   if d: s.sendall(d)\n"
        f"   else: r.remove(0); s.shutdown(1); t={GRACE}\n"
        "  elif d:\n"
        "   while d: d=d[os.write(1,d):]\n"
        "  else: sys.exit(0)\n'"
    ),
    "perl": (
        "exec perl -MIO::Socket::INET -MIO::Select -e '$c=\"IO::Socket::\".(eval{require IO::Socket::IP;1}?\"IP\":\"INET\"); "
        '$s=$c->new(PeerAddr=>"ADDRESS",PeerPort=>PORT,Proto=>"tcp",Timeout=>SECONDS) or do { print STDERR "$! $@"; exit 7 }; '
        'syswrite STDERR,"whypull-connected\\n"; $s->blocking(1); $t=undef; '
        "$w=IO::Select->new($s,\\*STDIN); while(@r=$w->can_read($t)) { for $f (@r) { $n=sysread $f,$d,65536; "
        "if($f==$s) { exit 0 unless $n; $o=0; while($o<$n) { $o+=syswrite(STDOUT,$d,$n-$o,$o)||exit 0 } } "
        "elsif($n) { $o=0; while($o<$n) { $o+=syswrite($s,$d,$n-$o,$o)||exit 0 } } "
        f"else {{ $w->remove(\\*STDIN); shutdown($s,1); $t={GRACE} }} }} }}'"
    ),
    # socat, and busybox's small nc, which says nothing: both run a command once they are connected, the socket its 0 and 1.
    "socat": f"{_RUN} exec socat -d -d TCPFAMILY:BRACKETED:PORT,connect-timeout=SECONDS 'SYSTEM:eval $whypull',nofork",
    "nc": "exec nc -v NUMERIC -w SECONDS ADDRESS PORT",
    "nc -e": f"{_RUN} exec nc -w SECONDS ADDRESS PORT -e sh -c 'eval $whypull'",
}  # fmt: skip
_NUMERIC = re.compile(r"[0-9.]+|[0-9a-fA-F.]*:[0-9a-fA-F.:%a-z]*")
_ERRNO = (
    ("connection refused", "ECONNREFUSED", "connection refused"),
    ("no route to host", "EHOSTUNREACH", "no route to host"),
    ("host is unreachable", "EHOSTUNREACH", "no route to host"),
    ("network is unreachable", "ENETUNREACH", "network is unreachable"),
    ("network unreachable", "ENETUNREACH", "network is unreachable"),
    ("connection reset", "ECONNRESET", "connection reset by peer"),
    ("timed out", "ETIMEDOUT", "i/o timeout"),
    ("timeout", "ETIMEDOUT", "i/o timeout"),
    ("permission denied", "EACCES", "permission denied"),
    ("operation not permitted", "EPERM", "operation not permitted"),
    ("invalid argument", "EINVAL", "invalid argument"),
    ("cannot assign requested address", "EADDRNOTAVAIL", "cannot assign requested address"),
    ("address family not supported", "EAFNOSUPPORT", "address family not supported by protocol"),
)
_NO_SIX = re.compile(r"can't parse|forward host lookup failed|bad address|unsupported|not a recognized", re.IGNORECASE)


def relay(tool: str, address: str, port: int, seconds: int) -> str:
    """The command of a tool (a key of RELAYS) for one address, which must be vetted before; `seconds` it may take to connect."""
    six = ":" in address
    filled = {
        "BRACKETED": f"[{address}]" if six else address,
        "FAMILY": ("6" if six else "4") if _NUMERIC.fullmatch(address) else "",
        "NUMERIC ": "-n " if _NUMERIC.fullmatch(address) else "",
        "ADDRESS": address,
        "PORT": str(port),
        "SECONDS": str(seconds),
    }
    text = RELAYS[tool]
    for name, value in filled.items():
        text = text.replace(name, value)
    return text


def guarded(command: str, seconds: float, *, fed: bool = False) -> str:
    """The command for a POSIX sh, ended after some seconds whatever becomes of us; its stdin, stdout and exit code are kept.

    It must come to an exec, so that it is the tool that is ended.
    In shell alone, for `timeout` is missing here, has another syntax there, and leaves grandchildren. With `fed`, the first
    part of stdin, lines up to one that says `end`, is the command's descriptor 3, the rest its stdin: so a CA reaches a
    tool that wants a file, on a node where no file may be written. `read` takes no byte too many.
    """
    watch = f"( trap 'kill $! 2>/dev/null; exit' TERM; sleep {max(1, round(seconds))} & wait $! && kill $p )"
    run = f"{{ {command}\n}} <&4 4<&-"
    if fed:
        take = 'while IFS= read -r l && [ "$l" != end ]; do printf \'%s\\n\' "$l"; done <&4'
        run = f"{take} | {{ exec 3<&0 0<&4 4<&-; {command}\n}}"
    return (
        f"exec 4<&0\n{run} & p=$!\n{watch} </dev/null >/dev/null 2>&1 4<&- & w=$!\n"
        "trap 'kill $p $w 2>/dev/null; exit 143' TERM HUP INT\n"
        "wait $p; r=$?; kill $w 2>/dev/null; exit $r"
    )


def failed(said: str, target: str, address: str = "") -> Outcome:
    """What a tool said of a connection that did not come about, as an outcome in Go's words."""
    low = said.lower()
    for words, errno, go in _ERRNO:
        if words in low:
            connect = "" if errno == "ETIMEDOUT" else "connect: "
            return Outcome(ok=False, layer="tcp", text=f"dial tcp {target}: {connect}{go}", errno=errno, peer=target)
    if ":" in address and _NO_SIX.search(said):
        return Outcome(ok=False, layer="not-here", text="the tool that opens connections on this node knows no IPv6", peer=target)
    last = said.strip().splitlines()[-1][:200] if said.strip() else "closed"
    return Outcome(ok=False, layer="tcp", text=f"dial tcp {target}: {last}", peer=target)


def late(target: str) -> Outcome:
    """A connection whose time was up."""
    return Outcome(ok=False, layer="tcp", text=f"dial tcp {target}: i/o timeout", errno="ETIMEDOUT", peer=target)

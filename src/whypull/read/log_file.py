"""A log, of any size: its lines in order, and what only counts when all of them are known.

A whole file is searched in blocks, so that healthy lines cost next to nothing; and a line that repeats but for its time
(the kubelet tries again every few minutes) is taken apart once.
"""

from __future__ import annotations

import re
from dataclasses import replace

from whypull.read.about import surely_a_failed_pull
from whypull.read.gather import Heard
from whypull.read.log_gate import records
from whypull.read.log_line import take_apart
from whypull.read.logs import begun, done, heard_in, next_host, short, socket_or_config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from whypull.model import Pull
    from whypull.read.gather import Gathered
    from whypull.read.log_line import LogLine
    from whypull.read.sources import Source

LONGEST_LINE = 4 << 20  # bytes that are held of a line without an end
MOST_REMEMBERED = 4_096  # lines whose meaning is kept for when they come again
MOST_HOSTS = 50  # texts of one image that are kept of hosts that failed before the next one
_TIMED = re.compile(
    r'(?:(?P<carrier>[^"=\[\]{}]{0,100}\[\d{1,10}\]: ))?(?:(?P<level>[IWEF])(?P<klog>\d{4} '
    r'\d\d:\d\d:\d\d\.\d{1,9}) +\d+ |time="(?P<logfmt>[^"]{10,40})" )'
)


class Log:
    """The lines of one log. What only counts where nothing else does is kept until `close`."""

    def __init__(self, into: Gathered, *, strict: bool = False) -> None:
        self.into = into
        self._strict = strict  # an application's log: only sure words count
        self._hosts: dict[str, list[Heard]] = {}  # by image: a host that failed before the next one was asked
        self._done: set[str] = set()
        self._weak: dict[str, Heard] = {}
        self._weak_lines = 0
        self._lines = 0
        self._pulling = ""  # the image whose pull began last: what a configuration's fault is said of
        self._known: dict[tuple[str, str], tuple[Heard, ...]] = {}

    def take(self, record: str) -> bool:
        """Adds what a record says. False where it is no line of a log at all."""
        timed = _TIMED.match(record)
        key = ("", "")
        if timed:
            key = (" ".join((timed["carrier"] or "").split()[-2:]), record[timed.end() :])
            for heard in self._known.get(key, ()):
                self.into.hear(heard.pull, _at(heard, _klog_time(timed["klog"]) or timed["logfmt"] or "").said)
            if key in self._known:
                self._lines += 1
                return True
        line = take_apart(record)
        if not line.form and not line.program:
            return False
        self._lines += 1
        found = self._take(line)
        if found and timed and len(self._known) < MOST_REMEMBERED:
            self._known[key] = found
        return True

    def _take(self, line: LogLine) -> tuple[Heard, ...]:
        """Adds what a line says; the texts that it always says, whatever stood before it."""
        image = begun(line)
        if image:
            self._pulling = image
            return ()
        image = done(line)
        if image:
            self._done.add(image)
            return ()
        found = tuple(h for h in heard_in(line, self.into) if not self._strict or surely_a_failed_pull(h.said.text))
        for heard in found:
            self.into.hear(self._of_image(heard), heard.said)
        if not found:
            self._keep(line)
        return () if any("hosts.toml" in heard.said.text for heard in found) else found

    def _keep(self, line: LogLine) -> None:
        host = next_host(line)
        if host:
            texts = self._hosts.setdefault(short(host.pull.image), [])
            if len(texts) < MOST_HOSTS:
                texts.append(host)
        elif not self.into.heard and len(self._weak) < MOST_HOSTS:
            weak = socket_or_config(line)
            if weak:
                self._weak_lines += 1
                self._weak.setdefault(weak.said.text, weak)

    def _of_image(self, heard: Heard) -> Pull:
        """hosts.toml is read anew for each pull, and its faults are logged without the image."""
        if "hosts.toml" in heard.said.text and not heard.pull.image:
            return replace(heard.pull, image=self._pulling)
        return heard.pull

    def close(self) -> None:
        """Adds the hosts that failed for images that did not arrive, and what only counts where nothing else was said."""
        for image, texts in self._hosts.items():
            if image not in self._done:
                for heard in texts:
                    self.into.hear(heard.pull, heard.said)
        if not self.into.heard and 2 * self._weak_lines >= self._lines:
            for heard in self._weak.values():
                self.into.hear(heard.pull, heard.said)
        self._hosts, self._weak = {}, {}


def _klog_time(stamp: str | None) -> str:
    return f"{stamp[:2]}-{stamp[2:]}" if stamp else ""


def _at(heard: Heard, time: str) -> Heard:
    return Heard(heard.pull, replace(heard.said, first=time, last=time))


def is_log(head: str) -> bool:
    """Whether most of the first lines have a log's form."""
    lines = [line for line in head.splitlines()[:60] if line.strip()][:30]
    return bool(lines) and 2 * sum(bool(take_apart(line[:4096]).form) for line in lines) > len(lines)


def read_whole_log(data: bytes | Source, into: Gathered, *, strict: bool = False) -> None:
    """Adds what a log says about pulls. `strict`: an application's, of which only sure words count."""
    into.take_for("container log" if strict else "log")
    log = Log(into, strict=strict)
    blocks = (data,) if isinstance(data, (bytes, bytearray, memoryview)) else _whole_lines(data)
    looping = False
    for block in blocks:
        for record in records(bytes(block)):
            log.take(record)
        looping = looping or b"CrashLoopBackOff" in block
    log.close()
    if looping and not strict:
        into.note("containers start and end again, by this log: their images were pulled (CrashLoopBackOff)")


def _whole_lines(source: Source) -> Iterator[bytes]:
    """The source's blocks, cut at the ends of lines."""
    rest = b""
    for block in source.blocks():
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        elif len(rest) < LONGEST_LINE:
            rest += block
    if rest:
        yield rest + b"\n"

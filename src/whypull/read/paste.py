"""A pasted text: taken line by line, each to the reader that knows its form; what no form fits is kept together as said.

A paste may mix everything: a describe, then a prompt and the output of crictl, then lines of a log. A prompt, a code
fence or a heading of kubectl ends what stood before it.
"""

from __future__ import annotations

import re

from whypull.lazy import regex
from whypull.read.clean import CUT, lines_of
from whypull.read.describe import is_pod, pod_of, take_pod, take_rows
from whypull.read.encodings import looks_binary, to_text
from whypull.read.event_row import event_row
from whypull.read.log_line import head_at
from whypull.read.loose import Loose
from whypull.read.tables import is_header, take_pod_row
from whypull.read.wrapped import unwrapped, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from whypull.read.describe import Pod
    from whypull.read.gather import Gathered
    from whypull.read.log_file import Log
    from whypull.read.sources import Source

MAX_LINE = 64 * 1024  # characters of one line that are looked at
LARGE = 256 * 1024  # bytes from which on a log is searched in blocks instead of being read line by line
TOGETHER = 64 * 1024  # characters that are looked at together for where lines were broken
MOST_BLOCK = 20_000  # lines of one pod's description
MOST_CONTINUED = 60  # lines that one event or log line may be broken into

_PROMPT = regex(
    r"\s*+(?:(?:\(\S{1,40}\)\s*+)?(?:\[[^\]\n]{1,80}\]|[\w.-]{1,40}@[\w.-]{1,80}(?::?[~/][^\s#$%>]{0,80}|:)"
    r"?|PS [A-Za-z]:[^>]{0,120}|[A-Za-z]:\\[^>]{0,120})?\s{0,8}[#$%>❯➜»]|➜\s+\S+)\s*+"
    r"(?P<command>(?:(?:sudo|time|watch|HTTPS?_PROXY=\S+)\s+)*(?:\S*/)?(?:kubectl|k|oc|docker(?:-compose)"
    "?|podman|crictl|ctr|nerdctl|skopeo|buildah|crane|oras|regctl|helm|"
    "journalctl|kubeadm|minikube|microk8s|k3s|kind|systemctl|cat|grep|tail|less|curl|wget|openssl|dig|"
    r"nslookup|ping|git|aws|az|gcloud|ls|cd|echo|argocd|flux)\b.*)$"
)
_BARE_COMMAND = regex(
    r"\s*(?P<command>(?:sudo\s+)?(?:kubectl|oc)\s+(?:describe|get|logs|events)\s.*|(?:sudo\s+)?(?:docker|"
    r"podman|nerdctl|crictl|ctr)\s+(?:-\S+\s+\S+\s+)*(?:pull|run|images? pull|i pull)\s\S.*)$"
)
_HEADED = regex(
    r"\s*(?:[^\W\d]{3,9}\.? {1,2}\d{1,2} \d\d:\d\d:\d\d |\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\{\"|[\w.-]+@[\w.-]+[:~ ]|[$#%❯➜] |Name:\s)"
)
_NAME = regex(r"\s*Name:\s+\S+\s*$")
_BLOCK = regex(
    r"\s*(?:(?:Init |Ephemeral )?Containers:|Events:(?:\s|$)|State:\s+(?:Waiting|Running|Terminated)|"
    r"Status:\s+(?:Pending|Running|Failed|Succeeded)\b|Conditions:\s*$)"
)
_EVENTS = regex(r"\s*Events:(?:\s|$)")
_COLUMNS = regex(r"\s*(?:Type\s+Reason\s+|FirstSeen\s+LastSeen|LAST\s?SEEN\s+|NAMESPACE\s+LAST SEEN|-{3,}\s+-{3,})")
_RULE = regex(r"\s*(?:-{3,}|={3,}|\*{3,}|_{3,})\s*$|---? \S.* ---?$")
_RUN_ELSEWHERE = regex(r"(?s)[IWEF]\d{4} .*: Process exited with status \d+\s*$")  # minikube: what it ran printed follows
_QUOTES = regex(r'(?<!\\)"')
_NAMESPACE = regex(r"(?:-n|--namespace)[ =](?P<namespace>[a-z0-9][a-z0-9-]{0,62})")


def read_paste(data: bytes | Source, into: Gathered) -> None:
    """Reads one text, of whatever kind and size. Never raises but Unreadable of a source."""
    head = bytes(data[: 64 * 1024])
    hint = getattr(data, "hint", "")
    if looks_binary(head):
        into.note("the input is no text: nothing can be read from it")
        return
    if hint or len(head) >= 64 * 1024:
        from whypull.read.log_file import is_log, read_whole_log  # noqa: PLC0415 - a paste is no log file

        if hint == "container log" or is_log(to_text(head[:16_384])):
            read_whole_log(data, into, strict=hint == "container log")
            return
    paste = Paste(into)
    for text in _texts(data):
        lines = lines_of(text)
        paste.width = width_of(lines, least=3)
        for line in lines:
            paste.feed(line[:MAX_LINE])
    paste.close()


def _texts(data: bytes | Source) -> Iterator[str]:
    if isinstance(data, (bytes, bytearray, memoryview)):
        yield to_text(bytes(data))
        return
    held, length = [], 0
    for text in data.texts():  # a slow pipe hands over a few lines at a time, and where a terminal broke them shows in many
        held.append(text)
        length += len(text)
        if length >= TOGETHER:
            yield "".join(held)
            held, length = [], 0
    yield "".join(held)


class Paste:
    """A paste while it is being read."""

    def __init__(self, into: Gathered) -> None:
        self.into = into
        self.width = 0  # of the terminal that broke the lines, where that is seen
        self.loose = Loose(into)
        self._block: list[str] | None = None  # the lines of a pod's description, above its events
        self._rows: list[list[str]] = []  # each event with the lines it was broken into
        self._open: list[str] | None = None  # what the next line may continue
        self._at_events = False
        self._namespace = ""
        self._log: Log | None = None
        self._record: list[str] = []
        self._klog_block = False

    def feed(self, line: str) -> None:
        """Takes the next line."""
        if line == CUT:
            self._end_section(at_fence=True)
        elif self._klog_block:
            self._in_klog_block(line)
        elif not line.strip():
            self._blank()
        elif self._is_rest_of_a_line(line):
            self._open.append(line)  # type: ignore[union-attr]  # is not None where this is true
        elif not self._known(line):
            self._other(line)

    def _is_rest_of_a_line(self, line: str) -> bool:
        """Whether a terminal broke the open line here: it is full, and this one has no head of its own."""
        if not self._open or not self.width or len(self._open[-1]) != self.width or len(self._open) > MOST_CONTINUED:
            return False
        return not (head_at(line.lstrip()) or _HEADED.match(line) or event_row(line) is not None)

    def close(self) -> None:
        """Ends the paste: what was left open is taken, what fits no form is judged."""
        self._end_section()
        if self._log is not None:
            self._log.close()
        self.loose.close()

    def _known(self, line: str) -> bool:
        """Whether the line begins something of a known form; then it has been taken."""
        command = _PROMPT.match(line) or _BARE_COMMAND.match(line)
        if command:
            self._end_section()
            named = _NAMESPACE.search(command["command"])
            self._namespace = named["namespace"] if named else ""
            self.loose.begin(command["command"])
            return True
        if _NAME.match(line):
            self._end_pod()
            self._block = [line]
            return True
        if _COLUMNS.match(line) or is_header(line):
            self._end_record()
            self._open = None
            if is_header(line):
                self._end_pod()
            return True
        if event_row(line) is not None:
            self._end_record()
            self._open = [line]
            self._rows.append(self._open)
            return True
        if take_pod_row(line, self.into, self._namespace):
            self.into.take_for("kubectl get pods")
            self._end_record()
            return True
        return self._block_line(line) or self._log_line(line)

    def _block_line(self, line: str) -> bool:
        if _EVENTS.match(line):
            self._block = self._block if self._block is not None else []
            self._at_events, self._open = True, None
            return True
        if self._block is None and _BLOCK.match(line):
            self._end_record()
            self._block = [line]
            return True
        return False

    def _log_line(self, line: str) -> bool:
        if not _may_be_log(line):
            return False
        from whypull.read.log_gate import opens_block  # noqa: PLC0415 - only where there is a log

        self._end_record()
        if self._block is not None and self._at_events:
            self._end_pod()
        self._record = self._open = [line]
        self._klog_block = opens_block(line.encode("utf-8", "replace"))
        return True

    def _in_klog_block(self, line: str) -> None:
        from whypull.read.log_gate import closes_block  # noqa: PLC0415

        self._record.append(line)
        if closes_block(line.encode("utf-8", "replace")) or len(self._record) > MOST_CONTINUED:
            self._end_record()

    def _other(self, line: str) -> None:
        """A line of no form of its own: it continues what is open, belongs to the block, or is said on its own."""
        if self._open is not None and len(self._open) < MOST_CONTINUED and self._continues(line):
            self._open.append(line)
        elif self._block is not None and not self._at_events:
            if self.width and self._block and len(self._block[-1]) == self.width and not line[:1].isspace():
                self._block[-1] += line
            elif len(self._block) < MOST_BLOCK:
                self._block.append(line)
            self.loose.overhear(line)
        elif _RULE.match(line) and not self.loose.building:
            self._end_section()
        else:
            self._end_record()
            self.loose.add(line)

    def _continues(self, line: str) -> bool:
        if self._open is not self._record:
            return True  # of an event: its message has no end mark
        if _RUN_ELSEWHERE.match(self._record[0]):
            return True
        whole = "".join(self._record)
        if self._record[0].lstrip().startswith("{"):
            return not whole.rstrip().endswith("}")
        if len(_QUOTES.findall(whole)) % 2 or (self.width and len(self._record[-1]) == self.width):
            return True
        from whypull.read.log_gate import may_continue  # noqa: PLC0415

        return line[:1].isspace() or may_continue(self._record[0].encode("utf-8", "replace"))

    def _blank(self) -> None:
        if self._record and len(self._record) < MOST_CONTINUED and _RUN_ELSEWHERE.match(self._record[0]):
            self._record.append("")
            return
        self._end_record()
        self._open = None
        if self._at_events and self._rows:
            self._end_pod()
        self.loose.blank()

    def _end_section(self, *, at_fence: bool = False) -> None:
        self._end_record()
        self._end_pod()
        self.loose.end(at_fence=at_fence)

    def _end_record(self) -> None:
        """Takes the log line that is open."""
        self._klog_block = False
        if not self._record:
            return
        record, self._record, self._open = self._record, [], None
        if self._log is None:
            from whypull.read.log_file import Log  # noqa: PLC0415

            self._log = Log(self.into)
        in_block = len(record) > 1 and record[0].endswith("=<")
        text = "\n".join(record) if in_block else unwrapped(record, width_of(record) or self.width)
        if not self._log.take(text):
            self.loose.add(text)
        elif not self.into.heard:
            self.loose.overhear(text)

    def _end_pod(self) -> None:
        """Takes the description that is open, and the events below it or on their own."""
        pod: Pod | None = None
        if self._block is not None and is_pod(self._block):
            pod = pod_of(self._block)
            take_pod(pod, self.into)
            self.into.take_for("kubectl describe pod")
        if self._rows:
            whole = (event_row(unwrapped(lines, width_of(lines) or self.width)) for lines in self._rows)
            take_rows([row for row in whole if row is not None], self.into, pod, self._namespace)
            if pod is None:
                self.into.take_for("events")
        self._block, self._rows, self._open, self._at_events = None, [], None, False


_JSON_LINE = regex(r'\{.*"(?:msg|message|MESSAGE|log|level|error|textPayload|line)"\s*:.*\}\s*$')
_JSON_BEGINS = regex(r'\{"(?:level|ts|time|timestamp|msg|message|MESSAGE|log|severity|logger|_HOSTNAME|textPayload)":\S.{40}')
_CARRIED = regex(
    r"(?=.{0,400}(?:\[\d{1,10}\]: |[IWEF]\d{4} \d\d:\d\d:\d\d|level=\w|std(?:out|err) [FP] |\[talos\]|\w: time=))|\{|<\d|"
    r"[\w.:-]{1,80}: \{\""
)
_TERMINAL = regex(r"(?:TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[")
# What a registry or a runtime's API answered: it belongs to who asked. A log's line says when it was, or how grave.
_ANSWER = regex(
    r'\{"(?:errors|errorDetail|error|message|cause|details?|code)" ?:(?!.{0,8000}"(?:ts|@?time(?:stamp)?|level|severity|'
    r'logger|caller|msg|log|stream|kind|[A-Z_]{6,30})" ?:)'
)


def _may_be_log(line: str) -> bool:
    """Whether the line has a log's head; what a command prints to a terminal (FATA[0000] …) belongs to the command."""
    line = line.lstrip()
    if _TERMINAL.match(line) or _ANSWER.match(line):
        return False
    if line[:1] == "{":
        return bool(_JSON_LINE.match(line) or (_JSON_BEGINS.match(line) and not line.endswith("}")))
    if head_at(line):
        return True
    if not _CARRIED.match(line):
        return False
    from whypull.read.log_line import take_apart  # noqa: PLC0415

    return bool(take_apart(line).form) or bool(re.match(r"\S.{0,100}\[\d{1,10}\]: ", line))

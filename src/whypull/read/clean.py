"""A text as it was copied → plain lines: without colours, quote marks, table borders, code fences and entities.

Words are never changed. What divides one piece of a paste from the next (a code fence, a page break) becomes CUT.
"""

from __future__ import annotations

import itertools
import re

from whypull.lazy import regex

CUT = "\f"  # a line of its own: what stands before and after it was not one text

_ESCAPES = regex(
    r"\x1b(?:\[[0-9;:<=>?]{0,40}[ -/]{0,4}[@-~]|\][^\x07\x1b\n]{0,500}(?:\x07|\x1b\\)|[ -/]{0,4}[0-~])|\^\[\[[0-9;]{0,20}[mK]"
)
_CONTROLS = regex(r"[\x00-\x08\x0e-\x1f\x7f]")
_INVISIBLE = regex("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_SPACES = regex("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_TYPOGRAPHIC = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'"})
_ENTITY = regex(r"&(?:(quot|lt|gt|amp|nbsp|apos)|#(\d{2,5})|#x([0-9a-fA-F]{2,4}));")
_NAMED = {"quot": '"', "lt": "<", "gt": ">", "amp": "&", "nbsp": " ", "apos": "'"}
_TAG = regex(r"</?(?:br|pre|code|tt|kbd|samp|span|td|tr|th|tbody|table|li|ul|p|div)(?:\s[^<>]{0,200})?/?>")
_BREAK = regex(r"<(?:br|/p|/tr|/li|/div|/pre)\b[^<>]{0,200}>")
_BODY = regex(r"<(?:html|\?xml|Error|head|title|!DOCTYPE)\b", re.IGNORECASE)  # what a server answered: it stays as it is

_FENCE = regex(r"\s*(?:(?:`{3,}|~{3,})[\w+.{}= -]{0,60}|\{(?:code|noformat)(?::[^}]{0,80})?\}|----+\s?code\s?----+)\s*$")
_QUOTE = regex(r"\s{0,3}(?:>\s?)+")
_BORDER = regex(r"\s*[+|├└┌┬┴┼╞═─-][-+=|─━═┬┴┼┐┘┤├└┌╞╡\s]{2,}$")
_BAR = regex(r"^\s*[|│┃]{1,2} ?(.*?)\s*[|│┃]{1,2}\s*$")
_BOX = regex(r"^[│┃] ?([^│┃]*?) ?[│┃]\s*$")
_SIDE = regex(r"^[│┃] ?")
_BULLET = regex(r"(\s*)(?:[*•◦‣·▪-]|\(?\d{1,2}[.)])\s+(?=\S)")
JOINED_FROM, JOINED_TO = 160, 256 * 1024  # characters of a line that may be several
_SPAN = r"(?:<unknown>|<invalid>|\d{1,6}[smhd](?:\d{1,4}[smh])?)(?: \(x\d{1,9} over \d{1,6}[smhd]\S{0,8}\))?"
_ROW_BEGINS = regex(
    rf"(?<=\s)(?:(?:Normal|Warning)\s+[A-Z][A-Za-z]{{3,40}}\s+(?:{_SPAN}\s+[a-z{{]|kubelet\s)|"
    rf"{_SPAN}\s+(?:Normal|Warning)\s+[A-Z][A-Za-z]{{3,40}}\s+[a-zP]\w{{1,30}}/|"
    r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{3,9} +\d{1,10} [\w.-]{1,80}:\d{1,6}\] |time=\"\d{4}-|Events:\s)"
)
FEW_FIELDS = 5
_FIELD_BEGINS = regex(
    r"(?<=\s)(?:[a-z0-9][a-z0-9-]{0,62}:\s+(?=Container ID:)|"
    "(?:Namespace|Priority|Service Account|Node|Start Time|Labels|Annotations|"
    "Status|IPs?|Controlled By|(?:Init |Ephemeral )?Containers|Container ID|Image|Image ID|(?:Host )?Ports?|"
    "State|Reason|Last State|"
    r"Exit Code|Ready|Restart Count|Environment|Mounts|Conditions|Volumes|QoS Class|Node-Selectors|Tolerations|Events):\s)"
)
_LINKED = regex(r"<(https?://[^\s<>|\"]{3,1500})(?:\|[^<>\n]{0,1500})?>")  # as mail and chat programs write an address
_INLINE = regex(r"^\s*`([^`]{3,})`[.,;:]?\s*$")


def cleaned(text: str) -> str:
    """The text without escape sequences, invisible and control characters and entities, its line breaks as newlines."""
    if "\x1b" in text or "^[[" in text:
        text = _ESCAPES.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isprintable():
        text = _CONTROLS.sub("", text)
    if not text.isascii():
        text = _SPACES.sub(" ", _INVISIBLE.sub("", text)).translate(_TYPOGRAPHIC)
        text = text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\x85", "\n")
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    if "<http" in text:
        text = _LINKED.sub(r"\1", text)
    if "<" in text and not _BODY.search(text) and "<Error>" not in text:  # a storage's answer is XML with a <Code>
        text = _TAG.sub("", _BREAK.sub("\n", text))
    return text


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return _NAMED[found[1]]
    code = int(found[2]) if found[2] else int(found[3], 16)
    return chr(code) if 32 <= code < 0xD800 else " "


def lines_of(text: str) -> list[str]:
    """The cleaned text's lines, without what a chat, a mail, a wiki or a terminal's frame put around them."""
    text = cleaned(text).replace("\x0b", "\n")
    lines = [CUT if _FENCE.match(line) else line for line in text.split("\n")]
    if any(len(line) > JOINED_FROM for line in lines):
        lines = [part for line in lines for part in _parted(line)]
    if _mostly(lines, _QUOTE):
        lines = [_QUOTE.sub("", line, count=1) for line in lines]
    if any("|" in line or "│" in line or "┃" in line for line in lines):
        lines = _without_frame(lines)
    if _mostly(lines, _BULLET):
        lines = [_BULLET.sub(r"\1", line, count=1) for line in lines]
    if "`" in text:
        lines = [_INLINE.sub(r"\1", line) for line in lines]
    return lines


def _parted(line: str) -> list[str]:
    """The rows of a table, lines of a log or fields of a describe that somebody's copying put on one line."""
    if len(line) <= JOINED_FROM or len(line) > JOINED_TO:
        return [line]
    starts = {found.start() for found in _ROW_BEGINS.finditer(line)}
    fields = [found.start() for found in _FIELD_BEGINS.finditer(line)]
    if len(fields) >= FEW_FIELDS:
        starts.update(fields)
    if len(starts) < 2 and not (starts and "Events:" in line):
        return [line]
    edges = sorted({0, *starts, len(line)})
    return [part for a, b in itertools.pairwise(edges) if (part := line[a:b].strip())]


def _mostly(lines: list[str], mark: re.Pattern[str]) -> bool:
    """Whether the mark stands before nearly all lines; one line alone may be a shell's prompt or a list of one."""
    solid = [line for line in lines if line.strip() and line != CUT]
    marked = sum(bool(mark.match(line)) for line in solid)
    return marked >= 2 and marked * 10 >= len(solid) * 8


def _without_frame(lines: list[str]) -> list[str]:
    """Rows of a drawn or wiki table as rows of blanks; borders vanish."""
    boxed = [_BOX.match(line) for line in lines]
    if sum(found is not None for found in boxed) > 1:
        lines = _unboxed(lines, boxed)
    lines = [_SIDE.sub("", line) if line[:1] in "│┃" and not _BAR.match(line) else line for line in lines]
    barred = [_BAR.match(line) for line in lines]
    count = sum(found is not None for found in barred)
    if count < 1 or (count == 1 and len([line for line in lines if line.strip()]) > 2 and not barred[0]):
        return lines
    found = []
    for line, bar in zip(lines, barred, strict=True):
        if bar is None:
            if not _BORDER.match(line):
                found.append(line)
            continue
        cells = re.split(r" ?\s*(?<!\\)(?:\|\||\||│|┃)\s* ?", bar[1])
        if all(set(cell) <= set("-=:─━ ") for cell in cells):
            continue
        found.append("  ".join(cells) if len(cells) > 1 else bar[1])
    return found


def _unboxed(lines: list[str], boxed: list[re.Match[str] | None]) -> list[str]:
    """A full-screen program's frame: a line that fills it goes on in the next one."""
    width = max(len(found[1]) for found in boxed if found)
    taken: list[str] = []
    full = False
    for line, box in zip(lines, boxed, strict=True):
        inside = box[1] if box else line
        if box and full:
            taken[-1] += inside.rstrip()
        else:
            taken.append(inside.rstrip())
        full = bool(box) and len(inside.rstrip()) == width
    return taken

"""The catalogue on a terminal: one cause's page, and the list of all."""

from __future__ import annotations

import re

from whypull.render.layout import counted, wrap
from whypull.render.pasting import has_here_document, parts
from whypull.render.safe import block, markdown, plain
from whypull.wording import command, sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from whypull.causes import Cause
    from whypull.render.style import Style

_LINK = re.compile(r"\[([^\]]+)\]\((\S+?)\)")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")
_EMPHASIS = re.compile(r"(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])")
_ITEM = re.compile(r"(\s*)([-*+]|\d{1,2}[.)])\s+(.*)", re.DOTALL)
_FENCE = re.compile(r"\s*(`{3,}|~{3,})(.*)")
_CAPTIONS = {"seen": "This text is this cause:", "seen possible": "This text may be this cause:", "todo": "Not recognised yet:"}


def explain_page(cause: Cause, body: str, width: int, style: Style) -> str:
    """A cause's page for a terminal: its title in plain words, its body wrapped, who ends it, and what decides."""
    return "\n".join(_page(cause, body, width, style)) + "\n"


def fields_of(cause: Cause) -> dict[str, Any]:
    """A cause for programs, as `whypull causes -o json` lists it; fields to be filled in commands stand as <field>."""
    fixes = [
        {"who": command(f.who, {}), "on": f.on, "do": sentence(f.do, {}), "run": command(f.run, {}), "wait": f.wait}
        for f in cause.fixes
    ]
    return {
        "id": cause.id,
        "stage": cause.stage,
        "title": sentence(cause.title, {}),
        "decide": command(cause.decide, {}),
        "guide": cause.guide,
        "retired": cause.retired,
        "fixes": fixes,
    }


def _page(cause: Cause, body: str, width: int, style: Style) -> Iterator[str]:
    yield from (style.paint("strong", line) for line in wrap(plain(sentence(cause.title, {})), width))
    guide = f" · section {cause.guide} of the troubleshooting guide" if cause.guide else ""
    yield style.paint("quiet", f"[{cause.id}]{guide}")
    if cause.retired:
        yield f"Retired: {plain(cause.retired)}"
    yield ""
    text, _, examples = body.partition("\n## Texts")
    yield from _markdown(text.strip("\n"), width, style)
    yield from _fixes(cause, width, style)
    if cause.decide:
        yield ""
        yield style.paint("strong", "What decides")
        for can_be_pasted, text_ in parts(plain(command(cause.decide, {}))):
            yield from [style.paint("command", f"    {text_}")] if can_be_pasted else wrap(text_, width, "  ")
    if examples:
        yield ""
        yield from _markdown("## Texts" + examples.rstrip("\n"), width, style)


def _fixes(cause: Cause, width: int, style: Style) -> Iterator[str]:
    for fix in cause.fixes:
        yield ""
        on = f" ({', '.join(part.strip() for part in fix.on.split(','))})" if fix.on else ""
        yield from (style.paint("strong", line) for line in wrap(plain(f"Fix, by {command(fix.who, {})}{on}"), width))
        if fix.do:
            yield from wrap(plain(sentence(fix.do, {})), width, "  ")
        before = "" if has_here_document(fix.run) else "    "
        for line in block(command(fix.run, {})).split("\n") if fix.run else ():
            yield before + style.paint("command", line)
        if fix.wait:
            yield from wrap(plain(sentence(fix.wait, {})), width, "  ")


def _markdown(text: str, width: int, style: Style) -> Iterator[str]:
    """Markdown for a terminal: headings, paragraphs, lists, and blocks as they are."""
    lines = iter(block(text).split("\n"))
    paragraph: list[str] = []
    for line in lines:
        fence = _FENCE.fullmatch(line)
        item = _ITEM.fullmatch(line)
        if fence or item or not line.strip() or line.startswith(("#", "|")):
            yield from _paragraph(paragraph, width, style)
            paragraph = []
        if fence:
            yield from _block(fence[1], fence[2].strip(), lines, style)
        elif line.startswith("#"):
            yield style.paint("strong", _inline(line.lstrip("#").strip(), style))
        elif line.startswith("|"):
            yield f"  {line}"
        elif not line.strip():
            yield ""
        else:
            paragraph.append(line)
    yield from _paragraph(paragraph, width, style)


def _paragraph(lines: Sequence[str], width: int, style: Style) -> Iterator[str]:
    if not lines:
        return
    text = " ".join(line.strip() for line in lines)
    item = _ITEM.fullmatch(lines[0])
    before = "  "
    if item:
        before = f"{item[1]}  {item[2]} "
        text = " ".join([item[3], *(line.strip() for line in lines[1:])])
    for line in wrap(_links(text), width, before, whole=("://",)):
        yield _inline(line, style)


def _links(text: str) -> str:
    """Links as words a terminal can show: the text, then the address."""
    return _LINK.sub(lambda m: m[2] if m[1] == m[2] else f"{m[1]} <{m[2]}>", text)


def _inline(line: str, style: Style) -> str:
    line = _STRONG.sub(lambda m: style.paint("strong", m[1]), line)
    return _EMPHASIS.sub(lambda m: m[1], line)


def _block(fence: str, info: str, lines: Iterator[str], style: Style) -> Iterator[str]:
    """A fenced block: never wrapped; what the page's tests call it is said in plain words."""
    words = info.split()
    if words[:1] == ["other"] and len(words) > 1:
        yield style.paint("quiet", f"  This text is {words[1]} instead:")
    elif info in _CAPTIONS:
        yield style.paint("quiet", f"  {_CAPTIONS[info]}")
    for line in lines:
        if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            return
        yield f"    {line}"


def causes_list(rows: Sequence[Cause], width: int, prog: str = "whypull") -> str:
    """The causes as a table, by stage in the order of the pull path."""
    if not rows:
        return "There is no cause of that stage.\n"
    column = max(len(cause.id) for cause in rows) + 2
    lines: list[str] = []
    for cause in rows:
        retired = f" (retired: {cause.retired})" if cause.retired else ""
        lines += wrap(plain(sentence(cause.title, {}) + retired), width, f"{cause.id:<{column}}", " " * column)
    return "\n".join(lines) + f"\n\n{counted(len(rows), 'cause')}. All about one: {prog} explain {rows[0].id}\n"


def causes_as_markdown(rows: Sequence[Cause]) -> str:
    """The causes as a Markdown list."""
    return "".join(f"- `{cause.id}`: {markdown(sentence(cause.title, {}))}\n" for cause in rows)

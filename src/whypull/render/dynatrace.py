"""Pictures of Dynatrace → the screen, Markdown and JSON."""

from __future__ import annotations

from whypull.dynatrace import PULLERS
from whypull.records import replace
from whypull.redact import redacted
from whypull.render import style as marks
from whypull.render.layout import listed, wrap
from whypull.render.safe import block, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from whypull.dynatrace import DynaKube, Part, Picture, Trouble
    from whypull.render.style import Style

MOST_FIXES = 3


def screen(pictures: Sequence[Picture], notes: Sequence[str], width: int, style: Style, prog: str = "whypull") -> str:
    """The whole picture for a terminal of `width` columns, newline at its end."""
    return "\n".join(_Screen(width, style, prog).lines(pictures, notes)) + "\n"


class _Screen:
    """One screen being written."""

    def __init__(self, width: int, style: Style, prog: str) -> None:
        self.width, self.style, self.prog = width, style, prog

    def lines(self, pictures: Sequence[Picture], notes: Sequence[str]) -> Iterator[str]:
        for number, one in enumerate(pictures):
            if number:
                yield ""
            yield from self.one(one)
        if notes:
            yield ""
            yield self.heading("Besides")
            for note in notes:
                yield from self.prose(note, "    ")

    def one(self, one: Picture) -> Iterator[str]:
        yield from self.head(one)
        yield ""
        if not one.troubles:
            yield f"  {self.style.mark(marks.PASSED)} Nothing that was looked at stops a pull of these."
        for number, trouble in enumerate(one.troubles):
            yield from [""] if number else []
            yield from self.trouble(trouble)
        if one.parts:
            yield ""
            yield self.heading("Which images, and who pulls them")
            for names, part in _together(one.parts):
                yield from self.part(names, part)
        if one.notes:
            yield ""
            for note in one.notes:
                yield from self.prose(note, "  ")

    def head(self, one: Picture) -> Iterator[str]:
        if one.dynakube is None:
            yield from self.prose(f"Dynatrace, without a DynaKube in this input{_operator(one)}", "")
            return
        for line in wrap(plain(_title(one)), self.width):
            yield self.style.paint("strong", line)
        for name, words in _settings(one.dynakube):
            yield from wrap(plain(words), self.width, f"  {name:<9} ")

    def part(self, names: str, part: Part) -> Iterator[str]:
        yield from wrap(plain(part.image or _no_image(part)), self.width, f"    {names}: ", " " * 8)
        for line in _lines_of(part):
            yield from self.prose(line, "        ")
        if part.test.startswith(("whypull ", "kubectl ")):
            for line in block(part.test.replace("whypull ", f"{self.prog} ")).split("\n"):
                yield "          " + self.style.paint("command", line)

    def trouble(self, one: Trouble) -> Iterator[str]:
        mark = self.style.mark(marks.FAILED if len(one.causes) <= 1 or one.certainty != "possible" else marks.UNKNOWN)
        lines = wrap(plain(redacted(one.what)), self.width, "    ")
        yield f"  {mark} {self.style.paint('strong', lines[0][4:])}"
        yield from lines[1:]
        identity = " or ".join(f"[{cause}]" for cause in one.causes)
        count = f"{one.count:,} of {one.of:,} injected pods" if one.of else ""
        yield from self.prose(" · ".join(p for p in (one.certainty, identity, count) if p), "    ")
        for fact in one.because:
            yield from self.prose(redacted(fact), "      ")
        for fix in one.fixes[:MOST_FIXES]:
            yield ""
            yield "    " + self.style.paint("strong", plain(f"Fix, by {fix.who}"))
            if fix.do:
                yield from self.prose(fix.do, "      ")
            for line in block(fix.run).split("\n") if fix.run else ():
                yield "        " + self.style.paint("command", line)
            if fix.wait:
                yield from self.prose(fix.wait, "      ")
        if one.decide and (len(one.causes) > 1 or one.certainty != "proved"):
            yield from self.prose(f"To be certain: {one.decide}", "    ")

    def heading(self, text: str) -> str:
        return "  " + self.style.paint("strong", text)

    def prose(self, text: str, before: str) -> Iterator[str]:
        yield from wrap(plain(text), self.width, before)


def _operator(one: Picture) -> str:
    return f", operator {one.installation.operator_version}" if one.installation.operator_version else ""


def _title(one: Picture) -> str:
    dynakube = one.dynakube
    assert dynakube is not None
    where = f" in {dynakube.namespace}" if dynakube.namespace else ""
    mode = f", {dynakube.mode}" if dynakube.mode else ""
    return f"DynaKube {dynakube.name}{where} ({dynakube.version or 'version unknown'}){mode}{_operator(one)}"


def _settings(dynakube: DynaKube) -> Iterator[tuple[str, str]]:
    yield "tenant", dynakube.host or "not named"
    proxy = f"Secret {dynakube.proxy_secret}" if dynakube.proxy_secret else dynakube.proxy or "none"
    yield "proxy", proxy if proxy == "none" else f"{proxy}: for Dynatrace's own connections, never for a pull of the kubelet's"
    yield "CAs", f"ConfigMap {dynakube.trusted_cas}, for the same" if dynakube.trusted_cas else "none of its own"
    secret = f"customPullSecret {dynakube.pull_secret}" if dynakube.pull_secret else "no customPullSecret"
    tenant = (
        "" if dynakube.public_registry else f"; for the tenant's registry {dynakube.tenant_secret}, which the operator writes"
    )
    yield "secrets", secret + tenant
    if dynakube.selector:
        yield "injects", f"namespaces with {dynakube.selector}"
    if dynakube.phase:
        yield "phase", dynakube.phase


def _together(parts: Sequence[Part]) -> Iterator[tuple[str, Part]]:
    """Parts that are one image with one way of pulling it, once, with all their names."""
    groups: dict[Part, list[str]] = {}
    for part in parts:
        groups.setdefault(replace(part, name=""), []).append(part.name)
    for part, names in groups.items():
        yield ", ".join(names), part


def _no_image(part: Part) -> str:
    if part.puller == "download":
        return f"no image: a ZIP from {part.host or 'the tenant'}"
    return "its image is not in what was looked at"


def _lines_of(part: Part) -> Iterator[str]:
    known = f" (known from: {part.known_from})" if part.known_from else ""
    yield (
        f"pulled by {PULLERS[part.puller]}{known}"
        if part.puller not in {"download", "unknown"}
        else f"{PULLERS[part.puller]}{known}"
    )
    if part.secrets:
        what = "token in the Secret" if part.puller == "download" else "secrets"
        where = f" of {part.namespace}" if part.namespace else ""
        yield f"{what}{where}: {listed(part.secrets)}"
    elif part.puller in {"kubelet", "csi"}:
        yield f"secrets{f' of {part.namespace}' if part.namespace else ''}: none is named"
    if part.puller in {"csi", "download"}:
        yield f"proxy: {part.proxy}"
        yield f"trust: {part.trust}"
    elif part.puller == "kubelet":
        yield "proxy and trust: the node's own"


def as_markdown(pictures: Sequence[Picture], notes: Sequence[str]) -> str:
    """The picture as a Markdown text, for a ticket."""
    from whypull.render.safe import fenced, markdown  # noqa: PLC0415

    parts: list[str] = []
    for one in pictures:
        parts.append(f"# {markdown(_title(one) if one.dynakube else 'Dynatrace')}")
        rows = ["| part | image | who pulls it | secrets |", "| --- | --- | --- | --- |"]
        for p in one.parts:
            cells = (p.name, p.image or _no_image(p), PULLERS[p.puller], ", ".join(p.secrets))
            rows.append(f"| {' | '.join(map(markdown, cells))} |")
        if one.parts:
            parts.append("\n".join(rows))
        for trouble in one.troubles:
            causes = ", ".join(f"`{cause}`" for cause in trouble.causes) or "no image pull"
            parts.append(f"## {markdown(redacted(trouble.what))}")
            parts.append(f"{causes}, {trouble.certainty}")
            parts.append("\n".join(f"- {markdown(redacted(fact))}" for fact in trouble.because))
            for fix in trouble.fixes:
                parts.append(f"**{markdown(fix.who)}**: {markdown(fix.do)}")
                parts += [fenced(fix.run, "sh")] if fix.run else []
                parts += [markdown(fix.wait)] if fix.wait else []
        parts += [markdown(note) for note in one.notes]
    parts += [markdown(note) for note in notes]
    return "\n\n".join(part for part in parts if part) + "\n"


def as_dict(pictures: Sequence[Picture], notes: Sequence[str]) -> dict[str, Any]:
    """The picture as one document of plain values."""
    return {"schema": "whypull/1", "dynatrace": [_picture(one) for one in pictures], "notes": list(notes)}


def _picture(one: Picture) -> dict[str, Any]:
    return {
        "dynakube": _dynakube(one.dynakube) if one.dynakube else None,
        "operator": one.installation.operator_version,
        "parts": [
            {
                "name": p.name, "image": redacted(p.image), "registry": p.host, "puller": p.puller, "known_from": p.known_from,
                "namespace": p.namespace, "secrets": list(p.secrets), "proxy": p.proxy, "trust": p.trust, "test": p.test,
            }
            for p in one.parts
        ],
        "troubles": [
            {
                "what": redacted(t.what), "part": t.part, "puller": t.puller, "causes": list(t.causes), "certainty": t.certainty,
                "image_pull": bool(t.causes), "because": [redacted(b) for b in t.because], "decide": t.decide, "count": t.count,
                "of": t.of, "fixes": [{"who": f.who, "do": f.do, "run": f.run, "wait": f.wait} for f in t.fixes],
            }
            for t in one.troubles
        ],
        "notes": list(one.notes),
    }  # fmt: skip


def _dynakube(one: DynaKube) -> dict[str, Any]:
    return {
        "name": one.name, "namespace": one.namespace, "version": one.version, "tenant": one.host, "mode": one.mode,
        "proxy": redacted(one.proxy) or one.proxy_secret, "pull_secret": one.pull_secret, "trusted_cas": one.trusted_cas,
    }  # fmt: skip

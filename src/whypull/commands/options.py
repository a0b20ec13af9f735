"""Options that the verbs share: output format, width, colour."""

from __future__ import annotations

import os
import sys

from whypull.cli import UsageError, called

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

FORMATS = ("text", "json", "yaml", "markdown")
COLOURS = ("auto", "always", "never")
NARROWEST, WIDEST, USUAL = 60, 200, 80


def parser(verb: str, description: str, epilog: str = "") -> ArgumentParser:
    """An argument parser whose errors are one sentence and exit code 2."""
    import argparse  # noqa: PLC0415 - 6 ms that --version must not pay

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise UsageError(f"{message}\n  {self.format_usage().strip()}")

    return Parser(
        prog=f"{called()} {verb}",
        description=description,
        epilog=epilog.replace("whypull ", f"{called()} "),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_output(to: ArgumentParser) -> None:
    """Adds -o, --width and --color."""
    to.add_argument("-o", "--output", choices=FORMATS, default="text", help="how the answer is written (text)")
    to.add_argument("--width", type=int, default=0, metavar="N", help="columns, 60 to 200 (the terminal's)")
    to.add_argument("--color", choices=COLOURS, default="auto", help="colour (auto: on a terminal)")


class Chosen:
    """What was chosen on a command line, as argparse's Namespace holds it."""

    def __init__(self, **chosen: object) -> None:
        self.__dict__.update(chosen)


_OUTPUT = {"-o": ("output", FORMATS), "--output": ("output", FORMATS), "--color": ("color", COLOURS)}


def plain(args: Sequence[str]) -> Namespace | None:
    """The arguments of `explain` where they are only whole options that are right; None for argparse to look at them."""
    return plainly(args, {"what": []}, {"--lines": "lines"}, {})


def plainly(
    args: Sequence[str],
    unsaid: Mapping[str, object],
    flags: Mapping[str, str],
    values: Mapping[str, tuple[str, tuple[str, ...]]],
) -> Namespace | None:
    """Arguments that are only whole options that are right; None for argparse to look at them.

    Most calls are of this kind, and importing argparse and making a parser costs 10 ms, an eighth of an explanation. `unsaid`
    is what holds where nothing is said, first of all the list of words; an option of `values` takes one of its choices, or
    any text where it has none.
    """
    words, *_ = unsaid
    known = {**values, **_OUTPUT}
    chosen: dict[str, Any] = {**dict.fromkeys(flags.values(), False), **unsaid, "output": "text", "width": 0, "color": "auto"}
    given: list[str] = []
    rest = iter(args)
    for arg in rest:
        if arg == "-" or not arg.startswith("-"):
            given.append(arg)
        elif arg in flags:
            chosen[flags[arg]] = True
        elif arg in known:
            name, right = known[arg]
            chosen[name] = next(rest, "-")
            if (right and chosen[name] not in right) or chosen[name].startswith("-"):
                return None
        elif arg == "--width":
            number = next(rest, "")
            if not (number.isascii() and number.isdigit()):
                return None
            chosen["width"] = int(number)
        else:
            return None
    chosen[words] = given
    return Chosen(**chosen)  # type: ignore[return-value]  # it has the attributes that a Namespace would have


def width(asked: int) -> int:
    """The columns to write for: as asked, else the terminal's, else 80; from 60 to 200."""
    if not asked:
        try:
            asked = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size(sys.stdout.fileno()).columns
        except (ValueError, OSError):
            asked = USUAL
    return max(NARROWEST, min(asked, WIDEST))


def colour(asked: str) -> bool:
    """Whether to colour: never in a pipe, NO_COLOR and TERM=dumb are honoured (https://no-color.org)."""
    if asked != "auto":
        return asked == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def dumps(form: str, fields: dict[str, Any]) -> str:
    """Fields as JSON or YAML."""
    if form == "yaml":
        from whypull.render import as_yaml  # noqa: PLC0415 - PyYAML costs 15 ms

        return as_yaml.dumps(fields)
    from whypull.render import as_json  # noqa: PLC0415

    return as_json.dumps(fields)

"""Options that the verbs share: output format, width, colour."""

from __future__ import annotations

import os
import sys

from whypull.cli import UsageError, called

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from typing import Any, NoReturn

FORMATS = ("text", "json", "yaml", "markdown")
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
    to.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="colour (auto: on a terminal)")


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

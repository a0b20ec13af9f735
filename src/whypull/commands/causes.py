"""whypull causes: the catalogue as a list."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from whypull.causes import Cause


def parser() -> ArgumentParser:
    """The verb's arguments."""
    from whypull.commands import options  # noqa: PLC0415
    from whypull.model import STAGES  # noqa: PLC0415

    made = options.parser("causes", "The catalogue of causes, in the order of the pull path.")
    made.add_argument("--stage", action="append", default=[], choices=STAGES, help="only of this stage (repeatable)")
    options.add_output(made)
    return made


def run(args: Sequence[str]) -> int:
    """Prints the causes, all or of some stages, in the format that was asked for. Raises UsageError."""
    from whypull.causes import catalogue  # noqa: PLC0415
    from whypull.commands import options  # noqa: PLC0415

    chosen = parser().parse_args(args)
    rows = [c for c in catalogue().values() if not chosen.stage or c.stage in chosen.stage]
    print(_written(rows, chosen.output, options.width(chosen.width)), end="")
    return 0


def _written(rows: Sequence[Cause], form: str, width: int) -> str:
    from whypull.cli import called  # noqa: PLC0415
    from whypull.render import page  # noqa: PLC0415

    if form == "text":
        return page.causes_list(rows, width, called())
    if form == "markdown":
        return page.causes_as_markdown(rows)
    from whypull.commands import options  # noqa: PLC0415

    return options.dumps(form, {"schema": "whypull/1", "causes": [page.fields_of(c) for c in rows]})

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
    """Prints the causes, all or of some stages, as a table or as JSON. Raises UsageError."""
    from whypull.causes import catalogue  # noqa: PLC0415
    from whypull.commands import options  # noqa: PLC0415

    chosen = parser().parse_args(args)
    rows = [c for c in catalogue().values() if not chosen.stage or c.stage in chosen.stage]
    if chosen.output in {"json", "yaml"}:
        print(_as_json(rows))
    else:
        from whypull.render.page import causes_list  # noqa: PLC0415

        print(causes_list(rows, options.width(chosen.width)), end="")
    return 0


def _as_json(rows: Sequence[Cause]) -> str:
    import json  # noqa: PLC0415

    fields = [{"id": c.id, "stage": c.stage, "title": c.title, "decide": c.decide, "guide": c.guide} for c in rows]
    return json.dumps({"schema": "whypull/1", "causes": fields}, indent=2, ensure_ascii=False)

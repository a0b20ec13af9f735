"""whypull watch: waits until the failing pods of a scope have their images, and says which do as they do."""

from __future__ import annotations

import sys
import time

from whypull.cli import FOUND, OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence
    from typing import Any

EPILOG = """\
examples:
  whypull watch -n shop                   until every pod of the namespace has its images
  whypull watch deploy/web -n shop --timeout 600

The kubelet waits longer after each failure, 5 minutes at most; a pod that is made anew tries at once.
"""
EVERY = 5.0  # seconds between looks


def run(args: Sequence[str]) -> int:
    """0 when nothing fails any more, 1 when the time is up before. Raises UsageError."""
    from whypull.commands import cluster as live  # noqa: PLC0415

    chosen = parser().parse_args(args)
    scope = live.scope_of(chosen)
    until = time.monotonic() + chosen.timeout
    before: dict[tuple[str, str], str] | None = None
    while True:
        with live.progress(chosen) as say:
            looked, _ = live.seen(chosen, scope, say)
        now = _failing(looked)
        if before is None:
            _first(now)
        else:
            _changes(before, now, looked)
        if not now:
            print("✓ every image that was waited for is there.")
            return OK
        if time.monotonic() + chosen.every > until:
            print(f"✗ {len(now)} pods still wait for an image after {chosen.timeout:.0f} s: whypull tells why.")
            return FOUND
        before = now
        time.sleep(chosen.every)


def parser() -> ArgumentParser:
    """The arguments."""
    from whypull.commands import cluster as live  # noqa: PLC0415
    from whypull.commands import options  # noqa: PLC0415

    made = options.parser("watch", "Waits until the failing pulls have come off.", EPILOG)
    made.add_argument("target", nargs="*", metavar="TARGET", help="pod/NAME, deploy/NAME, … (all of the namespace)")
    live.add_cluster(made)
    made.add_argument("-l", "--selector", default="", metavar="LABELS", help="pods with these labels")
    made.add_argument("--timeout", type=_seconds, default=900.0, metavar="SECONDS", help="how long to wait (900)")
    made.add_argument("--every", type=_seconds, default=EVERY, metavar="SECONDS", help="seconds between two looks (5)")
    options.add_output(made)
    return made


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 10**6:
        raise UsageError(f"{text} is no number of seconds to wait")
    return value


def _failing(looked: Any) -> dict[tuple[str, str], str]:
    """(namespace, pod) → the image that it waits for."""
    return {(c.pull.namespace, c.pull.pod): c.pull.image for c in looked.reading.cases}


def _first(now: dict[tuple[str, str], str]) -> None:
    from whypull.render.safe import plain  # noqa: PLC0415

    if now:
        print(f"{len(now)} pods wait for an image:")
        for (namespace, pod), image in list(now.items())[:20]:
            print(plain(f"  ✗ {namespace}/{pod}  {image}"))
        if len(now) > 20:
            print(f"  … and {len(now) - 20} more")
    sys.stdout.flush()


def _changes(before: dict[tuple[str, str], str], now: dict[tuple[str, str], str], looked: Any) -> None:
    from whypull.render.safe import plain  # noqa: PLC0415

    for key, image in before.items():
        if key not in now:
            there = key in looked.inventory.running or key in looked.inventory.pods
            mark = "✓" if there else "·"
            print(plain(f"  {mark} {key[0]}/{key[1]}  {image if there else 'is gone'}"))
    for key, image in now.items():
        if key not in before:
            print(plain(f"  ✗ {key[0]}/{key[1]}  {image}  (new)"))
    sys.stdout.flush()

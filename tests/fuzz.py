"""Damages real outputs and asks for an explanation of each: none may crash, hang or leak.

python tests/fuzz.py --inputs 200000 [--seed 1] [--jobs 2]
"""

from __future__ import annotations

import argparse
import glob
import multiprocessing
import os
import pathlib
import random
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEEDS = [ROOT / "examples", ROOT.parent / "shared" / "captured"]
SLOW = 5.0  # seconds that one input may take on a busy machine
SPLICES = [
    b"\x00",
    b"\xff\xfe",
    b"\x1b[2J",
    b"\xe2\x80\xae",
    b'\\"',
    b"[" * 50,
    b"&a *a",
    b"---\n",
    b"{",
    b"}",
    b"\r\n",
    b"\t",
    b'"',
]


def seeds():
    """Real outputs of at most 40 KB."""
    found = []
    for folder in SEEDS:
        for name in sorted(glob.glob(str(folder / "**" / "*"), recursive=True)):
            small = os.path.isfile(name) and os.path.getsize(name) <= 40_000
            found += [pathlib.Path(name).read_bytes()] if small else []
    return found


def damage(data, other, dice):
    """The data with one to six random changes."""
    out = bytearray(data)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(out) + 1)
        kind = dice.randrange(7)
        if kind == 0:
            out[at:at] = dice.choice(SPLICES)
        elif kind == 1:
            del out[at : at + dice.randint(1, 200)]
        elif kind == 2 and out:
            out[at % len(out)] = dice.randrange(256)
        elif kind == 3:
            out = out[:at]
        elif kind == 4:
            start = dice.randrange(len(other) + 1)
            out[at:at] = other[start : start + dice.randint(1, 600)]
        elif kind == 5:
            out[at:at] = out[at : at + dice.randint(1, 200)] * dice.randint(1, 20)
        else:
            out = out.replace(b"\n", dice.choice([b"\r\n", b" ", b"\n  ", b"\n> "]), dice.randint(1, 20))
    return bytes(out[:60_000])


def work(job):
    """How many inputs were read, and the first few that crashed or were slow."""
    seed, count = job
    from whypull import explain

    dice = random.Random(seed)
    pool = seeds()
    bad = []
    for _ in range(count):
        data = damage(dice.choice(pool), dice.choice(pool), dice)
        started = time.monotonic()
        try:
            explain(data)
        except Exception as e:  # noqa: BLE001 - every crash is a finding here
            bad.append((repr(e)[:200], data[:200]))
        if time.monotonic() - started > SLOW:
            bad.append((f"{time.monotonic() - started:.1f} s", data[:200]))
    return count, bad[:5]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    step = 2_000
    jobs = [(args.seed * 1_000_003 + i, min(step, args.inputs - i)) for i in range(0, args.inputs, step)]
    done = 0
    with multiprocessing.Pool(args.jobs) as pool:
        for count, bad in pool.imap_unordered(work, jobs):
            done += count
            for what, data in bad:
                print(what, data)
            if sys.stderr.isatty():
                print(f"\r{done:,} of {args.inputs:,}", end="", file=sys.stderr)
            if bad:
                pool.terminate()
                return 1
    print(f"{done} passed, 0 failed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

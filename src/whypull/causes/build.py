"""Writes the index that start-up reads instead of 60 pages. Run by hatch_build.py and by `make index`."""

from __future__ import annotations

import os
import pprint

from whypull.causes import HERE, stamp
from whypull.causes.page import load_all

INDEX = os.path.join(HERE, "_index.py")


def write(*, editable: bool) -> str:
    """Writes _index.py and returns its path. Raises ValueError for a broken page, OSError where it cannot write."""
    rows = [
        (c.id, c.title, c.decide, c.retired, c.guide, tuple(map(tuple, c.says)), tuple(map(tuple, c.fixes)))
        for c in load_all().values()
    ]
    fresh = f"{INDEX}.{os.getpid()}"  # another process may be reading the old one
    with open(fresh, "w", encoding="utf-8") as file:
        file.write('"""Made of the pages by build.py. Do not edit."""\n\n')
        file.write(f"STAMP = {stamp() if editable else ()!r}\n")
        file.write("CAUSES = " + pprint.pformat(tuple(rows), width=120) + "\n")
    os.replace(fresh, INDEX)
    return INDEX


if __name__ == "__main__":
    print(write(editable=True))

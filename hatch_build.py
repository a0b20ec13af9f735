"""Builds the catalogue's index into the package, so that no run parses the pages, and compiles an editable install.

pip compiles what it installs, but for editable installs; where Python may not write byte code (PYTHONDONTWRITEBYTECODE, a
read-only checkout) each start would compile all modules anew, which takes four times as long as the start itself.
"""

from __future__ import annotations

import compileall
import os
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Index(BuildHookInterface):  # type: ignore[misc]
    """Called by hatchling for wheels and for editable installs alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Writes src/whypull/causes/_index.py. Raises ValueError for a page that breaks the format."""
        sys.path.insert(0, os.path.join(self.root, "src"))
        try:
            from whypull.causes import build  # noqa: PLC0415

            build.write(editable=version == "editable")
            if version == "editable":
                compileall.compile_dir(os.path.join(self.root, "src", "whypull"), quiet=2)
        finally:
            sys.path.pop(0)

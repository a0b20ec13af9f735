"""`python -m whypull`."""

from __future__ import annotations

from whypull.cli import main

raise SystemExit(main())

"""What holds for every test."""

from __future__ import annotations

import signal

from hypothesis import settings

# A shell makes what it starts in the background deaf to Ctrl-C, and its children with it: the tests send some of them one.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What a property test draws is the same in every run: whoever changes a line sees the failure, not whoever comes next.
settings.register_profile("steady", derandomize=True)
settings.load_profile("steady")

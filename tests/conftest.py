"""What holds for every test."""

from __future__ import annotations

import signal

# A shell makes what it starts in the background deaf to Ctrl-C, and its children with it: the tests send some of them one.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

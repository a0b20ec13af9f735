"""Several walks at a time, and a Ctrl-C that ends them all at once."""

from __future__ import annotations

import queue
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = 8


def side_by_side(act: Callable[[int], None], count: int) -> bool:
    """Calls act(0) … act(count - 1), eight at a time. False where Ctrl-C ended it; what an act raises is raised.

    The threads are daemons: one that hangs in the system must not keep the process, as a pool's would.
    """
    ready: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
    for number in range(count):
        ready.put(number)

    def work() -> None:
        while True:
            try:
                number = ready.get_nowait()
            except queue.Empty:
                return
            try:
                act(number)
                done.put(None)
            except BaseException as e:  # noqa: BLE001 - raised again where it can be heard
                done.put(e)

    try:
        for _ in range(min(AT_ONCE, count)):
            threading.Thread(target=work, daemon=True).start()
        for _ in range(count):
            failed = done.get()
            if failed is not None:
                raise failed
    except KeyboardInterrupt:
        return False
    return True

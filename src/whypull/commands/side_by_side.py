"""Several walks at a time, and a Ctrl-C that ends them all at once."""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = 8


def side_by_side(act: Callable[[int], None], count: int) -> bool:
    """Calls act(0) … act(count - 1), eight at a time. False where Ctrl-C ended it; what an act raises is raised.

    The threads are daemons: one that hangs in the system must not keep the process, as a pool's would.
    """
    left = iter(range(count))
    taking = threading.Lock()
    ended = threading.Semaphore(0)
    failures: list[BaseException] = []

    def work() -> None:
        while True:
            with taking:
                number = next(left, None)
            if number is None:
                return
            try:
                act(number)
            except BaseException as e:  # noqa: BLE001 - raised again where it can be heard
                failures.append(e)
            ended.release()

    try:
        for _ in range(min(AT_ONCE, count)):
            threading.Thread(target=work, daemon=True).start()
        for _ in range(count):
            ended.acquire()
            if failures:
                raise failures[0]
    except KeyboardInterrupt:
        return False
    return True

"""Several questions to one API server at once, and what the asker may not see: said with verb and resource, never fatal."""

from __future__ import annotations

import re
from _thread import allocate_lock
from threading import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar

    from whypull.read.cluster import ApiError, Cluster

    T = TypeVar("T")
    R = TypeVar("R")

AT_ONCE = 6  # connections: the API server's fairness queues are per user


class Asking:
    """Connections of one access, shared by threads, and the rights that turned out to be missing."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.lacking: dict[str, None] = {}
        self._all = [cluster]

    @property
    def calls(self) -> int:
        """Requests so far."""
        return sum(one.calls for one in self._all)

    @property
    def bytes(self) -> int:
        """Bytes received so far."""
        return sum(one.bytes for one in self._all)

    def close(self) -> None:
        """Closes all connections."""
        for one in self._all:
            one.close()

    def each(self, ask: Callable[[Cluster, T], R], about: Iterable[T]) -> Iterator[R]:
        """`ask` for every item, a few at once, in the items' order. Raises what `ask` raises."""
        items = list(about)
        if len(items) <= 1:
            yield from (ask(self.cluster, item) for item in items)
            return
        while len(self._all) < min(AT_ONCE, len(items)):
            self._all.append(self.cluster.again())
        work = _Work(ask, items)
        threads = [Thread(target=work.do, args=(connection,), daemon=True) for connection in self._all[: len(items)]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        yield from work.answers()

    def refused(self, error: ApiError, verb: str, resource: str, namespace: str = "") -> bool:
        """Whether an answer was a refusal (it is remembered) or the thing is not there; other errors are not swallowed."""
        if error.status == 403:
            where = f" in namespace {namespace}" if namespace else " in all namespaces"
            self.lacking.setdefault(f"You may not {verb} {resource}{where if resource != 'nodes' else ''}.")
            return True
        return error.status in {404, 405}


class _Work:
    """Questions that several connections take from one list. concurrent.futures would be 6 ms of every start."""

    def __init__(self, ask: Callable[[Cluster, Any], Any], items: list[Any]) -> None:
        self._ask = ask
        self._items = items
        self._lock = allocate_lock()
        self._next = 0
        self._found: dict[int, Any] = {}
        self._failed: dict[int, BaseException] = {}

    def do(self, connection: Cluster) -> None:
        """Asks over one connection until nothing is left or a question has failed."""
        while (number := self._taken()) is not None:
            try:
                self._found[number] = self._ask(connection, self._items[number])
            except BaseException as e:  # noqa: BLE001 - it is raised where the answers are awaited
                self._failed[number] = e

    def answers(self) -> Iterator[Any]:
        """The answers in the order of the questions. Raises what the first one that failed raised."""
        for number in range(len(self._items)):
            if number in self._failed:
                raise self._failed[number]
            yield self._found[number]

    def _taken(self) -> int | None:
        with self._lock:
            if self._failed or self._next == len(self._items):
                return None
            self._next += 1
            return self._next - 1


def selector_of(spec: object) -> str:
    """A workload's spec.selector as a labelSelector. Empty where it has none."""
    selector = spec.get("selector") if isinstance(spec, dict) else None
    if not isinstance(selector, dict):
        return ""
    labels = selector.get("matchLabels") or ({} if "matchExpressions" in selector else selector)
    terms = [f"{key}={value}" for key, value in labels.items() if isinstance(value, str)]
    for one in selector.get("matchExpressions") or ():
        key, values = one.get("key", ""), ",".join(one.get("values") or ())
        terms += {
            "In": [f"{key} in ({values})"],
            "NotIn": [f"{key} notin ({values})"],
            "Exists": [key],
            "DoesNotExist": [f"!{key}"],
        }.get(one.get("operator"), [])
    return ",".join(terms)


def valid_name(name: str) -> bool:
    """Whether a text can be an object's name: what goes into a path must."""
    return bool(re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", name))

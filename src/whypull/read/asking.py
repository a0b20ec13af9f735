"""Several questions to one API server at once, and what the asker may not see: said with verb and resource, never fatal."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    from whypull.read.cluster import ApiError, Cluster

    T = TypeVar("T")
    R = TypeVar("R")

AT_ONCE = 6  # connections: the API server's fairness queues are per user


class Asking:
    """Connections of one access, shared by threads, and the rights that turned out to be missing."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.lacking: dict[str, None] = {}
        self._free: SimpleQueue[Cluster] = SimpleQueue()
        self._all = [cluster]
        self._free.put(cluster)

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
            another = self.cluster.again()
            self._all.append(another)
            self._free.put(another)

        def by_one_of_them(item: T) -> R:
            connection = self._free.get()
            try:
                return ask(connection, item)
            finally:
                self._free.put(connection)

        with ThreadPoolExecutor(len(self._all)) as pool:
            yield from pool.map(by_one_of_them, items)

    def refused(self, error: ApiError, verb: str, resource: str, namespace: str = "") -> bool:
        """Whether an answer was a refusal (it is remembered) or the thing is not there; other errors are not swallowed."""
        if error.status == 403:
            where = f" in namespace {namespace}" if namespace else " in all namespaces"
            self.lacking.setdefault(f"You may not {verb} {resource}{where if resource != 'nodes' else ''}.")
            return True
        return error.status in {404, 405}


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

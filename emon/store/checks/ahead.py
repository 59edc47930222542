"""The next item is made ready in a thread of its own while the caller works on the one before.

For what spends its time waiting for the database: that works on the next block while this one is hashed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Queue
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    """No more items. ``fault``: why, if not because there are none."""

    def __init__(self, fault: BaseException | None) -> None:
        self.fault = fault


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The items, unchanged and in order; a fault of theirs is raised in the caller's thread. At most one
    waits ready, beside the one that is being made. The iterator is touched by the thread alone."""
    ready: Queue[Item | _End] = Queue(maxsize=1)
    left = threading.Event()

    def make() -> None:
        try:
            for item in items:
                ready.put(item)
                if left.is_set():
                    return
        except BaseException as fault:  # handed over, whatever it is
            ready.put(_End(fault))
        else:
            ready.put(_End(None))

    thread = threading.Thread(target=make, name="read ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.fault is not None:
            raise item.fault
    finally:
        left.set()
        while thread.is_alive():
            if not ready.empty():
                ready.get()
            thread.join(0.01)

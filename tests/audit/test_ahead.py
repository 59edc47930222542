"""Reading ahead changes nothing of what is read."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from emon.store.checks.ahead import one_ahead


def counted(upto: int, made: list[int], fault: Exception | None = None) -> Iterator[int]:
    for number in range(upto):
        made.append(number)
        yield number
    if fault is not None:
        raise fault


@pytest.mark.parametrize("upto", [0, 1, 2, 500])
def test_items_come_unchanged_and_in_order(upto: int) -> None:
    assert list(one_ahead(counted(upto, []))) == list(range(upto))


def test_a_fault_comes_after_what_was_made_before_it() -> None:
    found: list[int] = []
    with pytest.raises(ConnectionError, match="gone"):
        found.extend(one_ahead(counted(3, [], ConnectionError("gone"))))
    taken = one_ahead(counted(3, [], ConnectionError("gone")))
    assert [next(taken) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ConnectionError, match="gone"):
        next(taken)


def test_no_more_than_a_few_are_made_ahead_and_leaving_early_leaves_no_thread() -> None:
    made: list[int] = []
    before = threading.active_count()
    taken = one_ahead(counted(10_000, made))
    assert next(taken) == 0
    taken.close()  # type: ignore[attr-defined]
    assert len(made) <= 6
    assert threading.active_count() == before

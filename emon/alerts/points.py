"""The numbered points of a delivery: where a crash can fall between two steps.

Each is passed by name in the code, so that a test can end the process exactly there
(``tests/alerts/test_killed_at_each_point.py``). What must hold at every one: the delivery comes
again after the next start, and if the recipient has it already, it comes under the same id.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum


class Point(IntEnum):
    """In the order in which a delivery passes them."""

    CLAIMED = 1
    """Read from the outbox; nothing is sent and nothing changed."""
    SENDING = 2
    """The next thing that happens is the recipient's channel."""
    ANSWERED = 3
    """The channel has its answer; only memory knows."""
    RECORDING = 4
    """The transaction that keeps a group of attempts is about to begin."""
    RECORDED = 5
    """All its rows are written, and it is not committed."""
    COMMITTED = 6
    """The attempts are on file; the dispatcher has not taken note of it."""
    RELEASED = 7
    """The recipient is back, and what waited for it is due at once."""


Reached = Callable[[Point], None]
"""Hears of each point as it is passed."""


def ignore(point: Point) -> None:
    """What a running service does at a point: nothing."""

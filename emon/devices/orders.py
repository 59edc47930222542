"""An order whose device was never seen: armed, in force, and nobody wears its bracelet.

An order that names no device at all is not electronically watched (contract, section 2) and waits for
nothing; it stands in the look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from emon.devices.duty import stretches
from emon.limits import ORDER_WAITS_S
from emon.model.instant import SECOND_US
from emon.model.machine import Machine
from emon.model.watch import Duty, Watch
from emon.plan import Shift

_WAITS_US = ORDER_WAITS_S * SECOND_US


class OrderState(StrEnum):
    """``waiting``: its device has not been heard. ``wanting``: not in time, and told. ``fitted``: it
    has been heard."""

    WAITING = "waiting"
    WANTING = "wanting"
    FITTED = "fitted"


class Given(StrEnum):
    """``message``: its device is heard. ``overdue``: it was not, in the time allowed. ``released``: the
    order does not have it worn any more."""

    MESSAGE = "message"
    OVERDUE = "overdue"
    RELEASED = "released"


class Done(StrEnum):
    """``open`` and ``clear``: the trouble on file. ``tell``: an alert."""

    OPEN = "open"
    TELL = "tell"
    CLEAR = "clear"


WAITING, WANTING, FITTED = OrderState

ORDER = Machine(
    "order without a device",
    OrderState,
    Given,
    Done,
    {
        (WAITING, Given.MESSAGE): (FITTED, ()),
        (WAITING, Given.OVERDUE): (WANTING, (Done.OPEN, Done.TELL)),
        (WAITING, Given.RELEASED): (WAITING, ()),
        (WANTING, Given.MESSAGE): (FITTED, (Done.CLEAR,)),
        (WANTING, Given.OVERDUE): (WANTING, ()),
        (WANTING, Given.RELEASED): (WAITING, (Done.CLEAR,)),
        (FITTED, Given.MESSAGE): (FITTED, ()),
        (FITTED, Given.OVERDUE): (FITTED, ()),
        (FITTED, Given.RELEASED): (FITTED, ()),
    },
)


def order_state(watch: Watch, order: str) -> OrderState:
    """Where an order stands with one of its devices."""
    if watch.heard_us is not None:
        return FITTED
    return WANTING if any(want.order == order and want.open for want in watch.wants) else WAITING


def order_due(watch: Watch, duties: Sequence[Duty], shift: Shift) -> tuple[int, str, Given] | None:
    """The next instant at which an order that waits for the device has something to decide: the
    instant, the order, and what."""
    if watch.heard_us is not None:
        return None
    own = [duty for duty in duties if not duty.victim]
    found: list[tuple[int, str, Given]] = []
    for order in sorted({duty.order for duty in own}):
        told_us = max((want.told_us for want in watch.wants if want.order == order), default=-1)
        spans = stretches([duty for duty in own if duty.order == order], told_us)
        if order_state(watch, order) is WANTING:
            until_us = spans[0].until_us if spans else told_us
            if until_us is not None:
                found.append((until_us, order, Given.RELEASED))
            continue
        for span in spans:
            due_us = shift(span.from_us, _WAITS_US)
            if span.from_us > told_us and (span.until_us is None or due_us < span.until_us):
                found.append((due_us, order, Given.OVERDUE))
                break
    return min(found, default=None)

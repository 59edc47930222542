"""Outage: many devices fall silent at once, which is one alert and no flood of single ones.

Recognised at the first silence that falls due: by then every device that went silent with it has
missed an interval, though its own silence is not due yet. It ends when most of the devices it covers
have been heard again; those that have not are then counted anew, so that whoever used an outage to
vanish is told like anybody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from emon.devices.duty import RISKS, every_us
from emon.limits import (
    OUTAGE_DEVICES_MIN,
    OUTAGE_MISSED_S,
    OUTAGE_SHARE_MIN,
    OUTAGE_WITHIN_S,
)
from emon.model.instant import SECOND_US
from emon.model.machine import Machine
from emon.model.watch import Duty, Unseen, Watch
from emon.plan import Shift

_WITHIN_US = OUTAGE_WITHIN_S * SECOND_US
_MISSED_US = OUTAGE_MISSED_S * SECOND_US


class OutageState(StrEnum):
    """``running``: most of its devices are unseen. ``over``: most have been heard again."""

    RUNNING = "running"
    OVER = "over"


class Given(StrEnum):
    """``joined``: one more device has not been heard since it began. ``heard``: one of its devices is
    heard, or no longer needs to be. ``most_heard``: with that one, more than half of them."""

    JOINED = "joined"
    HEARD = "heard"
    MOST_HEARD = "most_heard"


class Done(StrEnum):
    """``cover``: it tells of the device. ``count``: one less is unseen. ``clear``: the trouble on file;
    ``release``: its other devices are counted anew."""

    COVER = "cover"
    COUNT = "count"
    CLEAR = "clear"
    RELEASE = "release"


RUNNING, OVER = OutageState

OUTAGE = Machine(
    "outage",
    OutageState,
    Given,
    Done,
    {
        (RUNNING, Given.JOINED): (RUNNING, (Done.COVER,)),
        (RUNNING, Given.HEARD): (RUNNING, (Done.COUNT,)),
        (RUNNING, Given.MOST_HEARD): (OVER, (Done.COUNT, Done.CLEAR, Done.RELEASE)),
        (OVER, Given.JOINED): (OVER, ()),
        (OVER, Given.HEARD): (OVER, ()),
        (OVER, Given.MOST_HEARD): (OVER, ()),
    },
)


def fell_together(
    watches: Iterable[tuple[Watch, Sequence[Duty]]],
    first: tuple[Watch, Sequence[Duty]],
    at_us: int,
    shift: Shift,
) -> list[Watch] | None:
    """The devices of the outage that a silence due at ``at_us`` reveals, or None when it is single.

    ``watches``: every device with its duties, ``first`` the one whose silence is due, which is among
    them. Expected are those whose message was due within ``OUTAGE_WITHIN_S``: a device that lies
    still and reports by the hour says nothing about the network in between.
    """
    fell_us = _missed_us(*first, at_us, shift)
    fallen: list[Watch] = []
    expected = 0
    for watch, duties in watches:
        if watch.heard_us is None or watch.outage is not None:
            continue
        counted_us = max(watch.heard_us, watch.back_us)
        if not any(duty.holds(at_us) for duty in duties):
            continue
        if at_us - counted_us <= _MISSED_US:
            expected += 1
            continue
        missed_us = _missed_us(watch, duties, at_us, shift)
        if missed_us + _MISSED_US <= at_us and abs(missed_us - fell_us) <= _WITHIN_US:
            fallen.append(watch)
            expected += 1
        elif counted_us >= at_us - _WITHIN_US or fell_us - _WITHIN_US <= missed_us <= at_us:
            expected += 1
    enough = max(OUTAGE_DEVICES_MIN, OUTAGE_SHARE_MIN * expected)
    return fallen if len(fallen) >= enough else None


def _missed_us(watch: Watch, duties: Sequence[Duty], at_us: int, shift: Shift) -> int:
    """When the message was due that has not come."""
    counted_us = max(watch.heard_us or 0, watch.back_us)
    begun_us = max([duty.from_us for duty in duties if duty.holds(at_us)], default=counted_us)
    return shift(max(counted_us, min(begun_us, at_us)), every_us(watch, duties, at_us))


def ranked(unseen: Iterable[Unseen]) -> tuple[Unseen, ...]:
    """By the risk of the order, whether somebody is protected by it, how near a ban it was seen, and
    how long ago."""

    def urgency(one: Unseen) -> tuple[int, bool, float, int, str]:
        near_m = float("inf") if one.near_m is None else max(0.0, one.near_m)
        return (-RISKS.index(one.risk), not one.victim, near_m, one.seen_us or 0, one.device)

    return tuple(sorted(unseen, key=urgency))

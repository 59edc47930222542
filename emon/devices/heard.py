"""What one decision heard of a device, and the watch after it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from emon.devices.turns import with_motion
from emon.model.fix import Fix
from emon.model.vocabulary import Mark, Source
from emon.model.watch import Place, Turn, Watch, Word


class Heard(msgspec.Struct):
    """Everything new of one device that one decision takes; repeats say nothing.

    ``fixes`` rise by (fixed_at, seq). ``motion``: every word on motion from the oldest new one on, old
    and new. ``jamming`` and ``shielding``: new words. Of anything else (a status, a reply, what could
    not be read) only that it came counts.
    """

    fixes: list[Fix] = []
    motion: list[Turn] = []
    jamming: list[Word] = []
    shielding: list[Word] = []


def note(
    watch: Watch, turns: tuple[Turn, ...], what: Heard, at_us: int
) -> tuple[Watch, tuple[Turn, ...], bool]:
    """The watch after what was heard at ``at_us``, all its turns, and whether it may have to be looked
    at sooner than before: a usable fix in order, and nothing else, only moves that further away."""
    place, implausible, wrong_clock = watch.place, watch.implausible, watch.wrong_clock
    for fix in what.fixes:
        if fix.usable:
            if place is None or (fix.wire.fixed_at_us, fix.wire.seq) > (place.fixed_at_us, place.seq):
                place = place_of(fix)
                implausible = wrong_clock = 0
        elif fix.mark is Mark.IMPLAUSIBLE:
            implausible += 1
        else:
            wrong_clock += 1
    said = bool(what.motion or what.jamming or what.shielding)
    turns = with_motion(turns, what.motion) if what.motion else turns
    sooner = (
        said
        or place is None
        or watch.place is None
        or place.received_at_us != at_us
        or place.cell is not watch.place.cell
    )
    after = replace(
        watch,
        heard_us=at_us,
        first_heard_us=at_us if watch.first_heard_us is None else watch.first_heard_us,
        place=place,
        implausible=implausible,
        wrong_clock=wrong_clock,
        jamming=newest(watch.jamming, what.jamming) if what.jamming else watch.jamming,
        shielding=newest(watch.shielding, what.shielding) if what.shielding else watch.shielding,
    )
    return after, turns, sooner


def seen_since(watch: Watch, place: Place) -> Watch:
    """The watch of a device of which nothing but usable fixes in order were heard since, ``place`` being
    the newest: what is written of a device stays as it was until something else happens to it."""
    if watch.heard_us is None or place.received_at_us <= watch.heard_us:
        return watch
    return replace(watch, heard_us=place.received_at_us, place=place, implausible=0, wrong_clock=0)


def place_of(fix: Fix) -> Place:
    """A usable fix as the newest place."""
    wire = fix.wire
    cell = wire.source is Source.CELL
    return Place(wire.fixed_at_us, wire.seq, fix.received_at_us, wire.lon, wire.lat, cell)


def newest(kept: Word | None, said: Sequence[Word]) -> Word | None:
    """The newest word by the device's clock; of two at one instant and number, ``on``."""
    words = [word for word in (kept, *said) if word is not None]
    return max(words, key=lambda word: (word.at_us, word.seq, word.on), default=None)

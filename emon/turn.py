"""What a step does in two parts: quiet fixes by rows, everything else by objects (docs/adr/0028).

The quiet ones are found first, for ``needs`` and ``step`` of the same state and inputs once. Whatever else
touches a device (another message, an edge, a silence that may be due) finds its objects made up to date.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import NamedTuple

import msgspec
import numpy as np
from immutables import Map
from msgspec.structs import replace

from emon.devices.timers import taken
from emon.devices.watching import Watching, next_of
from emon.geofence.fold import Fold
from emon.geofence.geometry import load_engine_kernels
from emon.ingest.admit import Track
from emon.model.columns import MESSAGE, FixColumns, QuietFixes
from emon.model.command import Reply
from emon.model.fix import Decoded, DeviceEvent, DeviceStatus, Fix, RawFix, Rejection
from emon.model.watch import Watch
from emon.plan import ServiceClock
from emon.quiet.batch import Found, admitted, advanced, found_quiet, load_quiet_kernels
from emon.quiet.columns import Quiet
from emon.quiet.layout import Ints
from emon.quiet.records import records_of
from emon.quiet.settle import row_of
from emon.quiet.thinning import Entry
from emon.state import Key, State, due_conditions, settled


def load_step_kernels() -> None:
    """Everything compiled that a step may call; a service does this before its first."""
    load_engine_kernels()
    load_quiet_kernels()


class Message(msgspec.Struct, frozen=True, gc=False):
    """One received message, decoded. ``retained``: the broker kept it, the device did not send it now."""

    topic: str
    decoded: Decoded
    retained: bool = False


class Inputs(msgspec.Struct, frozen=True):
    """Everything received at one instant, ``at_us``; nothing at all when only time has passed.

    ``up``: the service was down, and with these messages its backlog is judged. ``columns``: further messages
    of fixes alone.
    """

    at_us: int
    messages: tuple[Message, ...] = ()
    up: bool = False
    columns: FixColumns | None = None


class Turn(NamedTuple):
    """``state`` and ``messages`` as the object path takes them; ``raws``, what came in columns and ``found``
    are the others."""

    state: State
    messages: tuple[Message, ...]
    raws: list[RawFix]
    came: FixColumns | None
    found: Found | None


class _Memo(NamedTuple):
    """What was found for a state's next step: of these very inputs, and of a state with these parts. It holds
    no state, which would hold the memo again."""

    inputs: Inputs
    parts: tuple[object, ...]
    settled: tuple[Map[str, Track], Map[Key, Fold], Watching, Quiet]
    messages: tuple[Message, ...]
    raws: list[RawFix]
    found: Found | None


_NOT = bytes([1]) + bytes(255)


def turn_of(state: State, inputs: Inputs) -> Turn:
    """The two parts of a step."""
    quiet = state.quiet
    if not quiet.live:
        return Turn(state, _in_order(inputs.messages, inputs.columns, None), [], None, None)
    memo = quiet.memo
    parts = (state.tracks, state.folds, state.watching, state.subjects, state.timers)
    if isinstance(memo, _Memo) and memo.inputs is inputs and _same(memo.parts, parts):
        tracks, folds, watching, after = memo.settled
        state = replace(state, tracks=tracks, folds=folds, watching=watching, quiet=after)
        return Turn(state, memo.messages, memo.raws, inputs.columns, memo.found)
    turn = _parted(state, inputs)
    own = turn.state
    quiet.memo = _Memo(
        inputs, parts, (own.tracks, own.folds, own.watching, own.quiet), *turn[1:3], turn.found
    )
    return turn


def _same(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    return all(one is other for one, other in zip(some, others, strict=True))


def _parted(state: State, inputs: Inputs) -> Turn:
    quiet = state.quiet
    single: list[RawFix] = []
    places: list[int] = []
    others: list[Message] = []
    for place, message in enumerate(inputs.messages):
        decoded = message.decoded
        if len(decoded.fixes) == 1 and not (decoded.rejections or decoded.events or decoded.replies):
            single.append(decoded.fixes[0])
            places.append(place)
        else:
            others.append(message)
    touched = [device for message in others for device in _devices_of(message.decoded)]
    silent, due_us = quiet.due_before(inputs.at_us)
    wary = _falls_due(state, silent, inputs.at_us)
    came = inputs.columns
    found = found_quiet(quiet, state.geometry, single, came, touched, inputs.at_us, wary=wary)
    rest, loud = inputs.messages, None
    if found is None:
        touched.extend(raw.device for raw in single)
    else:
        objects = found.quiet[: found.objects]
        touched.extend(raw.device for raw in compress(single, objects.translate(_NOT)))
        gone = set(compress(places, objects))
        rest = tuple(message for place, message in enumerate(rest) if place not in gone) if gone else rest
    if came is not None:
        kept = inputs.messages if found is None else rest
        loud = _loud(came, found)
        touched.extend(came.devices[message] for message in loud.tolist())
        rest = _in_order(kept, came, loud, gone=() if found is None else sorted(gone))
    for key in due_conditions(state, inputs.at_us):
        touched.extend(state.subjects[key].devices)
    state = settled(state, [*touched, *silent])
    state.quiet.due_us = due_us  # of the rows that are left; if they are all of before, only known better
    return Turn(state, rest, single, came, found)


def _loud(came: FixColumns, found: Found | None) -> Ints:
    """The messages in columns that the object path takes."""
    of = came.ints[MESSAGE]
    if found is None:
        return np.unique(of)
    quiet = np.frombuffer(found.quiet, dtype=np.uint8)[found.objects :]
    return np.unique(of[quiet == 0])


def _in_order(
    messages: tuple[Message, ...], came: FixColumns | None, loud: Ints | None, gone: Sequence[int] = ()
) -> tuple[Message, ...]:
    """Messages and some of those in columns (None: all), as objects, in the order in which they came.
    ``gone``: places of messages that are not among them any more, rising."""
    if came is None:
        return messages
    found = came.fixes_of(np.unique(came.ints[MESSAGE]) if loud is None else loud)
    if not found:
        return messages
    all_in_order: list[Message] = []
    done = 0
    for message, fixes in found.items():
        before = came.before[message]
        before -= bisect.bisect_left(gone, before)
        all_in_order.extend(messages[done:before])
        all_in_order.append(Message(came.topics[message], Decoded(fixes=tuple(fixes))))
        done = before
    return (*all_in_order, *messages[done:])


def _falls_due(state: State, silent: Sequence[str], at_us: int) -> bool:
    """Whether the machines of a device decide something before an instant, such as a silence that reveals an
    outage. ``silent``: those with a row of whom that may be."""
    timers = state.watching.timers
    looked_at = list(silent)
    if timers.next_us is not None and timers.next_us < at_us:
        looked_at += [device for _, device in taken(timers, at_us)[1] if state.quiet.row(device) is None]
    clock = ServiceClock(state.watching.stops)
    for device in looked_at:
        watch = state.quiet.watch(device, state.watching.watches.get(device)) or Watch(device)
        due = next_of(watch, state.watching.duties.get(device, ()), clock)
        if due is not None and due[0] < at_us:
            return True
    return False


def _devices_of(decoded: Decoded) -> Iterable[str]:
    kinds: tuple[tuple[RawFix | DeviceEvent | DeviceStatus | Reply | Rejection, ...], ...] = (
        decoded.fixes, decoded.events, decoded.statuses, decoded.replies, decoded.rejections,
    )  # fmt: skip
    return [each.device for every in kinds for each in every if each.device is not None]


def loud_messages(state: State, inputs: Inputs) -> list[int] | None:
    """The messages in columns that are not quiet, and all of devices that sent something else too: what
    is left changes nothing but what is remembered of its devices, so these may be judged before it.
    None: not one is quiet."""
    turn = turn_of(state, inputs)
    came = turn.came
    if came is None or turn.found is None:
        return None
    loud: set[int] = set(_loud(came, turn.found).tolist())
    apart = {device for message in inputs.messages for device in _devices_of(message.decoded)}
    if apart:
        loud.update(place for place, device in enumerate(came.devices) if device in apart)
    return sorted(loud)


def is_all(turn: Turn, at_us: int) -> bool:
    """Whether nothing is left for the object path, no timer either."""
    state = turn.state
    if turn.messages or state.stale or state.watching.stopped_us is not None:
        return False
    next_us = state.next_timer_us
    return next_us is None or next_us >= at_us


def after_turn(quiet: Quiet, turn: Turn, at_us: int) -> tuple[Quiet, list[Fix], QuietFixes | None]:
    """The rows after the quiet fixes of a turn, and these as they are kept."""
    if turn.found is None:
        return quiet, [], None
    fixes, columns = admitted(turn.raws, turn.came, turn.found, at_us)
    kept: list[Entry] = [*fixes, *(() if columns is None else records_of(columns))]
    return advanced(quiet, turn.found, kept, at_us), fixes, columns


def with_rows(state: State, devices: Iterable[str]) -> State:
    """The state with rows for those of the devices whose next fix may be quiet."""
    if not state.quiet.on or state.watching.stopped_us is not None:
        return state
    images: dict[str, Ints] = {}
    for device in sorted({*devices}):
        image = _row_for(state, device)
        if image is not None:
            images[device] = image
    if not images:
        return state
    return replace(state, quiet=state.quiet.with_rows(images))


def _row_for(state: State, device: str) -> Ints | None:
    track, watch = state.tracks.get(device), state.watching.watches.get(device)
    care = state.caring.cares.get(device)
    if not track or watch is None or (care is not None and care.looks_at_fixes):
        return None
    if state.quiet.row(device) is not None:
        return None
    conditions = []
    for key in state.by_device[device]:
        fold = state.folds.get(key)
        if fold is None or key in state.stale or key in state.pairs:
            return None
        conditions.append((state.subjects[key], fold))
    duties = state.watching.duties.get(device, ())
    return row_of(track, state.clock_ahead.get(device), watch, duties, conditions, state.at_us)

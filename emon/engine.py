"""The engine: ``step(state, inputs, past) -> (state, effects)``. Pure; production, replay and
simulation call the same function.

One step is one ``received_at``. First the timers that lie before it fire, each a decision of its
own at its own instant; then everything received is one decision. What a step must know of the past
beyond the state (a late fix, a device first seen since a restart) it says beforehand in
:func:`needs`, so that it never reads anything itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from immutables import Map
from msgspec.structs import replace

from emon.alerts.policy import DEFAULT_POLICY, Policy
from emon.decide import Decider
from emon.device_alerts import EventKey, device_alerts, events_asked, unheard
from emon.device_cares import cares_after
from emon.device_heard import heard_of, knows_plan, plans_changed
from emon.device_watch import Keeper
from emon.devices.caring import Received
from emon.devices.timers import Timers, taken
from emon.geofence.fold import Fold
from emon.geofence.proximity import PairFold
from emon.ingest.admit import Track, admit, clock_is_wrong
from emon.limits import TRACK_FIXES_MAX
from emon.model.command import Reply
from emon.model.effects import Effects
from emon.model.fix import DeviceEvent, DeviceStatus, Fix, KeptEvent, RawFix, Rejection
from emon.model.vocabulary import Mark, Reason
from emon.model.watch import ServiceStop
from emon.state import FoldPast, Key, State, retimed, settled
from emon.turn import Inputs as Inputs
from emon.turn import Message as Message
from emon.turn import after_turn, is_all, turn_of, with_rows


class Need(msgspec.Struct, frozen=True):
    """What of the past a step must be given.

    ``tracks``: devices, each with the oldest fixed_at its track must reach below. ``keys``: fixes
    that may be stored already. ``folds``: conditions to fold again, each from an instant on.
    ``events``: what a device said of one kind, from an instant on, led by the word before.
    ``replies``: ids of replies that may be stored already.
    """

    tracks: dict[str, int] = {}
    keys: tuple[tuple[str, int, int], ...] = ()
    folds: dict[Key, int] = {}
    events: tuple[tuple[str, str, int], ...] = ()
    replies: tuple[str, ...] = ()


class Past(msgspec.Struct, frozen=True):
    """What was asked for in :class:`Need`, as the same transaction would find it."""

    tracks: dict[str, Track] = {}
    clock_ahead: dict[str, int] = {}
    known: dict[tuple[str, int, int], Fix] = {}
    folds: dict[Key, FoldPast] = {}
    events: dict[EventKey, list[KeptEvent]] = {}
    replies: frozenset[str] = frozenset()


def needs(state: State, inputs: Inputs) -> Need:
    """What :func:`step` must be given for the same state and inputs."""
    turn = turn_of(state, inputs)
    if turn.found is not None and is_all(turn, inputs.at_us):
        return Need()
    return _needs(turn.state, inputs.at_us, turn.messages)


def _needs(state: State, received_us: int, messages: Sequence[Message]) -> Need:
    tracks: dict[str, int] = {}
    keys: list[tuple[str, int, int]] = []
    folds: dict[Key, int] = dict(state.stale)
    firing: set[Key] = set()
    for due_us, key in taken(state.timers, received_us)[1]:
        firing.add(key)
        if state.fold_of(key) is None:
            folds[key] = min(due_us, folds.get(key, due_us))
    for message in messages:
        for raw in message.decoded.fixes:
            if not state.knows(raw.device):
                continue
            at_us = raw.fixed_at_us
            wrong = clock_is_wrong(at_us, received_us)
            if wrong or _may_be_stored(state, raw):
                keys.append(raw.key)
            if wrong:
                if raw.device not in state.tracks:
                    tracks.setdefault(raw.device, received_us)
                continue
            if not _reaches(state.tracks.get(raw.device), at_us):
                tracks[raw.device] = min(at_us, tracks.get(raw.device, at_us))
            for key in state.by_device[raw.device]:
                fold = state.fold_of(key)
                # Timers fire first: a fix from before their edges is late by the time it is folded.
                if key in firing or not _goes_on(state, fold, raw):
                    # A clock that runs ahead lets a fix pass edges whose timers have not fired yet.
                    from_us = min(at_us, received_us) - state.subjects[key].touches_before_us
                    folds[key] = min(from_us, folds.get(key, from_us))
    said = [event for message in messages for event in message.decoded.events]
    for key, from_us in plans_changed(state, said, received_us).items():
        folds[key] = min(from_us, folds.get(key, from_us))
    replied = sorted({reply.id for message in messages for reply in message.decoded.replies})
    return Need(tracks, tuple(keys), folds, events_asked(state, said), tuple(replied))


def _goes_on(state: State, fold: Fold | PairFold | None, raw: RawFix) -> bool:
    """Whether a fold in memory can take the fix, knowing the plan since the one before. A contact
    judges by no plan."""
    if fold is None or not fold.continues_with(raw):
        return False
    return isinstance(fold, PairFold) or knows_plan(state, fold)


def _may_be_stored(state: State, raw: RawFix) -> bool:
    """Whether a fix of this key may be stored beyond what the track shows."""
    track = state.tracks.get(raw.device)
    if track is None or raw.fixed_at_us <= state.clock_ahead.get(raw.device, raw.fixed_at_us - 1):
        return True
    return len(track) >= TRACK_FIXES_MAX and raw.fixed_at_us <= track[0].wire.fixed_at_us


def _reaches(track: Track | None, at_us: int) -> bool:
    """Whether a track holds the last usable fix before an instant, if there is one at all."""
    if track is None:
        return False
    newest = track[-1] if track else None
    if len(track) < TRACK_FIXES_MAX or (newest and newest.usable and newest.wire.fixed_at_us < at_us):
        return True
    return any(fix.usable and fix.wire.fixed_at_us < at_us for fix in reversed(track))


def _place(raw: RawFix) -> tuple[int, str, int]:
    return (raw.fixed_at_us, raw.device, raw.seq)


def step(state: State, inputs: Inputs, past: Past, policy: Policy = DEFAULT_POLICY) -> tuple[State, Effects]:
    """One step. ``past`` answers :func:`needs` of the same state and inputs.

    Raises ``ValueError`` when time does not rise, and ``KeyError`` when ``past`` lacks what was
    asked for: both are faults of the caller.
    """
    if inputs.at_us <= state.at_us:
        raise ValueError(f"received_at must rise: {inputs.at_us} after {state.at_us}")
    turn = turn_of(state, inputs)
    before, state = state, turn.state
    if turn.found is not None and is_all(turn, inputs.at_us):
        quiet, quiet_fixes, in_columns = after_turn(state.quiet, turn, inputs.at_us)
        before.quiet.memo = None
        effects = Effects(inputs.at_us, tuple(quiet_fixes), quiet=in_columns)
        return replace(state, at_us=inputs.at_us, quiet=quiet), effects
    keeper = Keeper(state, policy, inputs.at_us)
    decider = Decider(state, past.folds, policy, keeper)
    timers = _fire_timers(state, inputs.at_us, decider, keeper)
    intake = _Intake(state, turn.messages, inputs.at_us, past)
    stop = _stop(state, inputs)
    ended = stop if stop is not None and stop.up_us is not None else None
    heard = heard_of(intake.fixes, intake.events, intake.signs, past.events, inputs.at_us)
    keeper.take(heard, inputs.at_us, stop=ended)
    again = plans_changed(state, intake.events, inputs.at_us)
    decider.take_fixes(intake.fixes, inputs.at_us, again)
    told_by_devices = device_alerts(state, intake.events, past.events, inputs.at_us, policy)
    received = Received(intake.replies, unheard(intake.events, past.events), intake.fixes)
    cared = cares_after(state, received, decider.wants, inputs.at_us, ended, policy)
    keeper.rated(cared.rates, inputs.at_us)
    watching, watches = keeper.result(ended)
    quiet, quiet_fixes, in_columns = after_turn(state.quiet, turn, inputs.at_us)
    after = replace(
        state,
        at_us=inputs.at_us,
        tracks=intake.tracks,
        clock_ahead=intake.clock_ahead,
        folds=decider.folds.finish(),
        pairs=decider.pairs,
        stale=Map(),
        breaches=decider.breaches,
        incursion_days=decider.incursion_days,
        approaches=decider.approaches,
        timers=retimed(timers, decider.looks),
        watching=watching,
        caring=cared.caring,
        quiet=quiet,
    )
    # Whatever else changed what is known of a device, its next fix is looked at.
    after = settled(after, [*(watch.device for watch in watches), *(device for device, _ in cared.cares)])
    after = with_rows(after, (fix.wire.device for fix in intake.fixes))
    before.quiet.memo = None
    effects = Effects(
        at_us=inputs.at_us,
        fixes=(*intake.fixes, *quiet_fixes),
        events=tuple(intake.events),
        statuses=tuple(intake.statuses),
        rejections=tuple(intake.rejections),
        repeats=tuple(sorted(intake.repeats.items())),
        breaches=decider.changed_breaches(),
        alerts=(*decider.alerts, *told_by_devices, *keeper.alerts, *cared.alerts),
        replies=intake.replies,
        watches=watches,
        troubles=(*(keeper.troubles[key] for key in sorted(keeper.troubles)), *cared.troubles),
        commands=cared.commands,
        cares=cared.cares,
        stop=stop,
        quiet=in_columns,
    )
    return after, effects


def _stop(state: State, inputs: Inputs) -> ServiceStop | None:
    """The service's stop that goes on or ends with this step."""
    down_us = state.watching.stopped_us
    return None if down_us is None else ServiceStop(down_us, inputs.at_us if inputs.up else None)


def _fire_timers(state: State, at_us: int, decider: Decider, keeper: Keeper) -> Timers[Key]:
    """Timers strictly before the inputs, instant by instant, each followed by those it set; of one
    instant the edges of conditions first, then the devices. Gives the timers of conditions without those that
    fired; their next ones are in the decider's ``looks``."""
    timers, due = taken(state.timers, at_us)
    while True:
        device_us = keeper.next_us()
        if due and (device_us is None or due[0][0] <= device_us):
            now_us = due[0][0]
            keys = sorted({key for due_us, key in due if due_us == now_us})
            later = [timer for timer in due if timer[0] > now_us]
            for key, look_us in decider.fire(keys, now_us):
                decider.looks[key] = look_us
                if look_us is not None and look_us < at_us:
                    later.append((look_us, key))
            due = sorted(later)
        elif device_us is not None:
            keeper.fire(device_us)
        else:
            return timers


class _Intake:
    """What was received, sorted out: admitted, repeated, rejected. ``signs``: devices that said
    something of which only that they said it counts here."""

    def __init__(self, state: State, messages: Sequence[Message], at_us: int, past: Past) -> None:
        self.fixes: list[Fix] = []
        self.events: list[DeviceEvent] = []
        self.statuses: list[DeviceStatus] = []
        self.signs: set[str] = set()
        self.rejections: list[Rejection] = []
        self.repeats: dict[str, int] = {}
        replied: dict[str, Reply] = {}
        by_device: dict[str, list[tuple[RawFix, str]]] = {}
        for message in messages:
            self._sort_out(state, message, by_device, replied)
        # A reply that comes again is the same reply: what it changed stays as it became since.
        self.replies = tuple(replied[key] for key in sorted(replied) if key not in past.replies)
        tracks, clock_ahead = state.tracks.mutate(), state.clock_ahead.mutate()
        for device in sorted(by_device):
            if device in past.tracks:
                tracks[device] = past.tracks[device]
            if device in past.clock_ahead:
                clock_ahead[device] = past.clock_ahead[device]
            arrived = by_device[device]
            if len(arrived) > 1:
                arrived.sort(key=_canonical)
            admitted = admit([raw for raw, _ in arrived], tracks.get(device, ()), past.known, at_us)
            tracks[device] = admitted.track
            self.fixes.extend(admitted.new)
            for fix in admitted.new:
                if fix.mark is Mark.CLOCK:
                    newest_us = max(fix.wire.fixed_at_us, clock_ahead.get(device, 0))
                    clock_ahead[device] = newest_us
            if admitted.repeats:
                self.repeats[device] = admitted.repeats
            if admitted.conflicts:
                topics = {id(raw): topic for raw, topic in arrived}
                self.rejections.extend(_conflict(raw, topics[id(raw)]) for raw in admitted.conflicts)
        self.signs.update(reply.device for reply in self.replies)
        self.tracks, self.clock_ahead = tracks.finish(), clock_ahead.finish()
        self.fixes.sort(key=lambda fix: _place(fix.wire))

    def _sort_out(
        self,
        state: State,
        message: Message,
        by_device: dict[str, list[tuple[RawFix, str]]],
        replied: dict[str, Reply],
    ) -> None:
        topic, decoded = message.topic, message.decoded
        if decoded.rejections:
            self.rejections.extend(decoded.rejections)
            self.signs.update(r.device for r in decoded.rejections if r.device and state.knows(r.device))
        for raw in decoded.fixes:
            if state.knows(raw.device):
                by_device.setdefault(raw.device, []).append((raw, topic))
            else:
                self.rejections.append(_unknown(raw.device, topic, raw.raw))
        for event in decoded.events:
            if state.knows(event.device):
                self.events.append(event)
            else:
                self.rejections.append(_unknown(event.device, topic, event.raw))
        for reply in decoded.replies:
            if state.knows(reply.device):
                replied.setdefault(reply.id, reply)
            else:
                self.rejections.append(_unknown(reply.device, topic, reply.raw))
        for status in decoded.statuses:
            if state.knows(status.device):
                self.statuses.append(status)
                if status.online and not message.retained:
                    self.signs.add(status.device)
            else:
                word = b"online" if status.online else b"offline"
                self.rejections.append(_unknown(status.device, topic, word))


def _canonical(arrived: tuple[RawFix, str]) -> tuple[int, int, bytes]:
    raw, _ = arrived
    return (raw.fixed_at_us, raw.seq, raw.raw)


def _unknown(device: str, topic: str, raw: bytes) -> Rejection:
    return Rejection(device, topic, Reason.UNKNOWN_DEVICE, f"no armed order names device {device!r}", "", raw)


def _conflict(raw: RawFix, topic: str) -> Rejection:
    detail = f"seq {raw.seq} at this t is stored with another content"
    return Rejection(raw.device, topic, Reason.CONFLICT, detail, "", raw.raw)

"""What the engine remembers between two decisions. Immutable: a failed transaction leaves no trace.

Nearly everything here can be computed again from what is stored (orders, fixes, breaches), which is
how a restart finds it: tracks and folds are simply absent and are asked for when first needed. What
is watched of devices is stored itself, and read back at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec
from immutables import Map
from msgspec.structs import replace

from emon.devices import caring
from emon.devices import watching as devices
from emon.devices.caring import Caring
from emon.devices.timers import Timers, drop, place, taken
from emon.devices.watching import Remembered, Watching
from emon.geofence.fold import Fold, Subject
from emon.geofence.geometry import Geometry
from emon.geofence.proximity import PairFold
from emon.geofence.timeline import Timeline, condition_of, victim_devices
from emon.ingest.admit import Track
from emon.model.breach import Breach
from emon.model.fix import Fix
from emon.model.order import OrderVersion
from emon.model.vocabulary import Kind
from emon.model.watch import Turn
from emon.quiet.columns import Quiet, no_rows
from emon.quiet.settle import fold_after, track_after

Key = tuple[str, str]
"""(order, condition)."""

_F = TypeVar("_F", Fold, PairFold)


class FoldPast(msgspec.Struct, frozen=True):
    """The past of one condition: from ``start_us`` on, at which nothing was open and no evidence
    in progress. ``fixes``, usable ones only, rise by (fixed_at, device, seq) and begin with the
    last ones before the start; ``breaches`` are those on file, refuted ones too, by opened_at;
    ``turns`` what each device said of its motion, from the first of its fixes on; ``approaches`` the
    instants of alerts on an approach, rising, of the last day at least."""

    from_us: int
    start_us: int
    fixes: tuple[Fix, ...] = ()
    breaches: tuple[Breach, ...] = ()
    turns: dict[str, tuple[Turn, ...]] = {}
    approaches: tuple[int, ...] = ()


class State(msgspec.Struct, frozen=True):
    """``at_us`` is the last decision. ``stale`` holds folds that a new version made wrong from an
    instant on. ``breaches`` are those open on file; ``incursion_days`` the local days on which a
    possible incursion was told; ``approaches`` when the newest alerts on an approach were
    raised. ``timers`` hold the next look at each condition. ``pairs`` are the folds of contact conditions,
    ``folds`` those of all others. ``quiet``: what newer fixes of some devices are, which their ``tracks``,
    ``folds`` and watches do not know (docs/adr/0028)."""

    geometry: Geometry
    at_us: int
    arm_seq: int = 0
    versions: Map[str, tuple[OrderVersion, ...]] = Map()
    subjects: Map[Key, Subject] = Map()
    by_device: Map[str, tuple[Key, ...]] = Map()
    tracks: Map[str, Track] = Map()
    clock_ahead: Map[str, int] = Map()
    folds: Map[Key, Fold] = Map()
    pairs: Map[Key, PairFold] = Map()
    stale: Map[Key, int] = Map()
    breaches: Map[Key, tuple[Breach, ...]] = Map()
    incursion_days: Map[Key, tuple[int, ...]] = Map()
    approaches: Map[Key, tuple[int, ...]] = Map()
    timers: Timers[Key] = Timers()
    watching: Watching = Watching()
    caring: Caring = Caring()
    quiet: Quiet = msgspec.field(default_factory=no_rows)

    @property
    def next_timer_us(self) -> int | None:
        """The instant of the next timer, or one not long before it; it fires in the first decision after."""
        timers = [self.timers.next_us, self.watching.next_timer_us]
        if self.watching.stopped_us is None:
            timers.append(self.caring.next_timer_us)
            timers.append(self.quiet.due_us if self.quiet.live else None)
        next_us = min((at_us for at_us in timers if at_us is not None), default=None)
        return None if next_us is None else max(next_us, self.at_us)

    def knows(self, device: str) -> bool:
        """Whether an armed order names the device."""
        return device in self.by_device

    def fold_of(self, key: Key) -> Fold | PairFold | None:
        """What is remembered of a condition of any kind."""
        return self.folds.get(key) or self.pairs.get(key)


def initial_state(
    at_us: int,
    remembered: Remembered = Remembered(),  # noqa: B008 - frozen
    *,
    quietly: bool = True,
) -> State:
    """A state that has decided everything up to ``at_us``, remembers of devices what is on file, and
    knows no order yet. ``quietly`` False: every fix goes the way of objects, to the same end."""
    return State(
        geometry=Geometry(),
        at_us=at_us,
        quiet=no_rows(on=quietly),
        watching=devices.recalled(remembered),
        caring=caring.recalled(remembered.cares, at_us),
    )


def conditions_alone(at_us: int) -> State:
    """As :func:`initial_state`, for judging conditions only: nobody is missed who is not heard."""
    return State(geometry=Geometry(), at_us=at_us, watching=Watching(idle=True), quiet=no_rows(on=False))


def service_down(state: State, at_us: int) -> State:
    """The state of a service that has judged nothing since an instant: the clocks of silence, blind
    time and commands stand still until a step says ``up``."""
    state = settled(state, state.quiet.devices())
    return replace(state, watching=devices.with_service_down(state.watching, at_us))


def with_orders(state: State, armed: Iterable[tuple[int, OrderVersion]]) -> State:
    """The state with newly armed versions, each with its place in the order of arming."""
    versions, arm_seq = state.versions, state.arm_seq
    touched: dict[str, list[OrderVersion]] = {}
    for seq, version in armed:
        known = versions.get(version.id, ())
        arm_seq = max(arm_seq, seq)
        if any(v.version == version.version for v in known):
            continue
        versions = versions.set(version.id, tuple(sorted((*known, version), key=lambda v: v.version)))
        touched.setdefault(version.id, []).append(version)
    state = settled(replace(state, versions=versions, arm_seq=arm_seq), _named(versions, touched))
    looks: dict[Key, int | None] = {}
    watching, watched = state.watching, set[str]()
    for order, new in touched.items():
        state = _with_subjects(state, order, new, looks)
        watching, named = devices.with_order(watching, order, state.versions[order])
        watched.update(named)
    watching = devices.retimed(watching, sorted(watched))
    return replace(
        state,
        timers=retimed(state.timers, looks),
        watching=watching,
        caring=caring.looked_at(state.caring, sorted(watched), state.at_us),
    )


def _named(versions: Map[str, tuple[OrderVersion, ...]], orders: Iterable[str]) -> list[str]:
    """Every device that any version of the orders names."""
    found: list[str] = []
    for version in (version for order in orders for version in versions[order]):
        found.extend(use.device for use in version.devices)
        found.extend(victim_devices(version))
    return found


def settled(state: State, names: Iterable[str]) -> State:
    """The state with the quiet fixes of some devices where the object path looks, and no rows for them."""
    quiet = state.quiet
    found = sorted({name for name in names if quiet.row(name) is not None}) if quiet.live else []
    if not found:
        return state
    tracks, folds, watches = state.tracks.mutate(), state.folds.mutate(), state.watching.watches.mutate()
    for device in found:
        kept = quiet.kept(device)
        watch = quiet.watch(device, watches.get(device))
        if not kept or watch is None:
            continue
        watches[device] = watch
        tracks[device] = track_after(tracks[device], kept)
        for key in state.by_device[device]:
            folds[key] = fold_after(state.subjects[key], state.geometry, folds[key], kept)
    watching = replace(state.watching, watches=watches.finish())
    return replace(
        state,
        tracks=tracks.finish(),
        folds=folds.finish(),
        watching=devices.retimed(watching, found),
        quiet=quiet.without(found),
    )


def _with_subjects(state: State, order: str, new: list[OrderVersion], looks: dict[Key, int | None]) -> State:
    """The state with one order's conditions as its versions now are; ``looks`` gets their timers."""
    versions = state.versions[order]
    subjects, folds, pairs, stale = state.subjects, state.folds, state.pairs, state.stale
    by_device = state.by_device
    acts_us = min(max(v.armed_at_us, v.valid_from_us) for v in new)
    keys: list[Key] = []
    for condition_id, kind in _watched(versions).items():
        timeline = Timeline(condition_id, versions)
        key = (order, condition_id)
        keys.append(key)
        wearer = versions[-1].wearer
        # Of a device that is new to a contact, fixes from before its version tell where it now is.
        before = subjects.get(key)
        more = kind is Kind.CONTACT and before is not None and not timeline.all_devices <= before.devices
        subjects = subjects.set(
            key,
            Subject(
                order,
                condition_id,
                wearer,
                timeline,
                _zones(state.geometry, timeline),
                kind,
                _buffers(timeline),
            ),
        )
        fold = state.fold_of(key)
        if fold is not None and fold.reached_us < acts_us and not more:
            fold = replace(fold, next_look_us=timeline.next_look(fold.edges_done_us))
            if isinstance(fold, PairFold):
                pairs = pairs.set(key, fold)
            else:
                folds = folds.set(key, fold)
        elif fold is not None:
            folds, pairs = _without(folds, key), _without(pairs, key)
            stale = stale.set(key, min(acts_us, state.at_us) if more else acts_us)
        # Timers of the last decision's own instant fire after it, so they are still to come.
        looks[key] = fold.next_look_us if fold is not None else timeline.next_look(state.at_us - 1)
    for version in new:
        for use in version.devices:
            known = by_device.get(use.device, ())
            by_device = by_device.set(use.device, tuple(sorted({*known, *keys})))
    for key in keys:
        for device in sorted(subjects[key].timeline.victim_devices):
            by_device = by_device.set(device, tuple(sorted({*by_device.get(device, ()), key})))
    return replace(
        state,
        subjects=subjects,
        folds=folds,
        pairs=pairs,
        stale=stale,
        by_device=by_device,
    )


def _without(folds: Map[Key, _F], key: Key) -> Map[Key, _F]:
    return folds.delete(key) if key in folds else folds


def _watched(versions: tuple[OrderVersion, ...]) -> dict[str, Kind]:
    """Conditions that can be judged and their kinds; arming sees to it that a kind never changes."""
    return {c.id: c.kind for v in versions for c in v.conditions if c.watched}


def _zones(geometry: Geometry, timeline: Timeline) -> dict[int, int]:
    zones: dict[int, int] = {}
    for version in timeline.versions:
        condition = condition_of(version, timeline.condition)
        if condition is not None and condition.zone is not None:
            zones[version.version] = geometry.add(condition.zone)
    return zones


def _buffers(timeline: Timeline) -> dict[int, float]:
    found = ((v.version, condition_of(v, timeline.condition)) for v in timeline.versions)
    return {number: condition.buffer_m for number, condition in found if condition is not None}


def retimed(timers: Timers[Key], looks: dict[Key, int | None]) -> Timers[Key]:
    """The timers with those of some keys set anew (None: no timer)."""
    if not looks:
        return timers
    timers = drop(timers, [key for key, at_us in looks.items() if at_us is None])
    return place(timers, [(at_us, key) for key, at_us in looks.items() if at_us is not None])


def due_conditions(state: State, before_us: int) -> list[Key]:
    """The conditions that an edge may act on before an instant."""
    return [key for _, key in taken(state.timers, before_us)[1]]

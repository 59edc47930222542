"""Decisions of one step: advance the folds that something happened to, match, and tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from immutables import Map, MapMutation

from emon.alerts.approach import judge_approach
from emon.alerts.decision_table import Situation
from emon.alerts.policy import Policy
from emon.alerts.telling import Decision, judge_change
from emon.device_watch import Keeper
from emon.devices.wishes import wanted_by_change, wanted_by_doubt
from emon.geofence.approach import approach_of
from emon.geofence.fold import NO_ZONE, Episode, Fold, Subject, begin, see, stays_quiet, with_newest
from emon.geofence.pairing import PairWalk
from emon.geofence.proximity import PairFold, begin_pair, frontier_us, with_fixes
from emon.geofence.reconcile import Change, reconcile
from emon.geofence.walk import Walk
from emon.geofence.way import Turns
from emon.limits import APPROACHES_A_DAY_MAX, INCURSION_DAYS_KEPT
from emon.model.breach import Alert, Breach
from emon.model.command import Chase, Wish
from emon.model.fix import Fix
from emon.model.instant import to_datetime
from emon.model.order import OrderVersion
from emon.model.vocabulary import AlertEvent, Kind
from emon.model.watch import Turn
from emon.state import FoldPast, Key, State

_LOCAL_TZ = ZoneInfo("Europe/Amsterdam")  # whose days the policy counts in

Judged = tuple[Fix, int, float]
"""A fix, the zone that judges it and its signed distance in metres (NaN without a zone)."""


class _Again(NamedTuple):
    """Where, within a fold made again, the stretch begins that the decision may change.

    ``settled``: so many closed episodes lie before it. ``open_since_us``: a line on file that
    closed before this instant lies before it too. An episode that was open there closes at the
    first of the fixes that show the opposite, which may lie earlier: then from that fix on.
    """

    settled: int
    open_since_us: int

    @classmethod
    def at(cls, walk: Walk, affected_us: int) -> _Again:
        walk.edges_to(affected_us - 1)
        right_since_us = walk.right_since_us
        return cls(len(walk.closed), affected_us if right_since_us is None else right_since_us)

    def touched(self, closed: Sequence[Episode]) -> Sequence[Episode]:
        """The closed episodes of the same stretch as the lines on file that are looked at."""
        return [
            episode
            for i, episode in enumerate(closed)
            if i >= self.settled or (episode.closed_at_us or 0) >= self.open_since_us
        ]


class Decider:
    """What the decisions of one step change; made for one step and thrown away.

    ``wants``: what a device should be asked. ``looks``: conditions whose next timer changed.
    ``breaches``: those open on file, by condition.
    """

    def __init__(self, state: State, pasts: Mapping[Key, FoldPast], policy: Policy, keeper: Keeper) -> None:
        self.folds: MapMutation[Key, Fold] = state.folds.mutate()
        self.pairs: Map[Key, PairFold] = state.pairs
        self.breaches: Map[Key, tuple[Breach, ...]] = state.breaches
        self.incursion_days: Map[Key, tuple[int, ...]] = state.incursion_days
        self.approaches: Map[Key, tuple[int, ...]] = state.approaches
        self.looks: dict[Key, int | None] = {}
        self.alerts: list[Alert] = []
        self.wants: list[Wish | Chase] = []
        self._state = state
        self._pasts = pasts
        self._policy = policy
        self._keeper = keeper
        self._changed: dict[str, Breach] = {}

    def changed_breaches(self) -> tuple[Breach, ...]:
        """The rows this step writes, in a fixed order."""
        return tuple(sorted(self._changed.values(), key=lambda b: (b.opened_at_us, b.id)))

    # --- timers -------------------------------------------------------------------------------

    def fire(self, keys: Sequence[Key], at_us: int) -> list[tuple[Key, int | None]]:
        """One decision: the timers of these conditions at one instant. Gives their next ones."""
        changes: list[tuple[Key, Change]] = []
        looks: list[tuple[Key, int | None]] = []
        for key in keys:
            subject = self._state.subjects[key]
            if subject.kind is Kind.CONTACT:
                changes.extend(self._advance_pair(subject, [], at_us, edges_to_us=at_us))
                looks.append((key, self.pairs[key].next_look_us))
                continue
            fold = self.folds.get(key)
            if fold is None:
                past = self._pasts[key]
                self._remember(key, past)
                judged = self._distances([(subject, fix) for fix in past.fixes])
                walk, again = self._refold(subject, past, judged, past.from_us)
            else:
                walk, again = Walk(subject, self._state.geometry, fold, self._keeper.turns), None
            walk.edges_to(at_us)
            fold = walk.result()
            self._keep(key, fold)
            looks.append((key, fold.next_look_us))
            changes.extend(self._match(subject, fold, walk.closed, again, at_us))
        self._tell(changes, at_us, None)
        return looks

    # --- fixes --------------------------------------------------------------------------------

    def take_fixes(self, fixes: Sequence[Fix], at_us: int, again: Collection[Key]) -> None:
        """One decision: everything received at ``at_us``, and the folds that became stale. Those of
        ``again`` have judged by a plan that is another now."""
        arrived: dict[Key, list[Fix]] = {key: [] for key in (*self._state.stale, *again)}
        for fix in fixes:
            if fix.usable:
                for key in self._state.by_device[fix.wire.device]:
                    arrived.setdefault(key, []).append(fix)
        work: list[tuple[Key, Subject, FoldPast | None, int]] = []
        pairs: list[tuple[Subject, Fix]] = []
        changes: list[tuple[Key, Change]] = []
        in_order = sorted(arrived.items())
        for key, new in in_order:
            subject = self._state.subjects[key]
            if subject.kind is Kind.CONTACT:
                changes.extend(self._advance_pair(subject, new, at_us))
                continue
            past = self._pasts[key] if key in again else self._past_for(key, new)
            pending = new if past is None else _merged(past.fixes, new)
            pairs.extend((subject, fix) for fix in pending)
            work.append((key, subject, past, len(pending)))
        judged = self._distances(pairs)
        place = 0
        for key, subject, past, count in work:
            own = judged[place : place + count]
            place += count
            if past is None and self._quiet(key, subject, own):
                continue
            settled: _Again | None = None
            if past is not None:
                self._remember(key, past)
                walk, settled = self._refold(subject, past, own, self._affected(key, past, arrived[key]))
                walk.edges_to(at_us - 1)
            else:
                walk = self._advance(subject, self.folds[key], own)
            fold = walk.result()
            self._keep(key, fold)
            changes.extend(self._match(subject, fold, walk.closed, settled, at_us))
            self.wants.extend(wanted_by_doubt(fold, at_us))
        self._tell(changes, at_us, at_us)
        self._warn([key for key, new in in_order if new], at_us)

    def _advance_pair(
        self, subject: Subject, new: Sequence[Fix], at_us: int, *, edges_to_us: int | None = None
    ) -> list[tuple[Key, Change]]:
        """One condition of contact: new fixes of either person, and edges (of a timer, where given)."""
        key = subject.key
        before = self.pairs.get(key)
        if before is not None and all(before.continues_with(fix.wire) for fix in new):
            walk = PairWalk(subject, before)
            fold, again = walk.advance(new, edges_to_us), None
        else:
            past = self._pasts[key]
            self._remember(key, past)
            known_us = frontier_us(subject, with_fixes({}, past.fixes), past.start_us)
            affected_us = min(known_us, self._affected(key, past, new))
            walk = PairWalk(subject, begin_pair(subject, past.start_us), affected_us=affected_us)
            fold = walk.advance((*past.fixes, *new), at_us - 1 if edges_to_us is None else edges_to_us)
            again = _Again(walk.settled_before, walk.open_since_us)
        self._look(key, before, fold)
        self.pairs = self.pairs.set(key, fold)
        return self._match(subject, fold, walk.closed, again, at_us)

    def _past_for(self, key: Key, new: Sequence[Fix]) -> FoldPast | None:
        """The past to fold again from, or None where the fold in memory can go on."""
        fold = self.folds.get(key)
        if fold is None or (new and not fold.continues_with(new[0].wire)):
            return self._pasts[key]
        return None

    def _affected(self, key: Key, past: FoldPast, new: Sequence[Fix]) -> int:
        stale_us = self._state.stale.get(key, past.from_us)
        early_us = self._state.subjects[key].touches_before_us
        return min([stale_us, past.from_us, *(fix.wire.fixed_at_us - early_us for fix in new[:1])])

    def _distances(self, pairs: Sequence[tuple[Subject, Fix]]) -> list[Judged | None]:
        """Every fix under the zone that judges it, by one call of the kernel.

        None: the version that judges the fix does not know the device as worn at that time.
        """
        zones = [subject.zone_judging(fix) for subject, fix in pairs]
        asked = [i for i, zone in enumerate(zones) if zone is not None and zone != NO_ZONE]
        found = self._state.geometry.distances_m(
            [zones[i] or 0 for i in asked],
            [pairs[i][1].wire.lon for i in asked],
            [pairs[i][1].wire.lat for i in asked],
        )
        distances = dict(zip(asked, found, strict=True))
        return [
            None if zone is None else (pair[1], zone, distances.get(i, float("nan")))
            for i, (pair, zone) in enumerate(zip(pairs, zones, strict=True))
        ]

    def _quiet(self, key: Key, subject: Subject, own: Sequence[Judged | None]) -> bool:
        """Whether nothing came of the fixes but a newer position; then that is kept."""
        fold = self.folds[key]
        for judged in own:
            if judged is None:
                continue
            fix, zone, distance_m = judged
            if zone == NO_ZONE:
                return False
            area_m2 = self._state.geometry.area_m2(zone)
            seen = see(fix, zone, distance_m, area_m2, subject.wrong_side, active=False)
            if not stays_quiet(fold, seen):
                return False
            fold = with_newest(fold, seen)
        self.folds[key] = fold
        return True

    def _advance(self, subject: Subject, fold: Fold, own: Sequence[Judged | None]) -> Walk:
        walk = Walk(subject, self._state.geometry, fold, self._keeper.turns)
        for judged in own:
            if judged is not None:
                walk.fix(*judged)
        return walk

    def _refold(
        self, subject: Subject, past: FoldPast, own: Sequence[Judged | None], affected_us: int
    ) -> tuple[Walk, _Again]:
        """Fold again from the quiet start; what lies before ``affected_us`` only rebuilds the state."""
        walk = Walk(subject, self._state.geometry, begin(subject, past.start_us), self._turns_of(past))
        again: _Again | None = None
        for judged in own:
            if judged is None:
                continue
            at_us = judged[0].wire.fixed_at_us
            if at_us < past.start_us:
                walk.context(*judged)
                continue
            if again is None and at_us >= affected_us:
                again = _Again.at(walk, affected_us)
            walk.fix(*judged)
        return walk, again if again is not None else _Again.at(walk, affected_us)

    def _turns_of(self, past: FoldPast) -> Turns:
        """The turns that are on file from the start on, with those that came now."""

        def turns(device: str) -> Sequence[Turn]:
            filed, now = past.turns.get(device, ()), self._keeper.said(device)
            return (*(turn for turn in filed if turn.at_us < now[0].at_us), *now) if now else filed

        return turns

    # --- matching and telling -----------------------------------------------------------------

    def _keep(self, key: Key, fold: Fold) -> None:
        self._look(key, self.folds.get(key), fold)
        self.folds[key] = fold

    def _look(self, key: Key, before: Fold | PairFold | None, after: Fold | PairFold) -> None:
        if before is None or before.next_look_us != after.next_look_us or key in self._state.stale:
            self.looks[key] = after.next_look_us

    def _remember(self, key: Key, past: FoldPast) -> None:
        """Take over what the file says about a condition that memory may have lost."""
        lines = [self._changed.get(breach.id, breach) for breach in past.breaches]
        known = {breach.id for breach in lines}
        lines.extend(b for b in self.breaches.get(key, ()) if b.id not in known)
        self.breaches = self.breaches.set(key, _open_lines(lines))
        days = {told.day for breach in lines for told in breach.told if told.day is not None}
        days.update(self.incursion_days.get(key, ()))
        told = sorted({*past.approaches, *self.approaches.get(key, ())})
        self.approaches = self.approaches.set(key, tuple(told)[-APPROACHES_A_DAY_MAX:])
        self.incursion_days = self.incursion_days.set(key, tuple(sorted(days))[-INCURSION_DAYS_KEPT:])

    def _match(
        self,
        subject: Subject,
        fold: Fold | PairFold,
        closed: Sequence[Episode],
        again: _Again | None,
        at_us: int,
    ) -> list[tuple[Key, Change]]:
        """Match the episodes of one advance with the file."""
        episodes = closed if again is None else again.touched(closed)
        if fold.episode is not None:
            episodes = [*episodes, fold.episode]
        if again is None:
            on_file = self.breaches.get(subject.key, ())
        else:
            on_file = self._lines_since(subject.key, again.open_since_us)
        if not episodes and not on_file:
            return []
        found = reconcile(subject, fold, episodes, on_file, at_us)
        return [(subject.key, change) for change in found]

    def _lines_since(self, key: Key, from_us: int) -> tuple[Breach, ...]:
        lines = {breach.id: breach for breach in self._pasts[key].breaches}
        lines.update((breach.id, breach) for breach in self.breaches.get(key, ()))
        lines.update((b.id, b) for b in self._changed.values() if (b.order, b.condition) == key)
        return tuple(
            sorted(
                (
                    b
                    for b in lines.values()
                    if not b.refuted and (b.closed_at_us is None or b.closed_at_us >= from_us)
                ),
                key=lambda b: (b.opened_at_us, b.id),
            )
        )

    def _tell(self, changes: list[tuple[Key, Change]], at_us: int, received_at_us: int | None) -> None:
        changes.sort(key=lambda item: (item[1].after.opened_at_us, item[1].after.id))
        for key, change in changes:
            after = change.after
            days = self.incursion_days.get(key, ())
            version = self._version(key, after, at_us)
            day, basis = _local_day(after), version.legal_basis
            decision = Decision(at_us, received_at_us, version.risk, day, days, basis)
            breach, alerts = judge_change(self._policy, change.before, after, decision)
            self.alerts.extend(alerts)
            self.wants.extend(wanted_by_change(change.before, after, alerts, self._newest_us(key), at_us))
            if any(alert.event is AlertEvent.POSSIBLE_INCURSION for alert in alerts):
                kept = tuple(sorted({*days, decision.incursion_day}))[-INCURSION_DAYS_KEPT:]
                self.incursion_days = self.incursion_days.set(key, kept)
            self._changed[breach.id] = breach
            lines = [b for b in self.breaches.get(key, ()) if b.id != breach.id]
            self.breaches = self.breaches.set(key, _open_lines([*lines, breach]))

    def _warn(self, keys: Sequence[Key], at_us: int) -> None:
        """Tell of wearers who approach a zone now; where a breach goes on, that is the bigger news."""
        for key in keys:
            fold = self.folds.get(key)
            if fold is None:
                continue  # a contact has no zone to approach
            found = approach_of(self._state.subjects[key], self._state.geometry, fold, at_us)
            if found is None or self.breaches.get(key):
                continue
            before = self.approaches.get(key, ())
            alert = judge_approach(
                self._policy.decide(self._approach(key, at_us)),
                key,
                device=found.device,
                seen_at_us=found.at_us,
                rises=found.heading and found.buffer_m > 0.0,
                before=before,
                at_us=at_us,
            )
            if alert is not None:
                self.alerts.append(alert)
                kept = (*before, at_us)[-APPROACHES_A_DAY_MAX:]
                self.approaches = self.approaches.set(key, kept)

    def _newest_us(self, key: Key) -> int | None:
        fold = self.folds.get(key)
        newest = None if fold is None else fold.newest
        return None if newest is None else newest.at_us

    def _version(self, key: Key, breach: Breach, at_us: int) -> OrderVersion:
        """The version in force at the decision, whose risk and recipients count (contract, section 3)."""
        timeline = self._state.subjects[key].timeline
        return timeline.governing(at_us) or timeline.version(breach.version)

    def _approach(self, key: Key, at_us: int) -> Situation:
        version = self._state.subjects[key].timeline.governing(at_us)
        risk, basis = (None, None) if version is None else (version.risk, version.legal_basis)
        return Situation(AlertEvent.APPROACH, at_us, Kind.EXCLUSION, risk=risk, legal_basis=basis)


def _open_lines(lines: Sequence[Breach]) -> tuple[Breach, ...]:
    still = (b for b in lines if b.closed_at_us is None and not b.refuted)
    return tuple(sorted(still, key=lambda b: (b.opened_at_us, b.id)))


def _merged(older: Sequence[Fix], newer: Sequence[Fix]) -> list[Fix]:
    return sorted(
        (*older, *newer),
        key=lambda fix: (fix.wire.fixed_at_us, fix.wire.device, fix.wire.seq),
    )


def _local_day(breach: Breach) -> int:
    """The local day of a possible incursion, that of the fix which ends its gap."""
    at_us = breach.opened_at_us if breach.closed_at_us is None else breach.closed_at_us
    return to_datetime(at_us).astimezone(_LOCAL_TZ).date().toordinal()

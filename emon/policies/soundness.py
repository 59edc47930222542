"""Is a policy sound as a whole: nobody's alert without a recipient, no row in vain, none against another.

The table is walked once for every situation there is. Time is taken exactly: windows of one zone are joined
over a week, those of different zones are never taken to make up for one another.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from emon.alerts.decision_table import Hours, Row, Situation
from emon.alerts.policy import Policy
from emon.model.vocabulary import AlertEvent, Party
from emon.orders.members import Faults, shown
from emon.policies.situations import lacks, situations

_DAY_S = 86_400
_WEEK_S = 7 * _DAY_S
_NEVER_POLICE = (AlertEvent.HISTORIC_BREACH, AlertEvent.POSSIBLE_INCURSION)
_TO_OTHERS = (AlertEvent.RECIPIENT_DOWN, AlertEvent.PLATFORM)

Span = tuple[int, int]


def check_soundness(policy: Policy, places: Mapping[str, str], faults: Faults) -> Policy:
    """Put what is wrong into ``faults``. ``places``: where the file's own rows stand, by name.

    The policy without rows that decide nothing, as the file's own rows may leave some of the default table.
    """
    before = len(faults)
    for row in policy.rows:
        place = places.get(row.name, f"rules.{row.name}")
        _check_outcome(row, place, faults)
        _check_police(row, policy, place, faults)
    for row in policy.rows:
        if row.name in places:
            _check_events(row, places[row.name], faults)
    if len(faults) > before:
        return policy
    walk = _Walk(policy.rows)
    for event in AlertEvent:
        hole = walk.event(event)
        if hole is not None:
            faults.add("rows", f"a hole: no row says who hears of {hole}")
    for row in policy.rows:
        if row.name in places and row.name not in walk.used:
            _check_used(row, policy.rows, places, faults)
    return replace(policy, rows=tuple(row for row in policy.rows if row.name in walk.used))


def _check_outcome(row: Row, place: str, faults: Faults) -> None:
    """What no policy may say, whatever its rows (contract, section 3)."""
    cleared = AlertEvent.BREACH_CLEARED in row.when.events
    path = f"{place}.recipients"
    if cleared and not row.told:
        faults.add(path, 'must name "told": who was told of a breach must hear that it is over')
    if row.told and row.when.events != (AlertEvent.BREACH_CLEARED,):
        faults.add(path, '"told" is for rows of breach_cleared alone')
    if row.others and any(event not in _TO_OTHERS for event in row.when.events):
        faults.add(path, f'"others" is for rows of {" and ".join(_TO_OTHERS)} alone')


def _check_police(row: Row, policy: Policy, place: str, faults: Faults) -> None:
    """By no way that a policy knows: as a recipient, by a contact or a shift, or when nobody answers."""
    never = [event for event in row.when.events if event in _NEVER_POLICE]
    if not never:
        return
    why = f"{never[0]} is never told to politie: nobody is to be sent for what is over"
    if Party.POLITIE in row.recipients:
        faults.add(f"{place}.recipients", why)
    for i, name in enumerate(row.also):
        if _is_police(name, policy):
            faults.add(f"{place}.also[{i}]", f"{shown(name)} is of politie, and {why}")
    ladder = policy.ladder_of(row.name)
    named = dict.fromkeys(name for rung in ladder.rungs for name in rung.tell if _is_police(name, policy))
    for name in named:
        faults.add(f"{place}.ladder", f"the ladder {shown(ladder.name)} climbs to {shown(name)}, and {why}")


def _is_police(name: str, policy: Policy) -> bool:
    """Whether a name of a rung or of ``also`` stands, at any hour, for the police or somebody of theirs."""
    turns = [turn for shift in policy.shifts if shift.name == name for turn in shift.turns]
    names = {name, *(contact for turn in turns for contact in turn.contacts)}
    theirs = {contact.name for contact in policy.contacts if contact.party == Party.POLITIE}
    return not names.isdisjoint({Party.POLITIE, *theirs})


def _check_events(row: Row, place: str, faults: Faults) -> None:
    for i, event in enumerate(row.when.events):
        lack = lacks(event, row)
        if lack is not None:
            faults.add(f"{place}.when.events[{i}]", f"the row can never hold: {event} has {lack}")


def _check_used(row: Row, rows: tuple[Row, ...], places: Mapping[str, str], faults: Faults) -> None:
    """Why a row decides nothing."""
    place = places[row.name]
    earlier = rows[: rows.index(row)]
    same = next((one for one in earlier if one.when == row.when), None)
    if same is not None:
        where = places.get(same.name, f"the default row {same.name}")
        against = "says the same as" if _outcome(same) == _outcome(row) else "contradicts"
        faults.add(place, f"{against} {where}, which asks for the same and stands before it")
        return
    over = [one for one in earlier if set(one.when.events) & set(row.when.events)]
    named = ", ".join(places.get(one.name, one.name) for one in over)
    faults.add(place, f"can never hold: rows before it take all of it ({named})")


def _outcome(row: Row) -> Row:
    return Row("", row.when, row.priority, row.recipients, row.told, row.others, row.also, row.ladder)


class _Walk:
    """Walks the table for each situation. ``used``: rows that decide something."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self.used: set[str] = set()
        self._rows = rows
        self._spans = {row.name: spans_of(row.when.hours) for row in rows if row.when.hours is not None}

    def event(self, event: AlertEvent) -> str | None:
        """The first hole of an event in words, or None."""
        rows = [row for row in self._rows if event in row.when.events]
        holes = [hole for now in situations(event, rows) if (hole := self._situation(now, rows)) is not None]
        return holes[0] if holes else None

    def _situation(self, now: Situation, rows: list[Row]) -> str | None:
        taken: dict[str, list[Span]] = {}
        for row in rows:
            hours = row.when.hours
            if not _holds_at_some_time(row, now):
                continue
            if hours is None:
                self.used.add(row.name)
                return None
            before = taken.setdefault(hours.tz, [])
            after = joined([*before, *self._spans[row.name]])
            if after != before:
                self.used.add(row.name)
            taken[hours.tz] = after
            if after == [(0, _WEEK_S)]:
                return None
        outside = " at every hour of the week" if taken else ""
        traits = [str(trait) for trait in (now.kind, now.certainty, now.legal_basis) if trait is not None]
        traits += [f"risk {now.risk}"] if now.risk is not None else []
        return f"{now.event}{outside}" + (f" ({', '.join(traits)})" if traits else "")


def _holds_at_some_time(row: Row, now: Situation) -> bool:
    when = row.when
    return (
        (not when.kinds or now.kind in when.kinds)
        and (not when.certainties or now.certainty in when.certainties)
        and (not when.risks or now.risk in when.risks)
        and (not when.legal_bases or now.legal_basis in when.legal_bases)
        and (when.recalls_police is None or now.recalls_police is when.recalls_police)
    )


def spans_of(hours: Hours) -> list[Span]:
    """The windows as seconds of the local week, joined; what runs past Sunday's midnight begins it again."""
    spans: list[Span] = []
    for window in hours.windows:
        length_s = window.to_s - window.from_s
        length_s += _DAY_S if length_s <= 0 else 0
        for day in window.days:
            from_s = day * _DAY_S + window.from_s
            to_s = from_s + length_s
            spans.append((from_s, min(to_s, _WEEK_S)))
            if to_s > _WEEK_S:
                spans.append((0, to_s - _WEEK_S))
    return joined(spans)


def joined(spans: list[Span]) -> list[Span]:
    """Sorted, and one where they touch or overlap."""
    found: list[Span] = []
    for from_s, to_s in sorted(spans):
        if found and from_s <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], to_s))
        else:
            found.append((from_s, to_s))
    return found

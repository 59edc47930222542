"""Reads what is due: stays that were wrong, and what must, may and must not be told."""

from __future__ import annotations

from collections.abc import Mapping

from emon.model.vocabulary import AlertEvent, Certainty, Kind, Party
from simulator.limits import DUE_LATE_S, SETTLE_S
from simulator.reading import Reading
from simulator.scenario import Expected, Told
from simulator.scenario_ground import Ground
from simulator.scoring.contradictions import OF_NOBODY
from simulator.scoring.facts import BUFFER, INSIDE, MUST_NOT, NEAR, OUTSIDE, RULINGS, STAYS

ALWAYS_COMPLETE = frozenset(
    {
        AlertEvent.BREACH, AlertEvent.BREACH_CLEARED, AlertEvent.PROXIMITY, AlertEvent.HISTORIC_BREACH,
        AlertEvent.POSSIBLE_INCURSION, AlertEvent.STRAP_TAMPER, AlertEvent.CASE_TAMPER, AlertEvent.OUTAGE,
        AlertEvent.BATTERY_LOW, AlertEvent.BATTERY_CRITICAL, AlertEvent.CHARGING_MISSED,
        AlertEvent.CLOCK_WRONG, AlertEvent.PANIC, AlertEvent.ORDER_WITHOUT_DEVICE,
    }
)  # fmt: skip
"""Events of which an author who writes ``truth`` has named every one; ``complete`` adds others."""

_SETTLED_S = SETTLE_S + DUE_LATE_S
_STAY_OF = {INSIDE: Kind.EXCLUSION, BUFFER: Kind.EXCLUSION, OUTSIDE: Kind.INCLUSION, NEAR: Kind.CONTACT}
STAY = ("order", "from", "to", "deepest_m", "active", "late", "by", "recipients")
RULING = ("order", "condition", "wearer", "from", "by", "recipients", "certainty")

Orders = Mapping[str, tuple[str, Mapping[str, str]]]


def read_truth(top: Reading, ground: Ground, orders: Orders, wearers: set[str]) -> tuple[Told, ...] | None:
    """The entries of ``truth``, None where the file has none."""
    if not top.has("truth"):
        return None
    found: list[Told] = []
    for number, item in enumerate(top.items("truth")):
        kinds = [kind for kind in (*STAYS, *RULINGS) if isinstance(item, Mapping) and kind in item]
        if len(kinds) != 1:
            path = f"truth[{number}]"
            top.refuse(path, f"must say one of {', '.join((*STAYS, *RULINGS))}")
            continue
        known = STAY if kinds[0] in STAYS else RULING
        entry = top.entry("truth", number, item, (kinds[0], *known))
        read = _stay if kinds[0] in STAYS else _ruling
        told = read(entry, kinds[0], ground, orders)
        if (
            told is not None
            and told.wearer not in wearers
            and not (told.event in OF_NOBODY and not told.wearer)
        ):
            entry.refuse("wearer", f"{told.wearer!r} is nobody of this scenario")
        elif told is not None:
            found.append(told)
    return tuple(found)


def read_complete(top: Reading) -> frozenset[AlertEvent]:
    words = [top.word_of(f"complete[{n}]", item, AlertEvent) for n, item in enumerate(top.items("complete"))]
    return ALWAYS_COMPLETE | {word for word in words if word is not None}


def _recipients(entry: Reading, *, required: bool) -> frozenset[Party]:
    items = entry.items("recipients", required=required)
    words = [entry.word_of(f"recipients[{n}]", item, Party) for n, item in enumerate(items)]
    if len(set(items if all(isinstance(item, str) for item in items) else [])) < len(items):
        entry.refuse("recipients", "names one twice")
    return frozenset(word for word in words if word is not None)


def _stay(entry: Reading, kind: str, ground: Ground, orders: Orders) -> Told | None:
    condition = entry.text(kind)
    order = _order_of(entry, condition, orders)
    if order is None:
        return None
    wearer, kinds = orders[order]
    if kinds.get(condition) not in (None, _STAY_OF[kind].value):
        entry.refuse(kind, f"{condition} is an {kinds[condition]}; {kind} belongs to {_STAY_OF[kind].value}")
    span = ground.span(entry)
    by_s = ground.moment(entry, "by", latest_s=ground.duration_s + _SETTLED_S) if entry.has("by") else None
    if by_s is not None and by_s - DUE_LATE_S < span.from_s:
        entry.refuse("by", f"leaves less than {DUE_LATE_S} s after from, which nobody can keep")
    active = entry.flag("active") if entry.has("active") else True
    if not active and by_s is not None:
        entry.refuse("by", "nothing need be told of a stay while the condition does not hold")
    late = entry.flag("late")
    deepest_m = entry.number("deepest_m", least=0.0, most=1e7)
    told = _recipients(entry, required=by_s is not None)
    return Told(
        kind,
        wearer,
        order,
        condition,
        span.from_s,
        span.to_s,
        told,
        None,
        None,
        deepest_m,
        active,
        late,
        by_s,
    )


def _ruling(entry: Reading, kind: str, ground: Ground, orders: Orders) -> Told | None:
    event = entry.word_of(kind, entry.get(kind), AlertEvent)
    order, condition = entry.text("order", ""), entry.text("condition", "")
    if condition:
        order = _order_of(entry, condition, orders) or ""
    elif order and order not in orders:
        entry.refuse("order", f"{order} is no order of this scenario")
        return None
    of_nobody = event in OF_NOBODY and not entry.has("wearer")
    wearer = orders[order][0] if order else "" if of_nobody else entry.text("wearer")
    if entry.has("wearer") and entry.text("wearer") != wearer:
        entry.refuse("wearer", f"{order} is about {wearer}")
    latest_s = ground.duration_s + _SETTLED_S
    from_s = ground.moment(entry, "from", 0.0 if kind == MUST_NOT else None)
    by_s = ground.moment(entry, "by", latest_s if kind == MUST_NOT else None, latest_s=latest_s)
    if by_s <= from_s and entry.has("by"):
        entry.refuse("by", f"is {by_s:g} s after the start, not later than from ({from_s:g} s)")
    certainty = entry.word("certainty", Certainty) if entry.has("certainty") else None
    told = _recipients(entry, required=kind != MUST_NOT)
    if event is None:
        return None
    return Told(kind, wearer, order, condition, from_s, by_s, told, event, certainty, by_s=by_s)


def _order_of(entry: Reading, condition: str, orders: Orders) -> str | None:
    """The order that is named, or the only one with such a condition."""
    if entry.has("order"):
        order = entry.text("order")
        if order not in orders:
            entry.refuse("order", f"{order} is no order of this scenario")
            return None
        if condition not in orders[order][1]:
            entry.refuse("condition", f"{condition} is no condition of {order}")
        return order
    having = [order for order, (_, kinds) in orders.items() if condition in kinds]
    if len(having) != 1:
        message = (
            f"{condition} is no condition of this scenario"
            if not having
            else (f"{condition} stands in {', '.join(having)}: name the order")
        )
        entry.refuse("order" if having else "condition", message)
        return None
    return having[0]


_EXPECTED = (
    "wearer", "order", "condition", "event", "certainty", "between", "recipients", "optional",
)  # fmt: skip


def read_expected(top: Reading, duration_s: float) -> tuple[Expected, ...]:
    found = (
        _expected(top.entry("expected", number, item, _EXPECTED), duration_s)
        for number, item in enumerate(top.items("expected"))
    )
    return tuple(entry for entry in found if entry is not None)


def _expected(entry: Reading, duration_s: float) -> Expected | None:
    event = entry.word("event", AlertEvent)
    certainty = entry.word("certainty", Certainty) if entry.has("certainty") else None
    parties = [
        entry.word_of(f"recipients[{n}]", item, Party)
        for n, item in enumerate(entry.items("recipients", required=True))
    ]
    between = entry.pair("between", entry.get("between"))
    if between is not None and not 0.0 <= between[0] <= between[1] <= duration_s + SETTLE_S:
        entry.refuse("between", f"must be two rising seconds from 0 to {duration_s + SETTLE_S:g}")
    names = [entry.text(member) for member in ("wearer", "order", "condition")]
    optional = entry.flag("optional")
    if event is None or between is None or None in parties:
        return None
    recipients = frozenset(party for party in parties if party is not None)
    return Expected(names[0], names[1], names[2], event, between, recipients, certainty, optional)

"""Facts as the lines of a truth file, which ``reading`` reads back as they were."""

from __future__ import annotations

import json
from typing import Any

from emon.model.instant import format_instant
from simulator.scoring.facts import Held, Ruling, Seen, Stay, Wearer, World

Fact = World | Wearer | Stay | Seen | Held | Ruling


def line_of(fact: Fact) -> str:
    """One line of JSON; members that say nothing are left out."""
    return json.dumps({name: value for name, value in _members(fact).items() if value not in (None, [], "")})


def _members(fact: Fact) -> dict[str, Any]:
    if isinstance(fact, World):
        return {"type": "world", "name": fact.name, "seed": fact.seed}
    if isinstance(fact, Wearer):
        return {
            "type": "wearer",
            "wearer": fact.wearer,
            "days": fact.days,
            "orders": list(fact.orders),
            "devices": list(fact.devices),
            "complete": sorted(fact.complete),
        }
    if isinstance(fact, Seen):
        span = _span("seen", fact.wearer, fact.from_us, fact.to_us)
        return {**span, "every_s": fact.every_s, "accuracy_m": fact.accuracy_m}
    place = {"order": fact.order, "condition": fact.condition}
    if isinstance(fact, Held):
        return {**_span("held", fact.wearer, fact.from_us, fact.to_us), **place}
    if isinstance(fact, Ruling):
        return {
            **_span(fact.kind, fact.wearer, fact.from_us, fact.by_us, "by"),
            **place,
            "event": fact.event,
            "recipients": sorted(fact.recipients),
            "certainty": fact.certainty,
        }
    return {
        **_span(fact.kind, fact.wearer, fact.from_us, fact.to_us),
        **place,
        "deepest_m": fact.deepest_m,
        "active": fact.active,
        **(_counted(fact) if fact.counted else {}),
        "recipients": sorted(fact.recipients),
    }


def _counted(stay: Stay) -> dict[str, Any]:
    """``counted`` tells a stay without fixes from one whose fixes nobody counted."""
    first = None if stay.first_fix_us is None else format_instant(stay.first_fix_us)
    shown = None if stay.shown_us is None else format_instant(stay.shown_us)
    return {"first_fix": first, "shown": shown, "late": stay.late, "counted": True}


def _span(kind: str, wearer: str, from_us: int, to_us: int, end: str = "to") -> dict[str, Any]:
    return {"type": kind, "wearer": wearer, "from": format_instant(from_us), end: format_instant(to_us)}

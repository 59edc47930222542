"""A suspension as the next version of its order: added to the newest, or ended before its time. Pure.

A suspension lifts an order's exclusions and inclusions while it lasts (contract, section 2); contact
conditions, strap, case and victim-device events go on, whoever decides it. As a version it is judged,
replayed and explained like everything else in the order.
"""

from __future__ import annotations

import json
from typing import Any

from emon.limits import SUSPENSION_ALONE_S, SUSPENSION_DAY_S
from emon.model.instant import SECOND_US, format_instant
from emon.model.order import Interval, OrderVersion
from emon.orders.document import parse_document


def with_suspension(version: OrderVersion, new: Interval, by: tuple[str, ...]) -> OrderVersion:
    """The next version, with the suspension. Raises ``DocumentRefused`` where it cannot be armed."""
    tree = json.loads(version.source)
    one = {
        "from": format_instant(new.from_us),
        "to": format_instant(new.to_us),
        "reason": new.reason,
        "by": list(by),
    }
    return _next(tree, [*(tree.get("suspensions") or []), one])


def without_suspension(version: OrderVersion, at_us: int) -> OrderVersion | None:
    """The next version, in which whatever suspends the order at an instant ends then; None: nothing does."""
    tree = json.loads(version.source)
    listed: list[dict[str, Any]] = tree.get("suspensions") or []
    holds = [one.from_us <= at_us < one.to_us for one in version.suspensions]
    if not any(holds):
        return None
    kept = []
    for one, interval, ends in zip(listed, version.suspensions, holds, strict=True):
        if not ends:
            kept.append(one)
        elif interval.from_us < at_us:
            kept.append({**one, "to": format_instant(at_us)})
    return _next(tree, kept)


def needs_two(version: OrderVersion, new: Interval) -> bool:
    """Whether a second person must confirm: with what suspends the order within a day of it, it comes to
    more than one person may decide. Many short ones in a row are a long one."""
    begin_us, end_us = new.from_us - SUSPENSION_DAY_S * SECOND_US, new.to_us + SUSPENSION_DAY_S * SECOND_US
    spans = [(max(one.from_us, begin_us), min(one.to_us, end_us)) for one in (*version.suspensions, new)]
    total_us, reached_us = 0, begin_us
    for from_us, to_us in sorted(spans):
        total_us += max(0, to_us - max(from_us, reached_us))
        reached_us = max(reached_us, to_us)
    return total_us > SUSPENSION_ALONE_S * SECOND_US


def _next(tree: dict[str, Any], suspensions: list[dict[str, Any]]) -> OrderVersion:
    changed = {**tree, "version": tree["version"] + 1, "suspensions": suspensions}
    if not suspensions:
        del changed["suspensions"]
    (version,) = parse_document(json.dumps({"orders": [changed]}).encode(), armed_at_us=0)
    return version

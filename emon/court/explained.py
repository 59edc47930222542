"""The explanation in a court file: recomputed, and held against the evidence that stands beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from emon.court.parts import Rows, members_of_row, source_of
from emon.court.trail import TrailShown, Tree, instant_text
from emon.explanation.document import file_text
from emon.explanation.read import Explanation, read_explanation
from emon.explanation.verify import verify
from emon.model.instant import format_instant
from emon.orders.tree import DocumentRefused

Fault = tuple[str, str]


async def explanation_faults(explanation: Any, trail: TrailShown, parts: Tree) -> AsyncIterator[Fault]:
    """Each place at which it does not agree with itself, or with the evidence, and why."""
    try:
        read = read_explanation(file_text(explanation).encode())
    except (DocumentRefused, ValueError, AttributeError) as fault:
        yield "explanation", f"cannot be read: {fault}"
        return
    finding = await verify(read)
    if not finding.hash_agrees:
        yield "explanation.sha256", "the explanation is not as it was written (its hash is another)"
    if finding.recomputed is None:
        yield "explanation.verdict", "its fixes and rules do not give this breach"
    for difference in finding.differences:
        said, anew = str(difference.in_file)[:80], str(difference.recomputed)[:80]
        yield f"explanation.{difference.path}", f"says {said}, recomputed it is {anew}"
    for one in (
        *_of_breach(read.document, parts),
        *_of_orders(read.document, trail),
        *_of_fixes(read, trail),
    ):
        yield one


def disagrees(document: Tree, parts: Tree) -> bool:
    """Whether an explanation speaks of another state of the breach than the evidence."""
    return any(True for _ in _of_breach(document, parts))


def _of_breach(document: Tree, parts: Tree) -> Iterator[Fault]:
    breach, verdict = parts.get("breach"), document["verdict"]
    if breach is None:
        yield "explanation.verdict", "the evidence holds no breach"
        return
    for name, value in breach.items():
        if name in verdict and verdict[name] != value:
            yield f"explanation.verdict.{name}", f"says {verdict[name]}, the evidence gives {value}"


def _of_orders(document: Tree, trail: TrailShown) -> Iterator[Fault]:
    kept = {row["version"]: row for row in Rows(trail.entries).of("order_version")}
    for i, order in enumerate(document["orders"]):
        row = kept.get(order.get("version"))
        if row is None or {**source_of(row), "armed_at": instant_text(row["armed_at"])} != order:
            yield f"explanation.orders[{i}]", "is not the version that the evidence holds"


def _of_fixes(read: Explanation, trail: TrailShown) -> Iterator[Fault]:
    """Each fix of the explanation must be one that was sealed when it came."""
    kept = {}
    for row in trail.rows:
        if row.relation == "fix":
            found = members_of_row(row)
            kept[(found["device"], found["seq"], found["fixed_at"])] = found
    for i, fix in enumerate(read.case.fixes):
        wire = fix.wire
        held = kept.get((wire.device, wire.seq, format_instant(wire.fixed_at_us)))
        if held is None:
            if not trail.left_out:
                yield f"explanation.fixes[{i}]", "is not among the fixes of the evidence"
            continue
        said = {
            "lon": wire.lon,
            "lat": wire.lat,
            "accuracy_m": wire.accuracy_m,
            "mark": fix.mark.value,
            "received_at": format_instant(fix.received_at_us),
        }
        for name, value in said.items():
            if held[name] != value:
                yield f"explanation.fixes[{i}]", f"{name} is {value}, in the evidence {held[name]}"

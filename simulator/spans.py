"""Stretches of a scenario's time: half-open, in seconds after its start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """``[from_s, to_s)``."""

    from_s: float
    to_s: float

    def holds(self, at_s: float) -> bool:
        return self.from_s <= at_s < self.to_s


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Rising, with those that touch or overlap as one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.from_s, each.to_s)):
        if found and span.from_s <= found[-1].to_s:
            found[-1] = Span(found[-1].from_s, max(found[-1].to_s, span.to_s))
        elif span.from_s < span.to_s:
            found.append(span)
    return tuple(found)


def within(spans: Iterable[Span], at_s: float) -> bool:
    return any(span.holds(at_s) for span in spans)

"""The rules of the known systems, written from what they publish about themselves.

Every rule is a function ``rule(track, fence, parameters) -> list[Event]`` over one wearer and one zone,
deterministic, without a clock. ``RULES`` lists them with their default parameters and the grid on
which each is tuned; where a rule was read stands in its module. None of their code is here.
"""

from __future__ import annotations

from benchmarks.detection.rivals.parts import Event, Fence, Track, track_of
from benchmarks.detection.rivals.rules import RULES, Rule

__all__ = ["RULES", "Event", "Fence", "Rule", "Track", "track_of"]

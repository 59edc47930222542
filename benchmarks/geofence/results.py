"""What is measured and how: interleaved repetitions, ratios with their spread, answers compared."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Run = Callable[[], int]
"""Does a piece of work and says how many questions it answered."""
Prepare = Callable[[int], None]
"""Makes fresh questions for a repetition, outside the time that is taken."""


@dataclass(frozen=True)
class Spread:
    """One figure, measured some times."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        return min(self.values)

    @property
    def high(self) -> float:
        return max(self.values)


@dataclass(frozen=True)
class Answers:
    """How our answers compare with the rival's on the data that was timed.

    ``furthest_m``: of those that differ, how far the furthest lies from the line that decides.
    """

    compared: int
    differing: int
    furthest_m: float = 0.0

    def __str__(self) -> str:
        if not self.differing:
            return f"0 of {self.compared:,}"
        within = f"{max(0.1, 1_000 * self.furthest_m):,.1f} mm"
        return f"{self.differing:,} of {self.compared:,}, within {within}"


@dataclass
class Tally:
    """Gathers, over the repetitions, where a rival's answers are not ours."""

    compared: int = 0
    differing: int = 0
    furthest_m: float = 0.0

    def add(self, compared: int, differing: int, furthest_m: float = 0.0) -> None:
        self.compared += compared
        self.differing += differing
        self.furthest_m = max(self.furthest_m, furthest_m)

    @property
    def answers(self) -> Answers:
        return Answers(self.compared, self.differing, self.furthest_m)


@dataclass(frozen=True)
class Ratio:
    """Ours beside another. ``key`` names the row for ever; ``least`` is the issue's "at least"."""

    key: str
    what: str
    beside: str
    ours_ns: Spread
    theirs_ns: Spread
    least: float | None = None
    answers: Answers | None = None

    @property
    def ratio(self) -> Spread:
        """Theirs over ours, each repetition by itself: above 1 we are faster."""
        pairs = zip(self.theirs_ns.values, self.ours_ns.values, strict=True)
        return Spread(tuple(theirs / ours for theirs, ours in pairs))

    @property
    def met(self) -> bool | None:
        return None if self.least is None else self.ratio.median >= self.least


@dataclass(frozen=True)
class Figure:
    """A figure by itself, with the most that it may be, where something is set."""

    key: str
    what: str
    value: Spread
    unit: str
    most: float | None = None

    @property
    def met(self) -> bool | None:
        return None if self.most is None else self.value.median <= self.most


@dataclass(frozen=True)
class Curve:
    """Cost as the work grows: nanoseconds a question over ``x``, a line each."""

    key: str
    title: str
    x_name: str
    x: tuple[float, ...]
    lines: dict[str, tuple[Spread, ...]]
    log_x: bool = True
    each: str = "fix"


@dataclass(frozen=True)
class Section:
    """A part of the report."""

    title: str
    text: str
    ratios: tuple[Ratio, ...] = ()
    figures: tuple[Figure, ...] = ()
    curves: tuple[Curve, ...] = ()
    notes: tuple[str, ...] = field(default=())


def interleaved(
    runs: Sequence[Run],
    repetitions: int,
    prepare: Prepare = lambda _: None,
    clock_ns: Callable[[], int] = time.thread_time_ns,
) -> tuple[Spread, ...]:
    """Nanoseconds a question of each run: first, second, …, first, second, …

    Every run is called once before, unmeasured, on questions of its own. The clock is the processor
    time of this thread, so that a long run is not charged for other work that a short one escapes.
    """
    taken: list[list[float]] = [[] for _ in runs]
    collecting = gc.isenabled()
    try:
        for repetition in range(-1, repetitions):
            prepare(repetition)
            gc.collect()
            gc.disable()
            for run, times in zip(runs, taken, strict=True):
                start = clock_ns()
                count = run()
                spent = clock_ns() - start
                if repetition >= 0:
                    times.append(spent / max(1, count))
            if collecting:
                gc.enable()
    finally:
        if collecting:
            gc.enable()
    return tuple(Spread(tuple(times)) for times in taken)

"""What the score says of one rule in one world, a row a wearer, and many such rows pooled.

Rows are what is kept of a run: small enough for thousands of worlds, and enough for every interval.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.detection.rivals.parts import Flags
from emon.model.instant import HOUR_US, SECOND_US
from emon.model.vocabulary import AlertEvent, Certainty, Party
from simulator.limits import DUE_LATE_S
from simulator.scoring.due import Class
from simulator.scoring.intervals import Interval, clustered_rate, garwood, quantiles, wilson
from simulator.scoring.verdict import Judged, Name, Outcome, Word

Ints = npt.NDArray[np.int64]

SHARES = (0.5, 0.9, 0.99)
_INCURSION = AlertEvent.POSSIBLE_INCURSION
_BREACHES = frozenset({AlertEvent.BREACH, AlertEvent.PROXIMITY, AlertEvent.HISTORIC_BREACH})
_PRESENT = frozenset({AlertEvent.BREACH, AlertEvent.PROXIMITY})
_SURE = (Certainty.PROBABLE, Certainty.CERTAIN)


class Row(msgspec.Struct):
    """One wearer of one world under one rule.

    ``due`` stays and how many of them were ``missed``, told ``late`` (beyond four minutes after it was
    plain) or kept from the police; ``false``: breaches told where nobody was, ``stale`` those told as
    going on when they were over, ``incursions`` possible incursions that were none; ``doubled``: told
    again and nothing new. ``delays_s`` from a due stay's true begin to the first alert of it.
    ``police``: alerts at the police, right or wrong; ``false_probable``: false breaches told as probable or
    certain, of which the police hear at high risk. ``events``: alerts at the centre by event.
    ``incursion_speeds_m_s``: of each condition and local day with a gap through which he could have been
    inside, how fast he would have had to be (incursions.py).
    ``causes``: for each way of finding a breach, how many were right, grey and false.
    """

    wearer: str
    resampled: bool
    days: float
    due: int = 0
    missed: int = 0
    late: int = 0
    police_due: int = 0
    police_untold: int = 0
    false: int = 0
    false_police: int = 0
    stale: int = 0
    doubled: int = 0
    incursions: int = 0
    centre: int = 0
    right: int = 0
    delays_s: list[float] = []
    police_delays_s: list[float] = []
    causes: dict[str, list[int]] = {}
    police: int = 0
    false_probable: int = 0
    events: dict[str, int] = {}
    incursion_speeds_m_s: list[float] = []


class Blindness(msgspec.Struct):
    """Of a world: hours in which a condition held, those without fixes, and stays that fell into these."""

    held_h: float = 0.0
    unseen_h: float = 0.0
    stays: int = 0
    told: int = 0


def blindness_of(judged: Judged) -> Blindness:
    """Whoever is under several conditions at once is watched once."""
    found = Blindness()
    for wearer in judged.truth.wearers:
        held = [(span.from_us, span.to_us) for span in judged.truth.held if span.wearer == wearer]
        seen = [(span.from_us, span.to_us) for span in judged.truth.seen if span.wearer == wearer]
        edges = np.unique(np.array([*held, *seen, (0, 0)], dtype=np.int64))
        lengths_h = np.diff(edges) / HOUR_US
        watched, eyed = _covered(edges, held), _covered(edges, seen)
        found.held_h += float(lengths_h[watched].sum())
        found.unseen_h += float(lengths_h[watched & ~eyed].sum())
    stays = [outcome for outcome in judged.outcomes if outcome.of is Class.BLIND]
    found.stays = len(stays)
    found.told = sum(bool(outcome.told) for outcome in stays)
    return found


def _covered(edges: Ints, spans: Sequence[tuple[int, int]]) -> Flags:
    """Which stretches between neighbouring edges lie in one of the spans, whose ends are all edges."""
    depth = np.zeros(len(edges), dtype=np.int64)
    for from_us, to_us in spans:
        depth[np.searchsorted(edges, from_us)] += 1
        depth[np.searchsorted(edges, to_us)] -= 1
    covered: Flags = np.cumsum(depth)[:-1] > 0
    return covered


def rows_of(judged: Judged, resampled: frozenset[str]) -> list[Row]:
    """A row for each wearer that the truth names."""
    rows = {
        name: Row(name, name in resampled, known.days, delays_s=[], police_delays_s=[], causes={}, events={})
        for name, known in judged.truth.wearers.items()
    }
    for outcome in judged.outcomes:
        if outcome.stay.wearer in rows and outcome.of is Class.DUE:
            _count_due(rows[outcome.stay.wearer], outcome)
    for verdict in judged.verdicts:
        row = rows.get(verdict.wearer)
        if row is None:
            continue
        alert, word = verdict.alert, verdict.word
        if Party.MELDKAMER_EM in alert.recipients:
            row.centre += 1
            row.events[alert.event.value] = row.events.get(alert.event.value, 0) + 1
        row.police += Party.POLITIE in alert.recipients
        if alert.event is not _INCURSION and alert.event not in _BREACHES:
            continue
        row.right += word in (Word.RIGHT, Word.STEP)
        row.doubled += word is Word.DOUBLED
        if word is Word.FALSE:
            row.false_police += Party.POLITIE in alert.recipients
            row.false_probable += alert.event in _PRESENT and alert.certainty in _SURE
            if alert.event is _INCURSION:
                row.incursions += 1
            elif verdict.name is Name.WRONG_KIND:
                row.stale += 1
            else:
                row.false += 1
        cause = row.causes.setdefault(alert.how.value if alert.how else "rule", [0, 0, 0])
        cause[{Word.FALSE: 2, Word.GREY: 1, Word.DOUBLED: 1}.get(word, 0)] += 1
    return list(rows.values())


def _count_due(row: Row, outcome: Outcome) -> None:
    stay, first = outcome.stay, outcome.first
    row.due += 1
    row.missed += first is None
    if first is not None and not outcome.carried:
        row.delays_s.append((first.at_us - stay.from_us) / SECOND_US)
        shown_us = stay.shown_us
        row.late += shown_us is not None and first.at_us > shown_us + DUE_LATE_S * SECOND_US
    if stay.kind != "outside" and not stay.late:
        row.police_due += 1
        row.police_untold += outcome.police is None
        if outcome.police is not None and not outcome.carried:
            row.police_delays_s.append((outcome.police.at_us - stay.from_us) / SECOND_US)


@dataclass(frozen=True)
class Pool:
    """Rows of many worlds of one rule. A wearer of one world is nobody of another."""

    rows: Sequence[Row]

    def total(self, name: str) -> int:
        return int(sum(getattr(row, name) for row in self.rows))

    @property
    def days(self) -> float:
        return float(sum(row.days for row in self.rows))

    def missed(self) -> Interval:
        return wilson(self.total("missed"), self.total("due"))

    def police_untold(self) -> Interval:
        return wilson(self.total("police_untold"), self.total("police_due"))

    def rate(self, *names: str) -> Interval:
        """Alerts a wearer-day; the interval by wearers drawn again, Garwood's where there is none at all."""
        counts = [sum(getattr(row, name) for name in names) for row in self.rows]
        if not any(counts):
            return garwood(0, self.days)
        return clustered_rate(
            counts, [row.days for row in self.rows], np.random.default_rng(1), resamples=500
        )

    def delays_s(self, *, police: bool = False) -> list[Interval]:
        """Quantiles ``SHARES``, wearers drawn again."""
        values: list[float] = []
        whose: list[int] = []
        for number, row in enumerate(self.rows):
            found = row.police_delays_s if police else row.delays_s
            values += found
            whose += [number] * len(found)
        return quantiles(values, whose, list(SHARES), np.random.default_rng(2), resamples=200)

    def all_delays_s(self) -> list[float]:
        return sorted(delay for row in self.rows for delay in row.delays_s)

    def causes(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for row in self.rows:
            for cause, counts in row.causes.items():
                found[cause] = [a + b for a, b in zip(found[cause], counts, strict=True)]
        return dict(sorted(found.items()))

    def of(self, *, resampled: bool) -> Pool:
        return Pool([row for row in self.rows if row.resampled is resampled])


def pooled(pools: Iterable[Pool]) -> Pool:
    return Pool([row for pool in pools for row in pool.rows])

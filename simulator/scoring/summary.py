"""The score of one run or of many together, as one JSON object. NaN becomes null.

Shares have Wilson's interval, rates Garwood's and beside it one by wearers drawn again, delays the
bootstrap's by wearers (intervals.py). The same truths, alerts and seed give the same bytes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from emon.model.instant import HOUR_US, SECOND_US
from emon.model.vocabulary import Party
from simulator.limits import DUE_DEPTH_MIN_M, DUE_FIXES, DUE_LATE_S
from simulator.scoring.alerts import Told
from simulator.scoring.due import Class
from simulator.scoring.facts import BUFFER, INSIDE, NEAR, OUTSIDE, Held, Seen
from simulator.scoring.intervals import Interval, clustered_rate, garwood, quantiles, wilson
from simulator.scoring.verdict import Judged, Outcome, Verdict, Word

DEPTHS_M = (0.0, 10.0, 30.0, 50.0, 100.0, math.inf)
LENGTHS_S = (0.0, 60.0, 180.0, 600.0, 3_600.0, math.inf)
SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
WEARERS_PER_OPERATOR = 100.0
"""An operator's caseload for the alerts an hour; no public figure is known, so it is always printed."""

Whose = tuple[int, str]


def summary(
    runs: Sequence[Judged], seed: int = 0, wearers_per_operator: float = WEARERS_PER_OPERATOR
) -> dict[str, Any]:
    """All figures over all runs; a wearer of one run is nobody of another. ``seed`` is the bootstrap's."""
    pool = _Pool(runs, seed)
    return {
        "runs": len(runs),
        "wearers": len(pool.days),
        "wearer_days": round(pool.total_days, 6),
        "due_is": {"depth_m": DUE_DEPTH_MIN_M, "fixes": DUE_FIXES, "late_after_s": DUE_LATE_S},
        "due": _due(pool),
        "police": _police(pool),
        "false": _false(pool),
        "doubled": _counted(pool, lambda verdict: verdict.word is Word.DOUBLED),
        "delay_s": _delays(pool),
        "precision": _precision(pool),
        "stays": _strata(pool),
        "blind": _blind(pool),
        "operators": _operators(pool, wearers_per_operator),
        "findings": dict(sorted(Counter(f.name.value for run in runs for f in run.findings).items())),
    }


class _Pool:
    """All runs together, each entry with whose it is."""

    def __init__(self, runs: Sequence[Judged], seed: int) -> None:
        self.runs = runs
        self._seed = seed
        self.verdicts: list[tuple[Whose, Verdict]] = [
            ((number, verdict.wearer), verdict) for number, run in enumerate(runs) for verdict in run.verdicts
        ]
        self.outcomes: list[tuple[Whose, Outcome]] = [
            ((number, outcome.stay.wearer), outcome)
            for number, run in enumerate(runs)
            for outcome in run.outcomes
        ]
        self.days: dict[Whose, float] = {
            (number, wearer.wearer): wearer.days
            for number, run in enumerate(runs)
            for wearer in run.truth.wearers.values()
        }
        self.total_days = math.fsum(self.days.values())

    def rng(self, purpose: int) -> np.random.Generator:
        """Chance of its own for each figure, so that one more figure changes no other."""
        return np.random.Generator(np.random.PCG64([self._seed, purpose]))

    def due(self) -> list[tuple[Whose, Outcome]]:
        return [each for each in self.outcomes if each[1].of is Class.DUE]


def _shown(interval: Interval) -> dict[str, float | None]:
    return {name: _number(value) for name, value in interval._asdict().items()}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.6g}")


def _share(hits: int, of: int) -> dict[str, Any]:
    return {"of": of, "is": hits, "share": _shown(wilson(hits, of))}


def _due(pool: _Pool) -> dict[str, Any]:
    """What was due and missed, and what came late though not missed; rulings beside stays."""
    found: dict[str, Any] = {}
    groups = {
        "all": (INSIDE, OUTSIDE, NEAR),
        "exclusion": (INSIDE,),
        "inclusion": (OUTSIDE,),
        "contact": (NEAR,),
    }
    for name, kinds in groups.items():
        stays = [outcome for _, outcome in pool.due() if outcome.stay.kind in kinds]
        found[name] = {
            "missed": _share(sum(outcome.first is None for outcome in stays), len(stays)),
            "late": _share(sum(_is_late(outcome) for outcome in stays), len(stays)),
        }
    musts = [told for run in pool.runs for _, told in run.musts]
    found["must"] = {"missed": _share(sum(told is None for told in musts), len(musts))}
    return found


def _is_late(outcome: Outcome) -> bool:
    first, shown_us = outcome.first, outcome.stay.shown_us
    return first is not None and shown_us is not None and first.at_us > shown_us + DUE_LATE_S * SECOND_US


def _police(pool: _Pool) -> dict[str, Any]:
    """The police apart: due bans and distances of which they heard, and false calls to them."""
    due = [o for _, o in pool.due() if o.stay.kind in (INSIDE, NEAR) and not o.stay.late]
    return {
        "due_untold": _share(sum(outcome.police is None for outcome in due), len(due)),
        "false": _counted(
            pool, lambda verdict: verdict.word is Word.FALSE and _names(verdict, Party.POLITIE)
        ),
        "precision": _row([v for _, v in pool.verdicts if _names(v, Party.POLITIE)]),
    }


def _names(verdict: Verdict, party: Party) -> bool:
    return party in verdict.alert.recipients


def _false(pool: _Pool) -> dict[str, Any]:
    false = [verdict for _, verdict in pool.verdicts if verdict.word is Word.FALSE]
    by_event = Counter(verdict.alert.event.value for verdict in false)
    by_name = Counter(verdict.name.value for verdict in false if verdict.name is not None)
    return {
        **_counted(pool, lambda verdict: verdict.word is Word.FALSE),
        "by_event": dict(sorted(by_event.items())),
        "by_name": dict(sorted(by_name.items())),
    }


def _counted(pool: _Pool, chosen: Callable[[Verdict], bool]) -> dict[str, Any]:
    """A count and its rate a wearer-day. Alerts of nobody known are in the count and in Garwood's."""
    own = Counter(whose for whose, verdict in pool.verdicts if chosen(verdict))
    total = sum(own.values())
    counts = [own.get(whose, 0) for whose in pool.days]
    clustered = clustered_rate(counts, list(pool.days.values()), pool.rng(1))
    return {
        "alerts": total,
        "per_wearer_day": _shown(garwood(total, pool.total_days)),
        "per_wearer_day_by_wearer": _shown(clustered),
    }


def _delays(pool: _Pool) -> dict[str, Any]:
    """Of what was due and told: from its true begin, and from when the first fix in it came."""
    due = [(whose, outcome) for whose, outcome in pool.due() if not outcome.carried]
    to_first = [(whose, outcome, outcome.first) for whose, outcome in due if outcome.first is not None]
    to_police = [(whose, outcome, outcome.police) for whose, outcome in due if outcome.police is not None]
    return {
        "from_begin": _delay(to_first, lambda outcome: outcome.stay.from_us, pool.rng(2)),
        "from_first_fix": _delay(to_first, lambda outcome: outcome.stay.first_fix_us, pool.rng(3)),
        "police_from_begin": _delay(to_police, lambda outcome: outcome.stay.from_us, pool.rng(4)),
        "police_from_first_fix": _delay(to_police, lambda outcome: outcome.stay.first_fix_us, pool.rng(5)),
    }


def _delay(
    told: Iterable[tuple[Whose, Outcome, Told]],
    since: Callable[[Outcome], int | None],
    rng: np.random.Generator,
) -> dict[str, Any]:
    delays: list[float] = []
    whose: list[Whose] = []
    for who, outcome, alert in told:
        since_us = since(outcome)
        if since_us is not None:
            delays.append((alert.at_us - since_us) / SECOND_US)
            whose.append(who)
    found = quantiles(delays, whose, list(SHARES.values()), rng)
    return {"of": len(delays), **{name: _shown(each) for name, each in zip(SHARES, found, strict=True)}}


def _precision(pool: _Pool) -> dict[str, Any]:
    """Right of right and false; what is grey or doubled stands beside it and weighs on neither side."""
    verdicts = [verdict for _, verdict in pool.verdicts]
    return {
        "all": _row(verdicts),
        "event": _rows(verdicts, lambda verdict: [verdict.alert.event.value]),
        "certainty": _rows(verdicts, lambda v: [v.alert.certainty.value] if v.alert.certainty else []),
        "cause": _rows(verdicts, lambda verdict: [verdict.alert.how.value] if verdict.alert.how else []),
        "recipient": _rows(verdicts, lambda v: [party.value for party in set(v.alert.recipients)]),
    }


def _rows(verdicts: Sequence[Verdict], names: Callable[[Verdict], list[str]]) -> dict[str, Any]:
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        for name in names(verdict):
            groups.setdefault(name, []).append(verdict)
    return {name: _row(group) for name, group in sorted(groups.items())}


def _row(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    counts = Counter(verdict.word for verdict in verdicts)
    right = counts[Word.RIGHT] + counts[Word.STEP]
    row: dict[str, Any] = {word.value: counts[word] for word in Word}
    return {**row, "precision": _shown(wilson(right, right + counts[Word.FALSE]))}


def _strata(pool: _Pool) -> list[dict[str, Any]]:
    """Every true stay by depth and length and whether it was told: the cut that due makes, laid open."""
    cells: dict[tuple[str, int, int, Class], list[bool]] = {}
    for _, outcome in pool.outcomes:
        stay = outcome.stay
        if stay.active and stay.kind != BUFFER:
            depth = _bin(stay.deepest_m, DEPTHS_M)
            length = _bin((stay.to_us - stay.from_us) / SECOND_US, LENGTHS_S)
            cells.setdefault((stay.kind, depth, length, outcome.of), []).append(bool(outcome.told))
    return [
        {
            "kind": kind,
            "depth_from_m": DEPTHS_M[depth],
            "length_from_s": LENGTHS_S[length],
            "class": of.value,
            "told": _share(sum(told), len(told)),
        }
        for (kind, depth, length, of), told in sorted(cells.items())
    ]


def _bin(value: float, edges: Sequence[float]) -> int:
    return max(i for i in range(len(edges) - 1) if value >= edges[i])


def _blind(pool: _Pool) -> dict[str, Any]:
    """Time in which a condition held and no fixes came; stays that fell into it, and whether told."""
    hours: list[float] = []
    held_hours, days = 0.0, []
    for number, run in enumerate(pool.runs):
        seen: dict[str, list[Seen]] = {}
        held: dict[str, list[Held]] = {}
        for stretch in run.truth.seen:
            seen.setdefault(stretch.wearer, []).append(stretch)
        for span in run.truth.held:
            held.setdefault(span.wearer, []).append(span)
        for wearer, spans in held.items():
            joined = _joined([(span.from_us, span.to_us) for span in spans])
            eyes = _joined([(stretch.from_us, stretch.to_us) for stretch in seen.get(wearer, [])])
            length = sum(to_us - from_us for from_us, to_us in joined) / HOUR_US
            held_hours += length
            hours.append(length - _overlap_us(joined, eyes) / HOUR_US)
            days.append(pool.days[(number, wearer)])
    stays = [outcome for _, outcome in pool.outcomes if outcome.of is Class.BLIND]
    return {
        "held_h": round(held_hours, 6),
        "unseen_h": round(math.fsum(hours), 6),
        "unseen_share": _number(math.fsum(hours) / held_hours if held_hours else math.nan),
        "unseen_h_per_wearer_day": _shown(clustered_rate(hours, days, pool.rng(6))),
        "stays_told": _share(sum(bool(outcome.told) for outcome in stays), len(stays)),
    }


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch or overlap as one, rising: several conditions that hold at once count once."""
    joined: list[tuple[int, int]] = []
    for from_us, to_us in sorted(spans):
        if joined and from_us <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], to_us))
        else:
            joined.append((from_us, to_us))
    return joined


def _overlap_us(one: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> int:
    total = first = second = 0
    while first < len(one) and second < len(other):
        low, high = max(one[first][0], other[second][0]), min(one[first][1], other[second][1])
        total += max(0, high - low)
        if one[first][1] <= other[second][1]:
            first += 1
        else:
            second += 1
    return total


def _operators(pool: _Pool, wearers: float) -> dict[str, Any]:
    """Alerts that reach the monitoring centre for each hour of an operator with so many wearers."""
    alerts = sum(_names(verdict, Party.MELDKAMER_EM) for _, verdict in pool.verdicts)
    return {
        "wearers_per_operator": wearers,
        "alerts": alerts,
        "alerts_per_operator_hour": _shown(garwood(alerts, pool.total_days * 24.0 / wearers)),
    }

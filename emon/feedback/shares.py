"""Counts of cases by verdict, and the share that was true with the interval in which it lies. Pure.

The interval is E. B. Wilson's, "Probable Inference, the Law of Succession, and Statistical Inference",
Journal of the American Statistical Association 22 (1927), 209-212: it stays within 0 and 1 and says
something of one case and of none that failed, where the textbook's does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from emon.feedback.rows import FiledAlert
from emon.feedback.verdict import Verdict, case_of, verdict_of_case
from emon.limits import FEEDBACK_SIGMAS


class Share(msgspec.Struct, frozen=True):
    """``of_true`` with its 95 % interval; all three between 0 and 1."""

    of_true: float
    low: float
    high: float


def wilson(hits: int, count: int, sigmas: float = FEEDBACK_SIGMAS) -> Share | None:
    """``hits`` of ``count`` as a share with its interval; None of nothing.

    Raises ``ValueError`` where hits are more than there are, or fewer than none.
    """
    if not 0 <= hits <= count:
        raise ValueError(f"{hits} of {count}")
    if count == 0:
        return None
    share, square = hits / count, sigmas * sigmas
    scale = 1.0 + square / count
    middle = (share + square / (2 * count)) / scale
    half = sigmas * math.sqrt(share * (1.0 - share) / count + square / (4 * count * count)) / scale
    # The interval's ends are exact where nothing or everything hit; rounding must not say otherwise.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == count else min(1.0, middle + half)
    return Share(share, low, high)


class Tally(msgspec.Struct, frozen=True):
    """``alerts`` told, in so many ``cases`` (``verdict.case_of``), and those by what people found.

    ``precision``: of the cases that were true or false, the share that was true; None without any.
    """

    alerts: int
    cases: int
    true: int
    false: int
    unknown: int
    open: int
    uncounted: int
    precision: Share | None


def tally(alerts: Iterable[FiledAlert]) -> Tally:
    """The alerts counted by their cases."""
    cases: dict[str, list[FiledAlert]] = {}
    told = 0
    for alert in alerts:
        told += 1
        cases.setdefault(case_of(alert), []).append(alert)
    found = dict.fromkeys(Verdict, 0)
    for of_case in cases.values():
        found[verdict_of_case(of_case)] += 1
    true, false = found[Verdict.TRUE], found[Verdict.FALSE]
    return Tally(
        told,
        len(cases),
        true,
        false,
        found[Verdict.UNKNOWN],
        found[Verdict.OPEN],
        found[Verdict.UNCOUNTED],
        wilson(true, true + false),
    )

"""A histogram of latencies with three significant digits, in the layout and text of HdrHistogram.

Read: hdrhistogram.github.io/HdrHistogram, the Java implementation's documentation: buckets that double in
width, each of 2,048 linear cells of which the upper half is its own; and the percentile distribution
that its plotter reads (``outputPercentileDistribution``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

CELLS = 2_048  # three significant digits: the first power of two not below 2 * 10^3
_HALF = CELLS // 2
_BITS = CELLS.bit_length() - 1
VALUE_MAX_US = 3_600_000_000  # an hour
_BUCKETS = VALUE_MAX_US.bit_length() - _BITS + 1
_TICKS_PER_HALF = 5


class Histogram:
    """Counts of values in microseconds. Below 0 counts as 0, above an hour as an hour."""

    def __init__(self) -> None:
        self._counts = np.zeros((_BUCKETS + 1) * _HALF, dtype=np.int64)
        self.max_us = 0

    @property
    def total(self) -> int:
        return int(self._counts.sum())

    def record(self, values_us: npt.NDArray[np.float64]) -> None:
        """Count each value once."""
        if not len(values_us):
            return
        values = np.clip(values_us, 0, VALUE_MAX_US).astype(np.int64)
        bucket = np.maximum(np.frexp(values.astype(np.float64))[1].astype(np.int64) - _BITS, 0)
        places = bucket * _HALF + (values >> bucket)
        np.add.at(self._counts, places, 1)  # a call may have few values: nothing as long as the counts
        self.max_us = max(self.max_us, int(values.max()))

    def percentile_us(self, share: float) -> int | None:
        """The value that ``share`` of all do not exceed, at the upper end of its cell; None when empty."""
        total = self.total
        if not total:
            return None
        rank = max(1, math.ceil(share * total - 1e-9))
        place = int(np.searchsorted(np.cumsum(self._counts), rank))
        return min(_highest(place), self.max_us)

    def text(self) -> str:
        """HdrHistogram's percentile distribution, values in milliseconds."""
        head = f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} {'1/(1-Percentile)':>14}\n\n"
        lines = [
            f"{value_us / 1e3:12.3f} {share:2.12f} {count:10d}"
            + (f" {1 / (1 - share):14.2f}\n" if share < 1.0 else "\n")
            for value_us, share, count in self._distribution()
        ]
        mean, deviation = self._moments_us()
        tail = (
            f"#[Mean    = {mean / 1e3:12.3f}, StdDeviation   = {deviation / 1e3:12.3f}]\n"
            f"#[Max     = {self.max_us / 1e3:12.3f}, Total count    = {self.total:12d}]\n"
            f"#[Buckets = {_BUCKETS:12d}, SubBuckets     = {CELLS:12d}]\n"
        )
        return head + "".join(lines) + tail

    def _distribution(self) -> Iterator[tuple[int, float, int]]:
        """(value, share, count so far): steps halve with the distance left to 1."""
        total, upto = self.total, np.cumsum(self._counts)
        share = 0.0
        while total:
            rank = max(1, math.ceil(share * total - 1e-9))
            place = int(np.searchsorted(upto, rank))
            yield min(_highest(place), self.max_us), share, int(upto[place])
            if upto[place] == total:
                if share < 1.0:
                    yield self.max_us, 1.0, total
                return
            halvings = math.floor(math.log2(1.0 / (1.0 - share))) + 1
            share += 1.0 / (_TICKS_PER_HALF * 2**halvings)

    def _moments_us(self) -> tuple[float, float]:
        total = self.total
        if not total:
            return 0.0, 0.0
        filled = np.flatnonzero(self._counts)
        middles = np.array([(_lowest(place) + _highest(place)) / 2 for place in filled.tolist()])
        weights = self._counts[filled] / total
        mean = float((middles * weights).sum())
        return mean, math.sqrt(float(((middles - mean) ** 2 * weights).sum()))


def _lowest(place: int) -> int:
    bucket = max(0, place // _HALF - 1)
    return (place - bucket * _HALF) << bucket


def _highest(place: int) -> int:
    bucket = max(0, place // _HALF - 1)
    return ((place - bucket * _HALF + 1) << bucket) - 1

"""How many of the waiting fixes are taken at once. Pure.

Theory of operation. What a portion costs is a fixed part (a commit; folding again what its devices have
done since, which may be minutes of fixes for one late one) and a part for each fix. Both are estimated from
the last portions by a line of least squares that forgets. The next portion is so large that it takes as long
as it may; but where the fixed part alone takes half of that, small portions help nobody: each pays it again,
and the backlog stays. Then a portion is so large that its fixes cost as much as the fixed part.
"""

from __future__ import annotations

import math

import msgspec

from emon.limits import PORTION_FIXES_MAX, PORTION_FIXES_MIN, PORTION_MEMORY

_SPREAD_MIN = 0.02
"""Of the portions' sizes: when all were of nearly one size, a line through them says nothing."""


class PortionCost(msgspec.Struct, frozen=True):
    """Sums over the last portions, older ones with less weight: of their fixes, microseconds and products."""

    weight: float = 0.0
    fixes: float = 0.0
    us: float = 0.0
    fixes_squared: float = 0.0
    fixes_us: float = 0.0

    def learnt(self, fixes: int, took_us: int) -> PortionCost:
        """With one more portion."""
        took_us = max(0, took_us)
        return PortionCost(
            PORTION_MEMORY * self.weight + 1.0,
            PORTION_MEMORY * self.fixes + fixes,
            PORTION_MEMORY * self.us + took_us,
            PORTION_MEMORY * self.fixes_squared + fixes * fixes,
            PORTION_MEMORY * self.fixes_us + fixes * took_us,
        )

    def line(self) -> tuple[float, float]:
        """Microseconds of a portion and of each of its fixes; neither is negative."""
        if self.weight == 0.0:
            return 0.0, 0.0
        spread = self.weight * self.fixes_squared - self.fixes * self.fixes
        if spread <= _SPREAD_MIN * self.weight * self.fixes_squared:
            return 0.0, self.us / max(self.fixes, 1.0)
        each = (self.weight * self.fixes_us - self.fixes * self.us) / spread
        if each <= 0.0:
            return self.us / self.weight, 0.0
        fixed = (self.us - each * self.fixes) / self.weight
        return (fixed, each) if fixed > 0.0 else (0.0, self.us / max(self.fixes, 1.0))


def next_portion(cost: PortionCost, fixes: int, aim_us: int) -> int:
    """How many fixes to take after a portion of so many, to take ``aim_us``: within bounds, and at most twice
    or half as many, so that one odd measurement does no harm."""
    fixed_us, each_us = cost.line()
    wanted: float
    if each_us <= 0.0:
        wanted = math.inf
    elif 2.0 * fixed_us <= aim_us:
        wanted = (aim_us - fixed_us) / each_us
    else:
        wanted = fixed_us / each_us
    return round(max(PORTION_FIXES_MIN, min(PORTION_FIXES_MAX, max(fixes // 2, min(2 * fixes, wanted)))))

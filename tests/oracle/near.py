"""Contact conditions by the contract's words (section 3, ``proximity``), found from everything at once.

"both tracks brought to one instant (straight between fixes, carried on beyond the last at its speed with
growing uncertainty, no position older than ``contact_pair_age_max_s`` = 120), the relative path judged as a
crossing is; a passing shorter than ``contact_pass_max_s`` = 60 is at most ``possible``". Of what is carried
on nothing is decided here: that is the engine's art. What the tracks show between two fixes is not.

Positions are metres in a plane, precise to a few of them; a way that comes nearer than ``CLEAR_M`` to the
radius is no case for an oracle (:class:`TooClose`).
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.oracle.found import Known, TooClose
from tests.oracle.times import S

PAIR_AGE = 120 * S
PASS = 60 * S
PRESENT_AGE = 300 * S
CLEAR_M = 50.0


@dataclass(frozen=True)
class Meeting:
    """The two at the instant of a fix of either: he as seen from her, and when all that says so was there."""

    t: int
    x: float
    y: float
    received: int

    @property
    def metres(self) -> float:
        return math.hypot(self.x, self.y)


@dataclass
class Contact:
    """One stretch within the radius. ``lasted`` is the time from first to last contact, None while it goes
    on; ``inside``: the meetings in it, none of a way that only leads past her."""

    opened: int
    closed: int | None
    lasted: int | None
    inside: list[Meeting]


def place(track: Sequence[Known], at: int) -> tuple[float, float, int] | None:
    """Where a device was between two of its fixes, and when both had been received; None: not known."""
    after = bisect.bisect_left([fix.t for fix in track], at)
    if after < len(track) and track[after].t == at:
        found = track[after]
        return found.x, found.y, found.received
    if after in (0, len(track)):
        return None
    a, b = track[after - 1], track[after]
    if b.t - a.t > PAIR_AGE:
        return None
    share = (at - a.t) / (b.t - a.t)
    return a.x + share * (b.x - a.x), a.y + share * (b.y - a.y), max(a.received, b.received)


def meetings(his: Sequence[Known], hers: Sequence[Known]) -> list[Meeting]:
    """Those at which both are known, rising."""
    found = []
    for at in sorted({fix.t for fix in (*his, *hers)}):
        him, her = place(his, at), place(hers, at)
        if him is not None and her is not None:
            found.append(Meeting(at, him[0] - her[0], him[1] - her[1], max(him[2], her[2])))
    return found


def within(a: Meeting, b: Meeting, radius: float) -> tuple[int, int] | None:
    """From when to when the straight relative way between two meetings is within the radius."""
    dx, dy, span = b.x - a.x, b.y - a.y, b.t - a.t
    aa, bb, cc = dx * dx + dy * dy, a.x * dx + a.y * dy, a.x * a.x + a.y * a.y - radius * radius
    nearest = min(1.0, max(0.0, -bb / aa)) if aa else 0.0
    if abs(math.hypot(a.x + nearest * dx, a.y + nearest * dy) - radius) < CLEAR_M:
        raise TooClose("a way that just touches the radius")
    root = bb * bb - aa * cc
    if aa == 0.0 or root <= 0.0:
        return (a.t, b.t) if cc < 0.0 else None
    first, last = (-bb - math.sqrt(root)) / aa, (-bb + math.sqrt(root)) / aa
    if last < 0.0 or first > 1.0:
        return None
    return a.t + round(max(0.0, first) * span), a.t + round(min(1.0, last) * span)


def ended(found: Sequence[Meeting], closed: int) -> bool:
    """Whether a second meeting beyond the radius is there that shares no fix with the first: of "the run
    that shows the opposite" the engine asks two (ADR 0008), and the oracle of zones took the like over."""
    later = [one.t - closed for one in found if one.t - closed >= 60 * S]
    if not later and any(0 < one.t - closed < 60 * S for one in found):
        raise TooClose("whether one who is seen no more is carried on to a second")
    if later and later[0] > 2 * PAIR_AGE:
        raise TooClose("whether what comes so much later is of one run")
    return bool(later)


def contacts(his: Sequence[Known], hers: Sequence[Known], radius: float, ends: int | None) -> list[Contact]:
    """Every stretch of contact that two whole tracks show before the order ends, rising."""
    found: list[Contact] = []
    open_: Contact | None = None
    before: Meeting | None = None
    known = [one for one in meetings(his, hers) if ends is None or one.t < ends]
    if ends is not None and ends > max(fix.received for fix in (*his, *hers)):
        ends = None  # nothing is decided beyond the last that is received
    for now in known:
        if abs(now.metres - radius) < CLEAR_M:
            raise TooClose("a meeting at the radius")
        near = now.metres < radius
        joined = before is not None and now.t - before.t <= PAIR_AGE
        if before is not None and not joined and open_ is not None:
            raise TooClose("whether a contact went on while one of them was not seen")
        span = within(before, now, radius) if before is not None and joined else None
        if near and open_ is None:
            open_ = Contact(span[0] if span is not None else now.t, None, None, [])
        if near and open_ is not None:
            open_.inside.append(now)
        elif open_ is not None and span is not None:
            open_.closed, open_.lasted = now.t, span[1] - open_.opened
            found.append(open_)
            open_ = None
        elif span is not None:
            found.append(Contact(span[0], now.t, span[1] - span[0], []))
        before = now
    if open_ is not None:
        open_.closed, open_.lasted = ends, None if ends is None else ends - open_.opened
        found.append(open_)
    for one in found:
        if ends is None and one.inside and one.closed is not None and not ended(known, one.closed):
            one.closed, one.lasted = None, None
        if one.lasted is not None and abs(one.lasted - PASS) < 15 * S:
            raise TooClose("a passing of about a minute")
    if any(b.opened - (a.closed or 0) < 180 * S for a, b in pairwise(found)):
        raise TooClose("two contacts that a run may join")
    return found

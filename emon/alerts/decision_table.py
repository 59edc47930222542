"""One row of the policy, and whether it matches: the table is read from above, the first match decides.

Pure. A row says when it holds (:class:`When`) and what follows. What it does not name it does not ask for:
a row without risks holds at every risk. Time is the local time of the row's own zone at the instant of
the decision, so the same fixes are decided alike live and in a replay.
"""

from __future__ import annotations

import msgspec

from emon.model.instant import to_datetime
from emon.model.order import Window
from emon.model.vocabulary import AlertEvent, Certainty, Kind, LegalBasis, Party, Risk
from emon.timezones import load_timezone

DEFAULT_LADDER_NAME, LOW_LADDER_NAME = "default", "low"


class Hours(msgspec.Struct, frozen=True):
    """Recurring local times. ``tz``: an IANA name. ``windows`` as of a schedule, never empty."""

    tz: str
    windows: tuple[Window, ...]

    def hold(self, at_us: int) -> bool:
        """Whether the instant lies in a window, by the wall clock of the zone: half-open, and of an hour
        that occurs twice both times."""
        local = to_datetime(at_us).astimezone(load_timezone(self.tz))
        second = local.hour * 3_600 + local.minute * 60 + local.second
        return any(_holds(window, local.weekday(), second) for window in self.windows)


def _holds(window: Window, day: int, second: int) -> bool:
    if window.from_s < window.to_s:
        return day in window.days and window.from_s <= second < window.to_s
    began_today = day in window.days and second >= window.from_s
    return began_today or ((day - 1) % 7 in window.days and second < window.to_s)


class Situation(msgspec.Struct, frozen=True):
    """What is to be decided upon. None: the event has no such thing (a battery has no certainty).

    ``recalls_police``: a breach that the police were told of is withdrawn. Of a device worn for several
    orders, risk and legal basis are those of the order with the highest risk.
    """

    event: AlertEvent
    at_us: int
    kind: Kind | None = None
    certainty: Certainty | None = None
    risk: Risk | None = None
    legal_basis: LegalBasis | None = None
    recalls_police: bool = False


class When(msgspec.Struct, frozen=True):
    """The conditions of a row, all of which must hold; an empty one asks for nothing."""

    events: tuple[AlertEvent, ...]
    kinds: tuple[Kind, ...] = ()
    certainties: tuple[Certainty, ...] = ()
    risks: tuple[Risk, ...] = ()
    legal_bases: tuple[LegalBasis, ...] = ()
    recalls_police: bool | None = None
    hours: Hours | None = None

    def holds(self, now: Situation) -> bool:
        return (
            now.event in self.events
            and (not self.kinds or now.kind in self.kinds)
            and (not self.certainties or now.certainty in self.certainties)
            and (not self.risks or now.risk in self.risks)
            and (not self.legal_bases or now.legal_basis in self.legal_bases)
            and (self.recalls_police is None or now.recalls_police is self.recalls_police)
            and (self.hours is None or self.hours.hold(now.at_us))
        )


class Row(msgspec.Struct, frozen=True):
    """What follows where ``when`` holds.

    ``priority``: 1 is the highest. ``recipients``: in the order in which they are named. ``told``: besides,
    all who were told of the breach. ``others``: besides, every recipient but the one that the alert is
    about. ``also``: contacts of the policy that hear of it at once. ``ladder``: by which an alert climbs
    that nobody acknowledges.
    """

    name: str
    when: When
    priority: int
    recipients: tuple[Party, ...] = ()
    told: bool = False
    others: bool = False
    also: tuple[str, ...] = ()
    ladder: str = DEFAULT_LADDER_NAME

"""Times in a scenario as people say them, turned into seconds after its start.

    90               seconds, as ever
    "1h 30min"       a length of time after the start
    "22:15"          the first such wall-clock time at or after the start
    "sun 02:30"      the first such time of the week
    "2026-03-29 03:30", "2026-10-25T02:30:00+01:00"     that instant

Wall-clock times are those of the scenario's ``tz``. One that is skipped when clocks go forward is the
instant of the change; of one that occurs twice the first is meant, and RFC 3339 names the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from emon.model.instant import SECOND_US, parse_instant, to_datetime

DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_LENGTH = re.compile(r"(?:\d+(?:\.\d+)?(?:s|min|h|d) ?)+\Z")
_PART = re.compile(r"(\d+(?:\.\d+)?)(s|min|h|d)")
_UNIT_S = {"s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}
_CLOCK = re.compile(r"(?:([a-z]{2,3}) )?([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?\Z")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d) ([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?\Z")


@dataclass(frozen=True, slots=True)
class Calendar:
    """``start_us`` is second 0, on a whole second; ``tz`` the wall clock that the scenario speaks of."""

    start_us: int
    tz: str

    def seconds(self, value: object) -> float:
        """Seconds after the start. Raises ``ValueError`` with what is wrong."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, str):
            raise ValueError('must be seconds, or a time such as "1h 30min" or "22:15"')
        text = value.strip()
        if _LENGTH.match(text):
            return sum(float(amount) * _UNIT_S[unit] for amount, unit in _PART.findall(text))
        if match := _CLOCK.match(text):
            return self._next(match.group(1), _clock(match))
        if match := _DATE.match(text):
            try:
                day = date.fromisoformat(match.group(1))
            except ValueError as fault:
                raise ValueError(f"{text!r}: {fault}") from None
            return self._after(datetime.combine(day, _clock(match)))
        try:
            return (parse_instant(text) - self.start_us) / SECOND_US
        except ValueError:
            raise ValueError(
                f'{text[:40]!r} is no time such as 90, "1h 30min", "22:15", "sun 02:30"'
            ) from None

    def clock(self, at_s: float) -> str:
        """The wall clock at so many seconds after the start, for people."""
        local = to_datetime(self.start_us + round(at_s * SECOND_US)).astimezone(ZoneInfo(self.tz))
        return local.strftime("%a %H:%M:%S").lower()

    def _next(self, day: str | None, clock: time) -> float:
        if day is not None and day[:2] not in DAYS:
            raise ValueError(f"{day!r} is no day: {', '.join(DAYS)}")
        first = to_datetime(self.start_us).astimezone(ZoneInfo(self.tz)).date()
        for ahead in range(9):
            local = first + timedelta(days=ahead)
            if day is None or DAYS[local.weekday()] == day[:2]:
                after_s = self._after(datetime.combine(local, clock))
                if after_s >= 0.0:
                    return after_s
        raise ValueError(f"no {day or ''} {clock} within nine days of the start")

    def _after(self, local: datetime) -> float:
        zone = ZoneInfo(self.tz)
        instant = local.replace(tzinfo=zone).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) != local:
            # Skipped: both readings lie an hour apart, the change is where the later offset begins.
            instant = _change_before(instant, zone)
        return (round(instant.timestamp() * SECOND_US) - self.start_us) / SECOND_US


def _clock(match: re.Match[str]) -> time:
    _, hour, minute, second = match.groups()
    return time(int(hour), int(minute), int(second or 0))


def _change_before(instant: datetime, zone: ZoneInfo) -> datetime:
    """The last instant at which the zone's offset changed, within a day before this one."""
    after = instant.astimezone(zone).utcoffset()
    low, high = instant - timedelta(days=1), instant
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)

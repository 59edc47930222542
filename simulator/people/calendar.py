"""Local days and hours as seconds since a world's start, over clock changes too."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from emon.model.instant import SECOND_US

TIME_ZONE = "Europe/Amsterdam"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Calendar:
    """Days from local midnight of ``first``."""

    def __init__(self, first: date, days: int) -> None:
        if days < 1:
            raise ValueError(f"days is {days}; must be at least 1")
        self.first, self.days = first, days
        self._zone = ZoneInfo(TIME_ZONE)
        self._start = self._utc(0, 0.0)

    @property
    def start_us(self) -> int:
        """Second 0: microseconds UTC."""
        return (self._start - _EPOCH) // timedelta(microseconds=1)

    @property
    def end_s(self) -> float:
        """Local midnight after the last day."""
        return self.at(self.days, 0.0)

    def at(self, day: int, hour: float) -> float:
        """The second at which a local clock shows ``hour`` of day number ``day``; hours beyond 24 fall on
        the days after. A time that does not exist or exists twice counts by the offset before it."""
        return float((self._utc(day, hour) - self._start) // timedelta(microseconds=1)) / SECOND_US

    def weekday(self, day: int) -> int:
        """Monday is 0."""
        return (self.first + timedelta(days=day)).weekday()

    def _utc(self, day: int, hour: float) -> datetime:
        midnight = datetime.combine(self.first, datetime.min.time()) + timedelta(days=day)
        local = midnight + timedelta(seconds=round(hour * 3_600.0))
        return local.replace(tzinfo=self._zone).astimezone(UTC)

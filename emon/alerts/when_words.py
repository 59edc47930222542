"""Instants in messages: the Netherlands' time in words, with its offset (an autumn night has two 02:30s)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import msgspec

from emon.limits import SECRET_TIME_S
from emon.model.instant import to_datetime

When = Callable[[int], str]
_AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class WhenWords(msgspec.Struct, frozen=True):
    """The words of one language: the months from January on, and an hour within which something was.
    ``clocks``: what the Netherlands' time is called in winter and in summer."""

    months: Sequence[str]
    moment: str
    between: str
    moment_to_her: str
    between_to_her: str
    clocks: tuple[str, str]
    moment_short: str
    between_short: str
    moment_short_to_her: str
    between_short_to_her: str

    @property
    def at(self) -> When:
        """``4 mei 2026, 13:59:40 (UTC+02:00)``."""
        return partial(_moment, self)

    @property
    def within(self) -> When:
        """The hour that begins then: of what may not be told more exactly."""
        return partial(_hour, self)

    @property
    def to_her(self) -> When:
        """``4 mei 2026 om 13:59 uur (Nederlandse zomertijd)``: to somebody to whom an offset says nothing."""
        return partial(_moment_to_her, self)

    @property
    def hour_to_her(self) -> When:
        """As ``within``, in those words."""
        return partial(_hour_to_her, self)

    @property
    def short(self) -> When:
        """``4 mei 13:59 (UTC+02:00)``, for a text message."""
        return partial(_short, self, self.moment_short)

    @property
    def short_hour(self) -> When:
        """As ``within``, for a text message."""
        return partial(_between, self, self.between_short)

    @property
    def short_to_her(self) -> When:
        """``4 mei om 13:59 uur``."""
        return partial(_short, self, self.moment_short_to_her)

    @property
    def short_hour_to_her(self) -> When:
        """As ``hour_to_her``, for a text message."""
        return partial(_between, self, self.between_short_to_her)


WHEN_NL = WhenWords(
    months=(
        *("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september"),
        *("oktober", "november", "december"),
    ),
    moment="{day} {month} {year}, {time} ({offset})",
    between="{day} {month} {year}, tussen {time} en {until} ({offset})",
    moment_to_her="{day} {month} {year} om {time} uur ({clock})",
    between_to_her="{day} {month} {year} tussen {time} en {until} uur ({clock})",
    clocks=("Nederlandse wintertijd", "Nederlandse zomertijd"),
    moment_short="{day} {month} {time} ({offset})",
    between_short="{day} {month} tussen {time} en {until} ({offset})",
    moment_short_to_her="{day} {month} om {time} uur",
    between_short_to_her="{day} {month} tussen {time} en {until} uur",
)
WHEN_EN = WhenWords(
    months=(
        *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
        *("October", "November", "December"),
    ),
    moment="{day} {month} {year}, {time} ({offset})",
    between="{day} {month} {year}, between {time} and {until} ({offset})",
    moment_to_her="{day} {month} {year} at {time} ({clock})",
    between_to_her="{day} {month} {year} between {time} and {until} ({clock})",
    clocks=("Dutch winter time", "Dutch summer time"),
    moment_short="{day} {month} {time} ({offset})",
    between_short="{day} {month} between {time} and {until} ({offset})",
    moment_short_to_her="{day} {month} at {time} Dutch time",
    between_short_to_her="{day} {month} between {time} and {until} Dutch time",
)


def _moment(words: WhenWords, instant_us: int) -> str:
    local = _local(instant_us)
    return (
        f"{instant_us} µs UTC" if local is None else _filled(words, words.moment, local, f"{local:%H:%M:%S}")
    )


def _moment_to_her(words: WhenWords, instant_us: int) -> str:
    return _short(words, words.moment_to_her, instant_us)


def _short(words: WhenWords, template: str, instant_us: int) -> str:
    """To the minute."""
    local = _local(instant_us)
    return f"{instant_us} µs UTC" if local is None else _filled(words, template, local, f"{local:%H:%M}")


def _hour_to_her(words: WhenWords, instant_us: int) -> str:
    return _between(words, words.between_to_her, instant_us)


def _hour(words: WhenWords, instant_us: int) -> str:
    return _between(words, words.between, instant_us)


def _between(words: WhenWords, template: str, instant_us: int) -> str:
    local, until = _local(instant_us), _local(instant_us + SECRET_TIME_S * 1_000_000)
    if local is None or until is None:
        return f"{instant_us} µs UTC"
    return _filled(words, template, local, f"{local:%H:%M}", f"{until:%H:%M}")


def _filled(words: WhenWords, template: str, local: datetime, time: str, until: str = "") -> str:
    month = words.months[local.month - 1]
    return template.format(
        day=local.day,
        month=month,
        year=local.year,
        time=time,
        until=until,
        offset=_offset(local),
        clock=words.clocks[bool(local.dst())],
    )


def _local(instant_us: int) -> datetime | None:
    try:
        return to_datetime(instant_us).astimezone(_AMSTERDAM)
    except (OverflowError, ValueError):
        return None


def _offset(local: datetime) -> str:
    minutes = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
    return f"UTC{minutes // 60:+03d}:{minutes % 60:02d}"

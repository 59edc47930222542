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


class Forms(msgspec.Struct, frozen=True):
    """How an instant is written: exactly, by the hour within which it was, and both for a text message."""

    moment: str
    between: str
    short: str
    short_between: str

    def of(self, *, by_the_hour: bool, short: bool) -> str:
        """The one that is asked for."""
        if short:
            return self.short_between if by_the_hour else self.short
        return self.between if by_the_hour else self.moment


class WhenWords(msgspec.Struct, frozen=True):
    """The words of one language: the months from January on. ``clocks``: what the Netherlands' time is called
    in winter and in summer. ``hers``: to somebody to whom an offset says nothing."""

    months: Sequence[str]
    clocks: tuple[str, str]
    others: Forms
    hers: Forms

    def told(self, *, by_the_hour: bool = False, to_her: bool = False, short: bool = False) -> When:
        """``by_the_hour``: the hour that begins then, of what may not be told more exactly."""
        forms = self.hers if to_her else self.others
        return partial(_written, self, forms.of(by_the_hour=by_the_hour, short=short))

    @property
    def at(self) -> When:
        """``4 mei 2026, 13:59:40 (UTC+02:00)``."""
        return self.told()

    @property
    def to_her(self) -> When:
        """``4 mei 2026 om 13:59 uur (Nederlandse zomertijd)``."""
        return self.told(to_her=True)

    @property
    def short(self) -> When:
        """``4 mei 13:59 (UTC+02:00)``, for a text message."""
        return self.told(short=True)


WHEN_NL = WhenWords(
    months=(
        *("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september"),
        *("oktober", "november", "december"),
    ),
    clocks=("Nederlandse wintertijd", "Nederlandse zomertijd"),
    others=Forms(
        moment="{day} {month} {year}, {exact} ({offset})",
        between="{day} {month} {year}, tussen {time} en {until} ({offset})",
        short="{day} {month} {time} ({offset})",
        short_between="{day} {month} tussen {time} en {until} ({offset})",
    ),
    hers=Forms(
        moment="{day} {month} {year} om {time} uur ({clock})",
        between="{day} {month} {year} tussen {time} en {until} uur ({clock})",
        short="{day} {month} om {time} uur",
        short_between="{day} {month} tussen {time} en {until} uur",
    ),
)
WHEN_EN = WhenWords(
    months=(
        *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
        *("October", "November", "December"),
    ),
    clocks=("Dutch winter time", "Dutch summer time"),
    others=Forms(
        moment="{day} {month} {year}, {exact} ({offset})",
        between="{day} {month} {year}, between {time} and {until} ({offset})",
        short="{day} {month} {time} ({offset})",
        short_between="{day} {month} between {time} and {until} ({offset})",
    ),
    hers=Forms(
        moment="{day} {month} {year} at {time} ({clock})",
        between="{day} {month} {year} between {time} and {until} ({clock})",
        short="{day} {month} at {time} Dutch time",
        short_between="{day} {month} between {time} and {until} Dutch time",
    ),
)


def _written(words: WhenWords, form: str, instant_us: int) -> str:
    local, until = _local(instant_us), _local(instant_us + SECRET_TIME_S * 1_000_000)
    if local is None or until is None:
        return f"{instant_us} µs UTC"
    return form.format(
        day=local.day,
        month=words.months[local.month - 1],
        year=local.year,
        exact=f"{local:%H:%M:%S}",
        time=f"{local:%H:%M}",
        until=f"{until:%H:%M}",
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

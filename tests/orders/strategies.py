"""What the tests of orders draw from."""

from __future__ import annotations

from hypothesis import strategies as st

from emon.model.instant import MINUTE_US, parse_instant
from emon.model.order import (
    AreaZone,
    CircleZone,
    Condition,
    DeviceUse,
    Interval,
    OrderVersion,
    Owner,
    Schedule,
    Window,
)
from emon.model.vocabulary import Kind, LegalBasis, Party, Risk

ZONES_WITH_CHANGES = {
    "Europe/Amsterdam": ("2026-03-29", "2026-10-25"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),  # half an hour
    "America/Sao_Paulo": ("2018-11-04", "2018-02-18"),  # at midnight, forward and back
    "America/Havana": ("2024-03-10", "2024-11-03"),  # at midnight and at one
    "Asia/Beirut": ("2026-03-29", "2026-10-25"),  # at midnight, back to the day before
    "Pacific/Apia": ("2011-12-30", "2011-09-24"),  # a whole day that never was
    "America/St_Johns": ("2010-03-14", "2010-11-07"),  # at one minute past midnight
    "Asia/Kathmandu": ("2026-06-01", "2026-06-01"),  # no change, an odd offset
    "UTC": ("2026-06-01", "2026-06-01"),
}
"""Time zones and a day around which their clock changes."""


def changes() -> st.SearchStrategy[tuple[str, int]]:
    """A time zone and the begin, in microseconds UTC, of a day on which its clock changes."""
    return st.sampled_from(
        [(tz, parse_instant(f"{day}T00:00:00Z")) for tz, days in ZONES_WITH_CHANGES.items() for day in days]
    )


def windows(step_s: int = 60) -> st.SearchStrategy[Window]:
    """Windows whose times lie on a grid, often in the small hours, where clocks change."""
    small_hours = st.integers(0, 4 * 3600 // step_s)
    times = st.one_of(small_hours, st.integers(0, 86_400 // step_s - 1)).map(lambda n: n * step_s)
    days = st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True).map(lambda d: tuple(sorted(d)))
    return st.builds(Window, days, times, times)


def intervals(around_us: int) -> st.SearchStrategy[Interval]:
    """Stretches of up to two days near an instant, on whole minutes."""
    begins = st.integers(-4 * 1440, 4 * 1440).map(lambda n: around_us + n * MINUTE_US)
    lengths = st.integers(1, 2 * 1440).map(lambda n: n * MINUTE_US)
    return st.builds(lambda begin, length: Interval(begin, begin + length), begins, lengths)


def schedules(tz: str, around_us: int) -> st.SearchStrategy[Schedule]:
    return st.builds(
        Schedule,
        st.just(tz),
        st.lists(windows(), min_size=1, max_size=3).map(tuple),
        st.lists(intervals(around_us), max_size=2).map(tuple),
    )


_IDS = st.text("abcXYZ0189-_ éл", min_size=1, max_size=12).filter(lambda t: t == t.strip())
_DEVICES = st.text("abcXYZ0189-_", min_size=1, max_size=12)
_INSTANTS = st.integers(parse_instant("1990-01-01T00:00:00Z"), parse_instant("2100-01-01T00:00:00Z"))
_TEXTS = st.text("abc é'\"\\\n\t漢", max_size=12)
_LON = st.floats(-179, 179, allow_nan=False)
_LAT = st.floats(-85, 85, allow_nan=False)


def _square(lon: float, lat: float) -> AreaZone:
    ring = ((lon, lat), (lon + 0.01, lat), (lon + 0.01, lat + 0.01), (lon, lat + 0.01), (lon, lat))
    return AreaZone(((ring,),))


def _spans() -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(_INSTANTS, st.integers(1, 10**15)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def _reasoned() -> st.SearchStrategy[Interval]:
    return st.builds(lambda span, reason: Interval(span[0], span[1], reason), _spans(), _TEXTS)


def _conditions() -> st.SearchStrategy[tuple[Condition, ...]]:
    schedule = st.builds(
        Schedule,
        st.sampled_from(sorted(ZONES_WITH_CHANGES)),
        st.lists(windows(1), min_size=1, max_size=3).map(tuple),
        st.lists(_reasoned(), max_size=2).map(tuple),
    )
    zone = st.one_of(
        st.builds(_square, _LON, _LAT),
        st.builds(CircleZone, st.tuples(_LON, _LAT), st.floats(1, 300_000)),
    )
    condition = st.builds(
        # A condition keeps its kind in all versions of an order, so its id decides.
        lambda id, **rest: Condition(id, Kind.INCLUSION if ord(id[0]) % 2 else Kind.EXCLUSION, **rest),
        id=_IDS,
        zone=zone,
        buffer_m=st.floats(0, 1000),
        secret=st.booleans(),
        schedule=st.none() | schedule,
    )
    return st.lists(condition, min_size=1, max_size=3, unique_by=lambda c: c.id).map(tuple)


def _devices() -> st.SearchStrategy[tuple[DeviceUse, ...]]:
    use = st.builds(
        lambda device, span, has, plan_s: DeviceUse(
            device, span[0] if has[0] else None, span[1] if has[1] else None, plan_s
        ),
        _DEVICES,
        _spans(),
        st.tuples(st.booleans(), st.booleans()),
        st.none() | st.integers(1, 86_400),
    )
    return st.lists(use, max_size=3).map(tuple)


def versions() -> st.SearchStrategy[OrderVersion]:
    """Any order of places that a document can hold (``source`` left empty)."""
    return st.builds(
        lambda span, has_end, **rest: OrderVersion(
            valid_from_us=span[0], valid_until_us=span[1] if has_end else None, **rest
        ),
        span=_spans(),
        has_end=st.booleans(),
        id=_IDS,
        version=st.integers(1, 2**31 - 1),
        wearer=_IDS,
        legal_basis=st.sampled_from(LegalBasis),
        conditions=_conditions(),
        armed_at_us=_INSTANTS,
        devices=_devices(),
        withdrawn_at_us=st.none() | _INSTANTS,
        risk=st.sampled_from(Risk),
        owner=st.none() | st.builds(Owner, st.sampled_from(Party), _TEXTS, _TEXTS),
        protected_person=st.none() | _IDS,
        suspensions=st.lists(_reasoned(), max_size=2).map(tuple),
    )

"""Time zones by their IANA names, from the tzdata release the project is locked to.

The machine's own zone files are never asked: two machines with different releases would judge
the same order differently (invariant 2 of the design).
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

_NO_PLACE = "Factory"  # tzdata's "nobody has set the zone yet"


class UnknownTimezone(ValueError):
    """A name that is no IANA time zone."""


@lru_cache(maxsize=1)
def timezone_names() -> frozenset[str]:
    """Every IANA name of the locked release, links (``Europe/Kiev``) included."""
    listed = resources.files("tzdata").joinpath("zones").read_text("ascii")
    return frozenset(listed.split()) - {_NO_PLACE}


@lru_cache(maxsize=1024)
def load_timezone(name: str) -> ZoneInfo:
    """The rules of one time zone. Raises ``UnknownTimezone``.

    The cache is a memo of constant data: an answer never changes while the process lives.
    """
    if name not in timezone_names():
        raise UnknownTimezone(f"no such IANA time zone: {name[:64]!r}")
    place = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with place.open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)

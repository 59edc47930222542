"""Which alerts a request wants, in which order, and where its page begins."""

from __future__ import annotations

import re

import msgspec
from starlette.requests import Request

from emon.limits import ALERTS_PAGE_DEFAULT, ALERTS_PAGE_MAX
from emon.store.pages import AlertNow, Standing
from emon.web.backend import Backend
from emon.web.http import refused

STATUSES = ("all", "open", "acknowledged", "unresolved", "resolved")
_NOT_CLOSED = ("open", "acknowledged", "unresolved")
_ORDERS = ("newest", "urgency")
_BEFORE = re.compile(r"([0-9]{1,17})-([0-9a-f]{16})\Z", re.ASCII)
_AFTER = re.compile(r"([1-9])\.([01])\.([0-9]{1,17})-([0-9a-f]{16})\Z", re.ASCII)

Place = tuple[int, str] | Standing
"""Where a page ended: the newest first by (detected_at, id), the most urgent first by how the alert stood."""


class Wishes(msgspec.Struct, frozen=True):
    """What a request asks for. ``place``: where the page before it ended, None for the first."""

    status: str
    limit: int
    by_urgency: bool
    place: Place | None


def page_wishes(request: Request) -> Wishes:
    """The wishes of a request. Raises ``Refused`` (400) for what is none."""
    asked = request.query_params
    status, order = asked.get("status", "all"), asked.get("order", "newest")
    if status not in STATUSES:
        raise refused(400, "fault.status", words=", ".join(STATUSES))
    if order not in _ORDERS:
        raise refused(400, "fault.order", words=", ".join(_ORDERS))
    if order == "urgency" and status not in _NOT_CLOSED:
        raise refused(400, "fault.order_of", words=", ".join(_NOT_CLOSED))
    wish = asked.get("limit", str(ALERTS_PAGE_DEFAULT))
    if not (wish.isascii() and wish.isdigit() and 1 <= len(wish) <= 6 and int(wish) >= 1):
        raise refused(400, "fault.limit")
    place = None
    if (given := asked.get("before")) is not None:
        place = _standing_of(given) if order == "urgency" else _before_of(given)
        if place is None:
            raise refused(400, "fault.before")
    return Wishes(status, min(int(wish), ALERTS_PAGE_MAX - 1), order == "urgency", place)


def _before_of(given: str) -> Place | None:
    match = _BEFORE.match(given)
    return None if match is None else (int(match[1]), match[2])


def _standing_of(given: str) -> Place | None:
    match = _AFTER.match(given)
    return None if match is None else Standing(int(match[1]), match[2] == "1", int(match[3]), match[4])


def place_text(place: Place | None) -> str | None:
    """What an answer gives as ``next``."""
    if place is None:
        return None
    if isinstance(place, Standing):
        return f"{place.priority}.{int(place.in_hand)}.{place.detected_at_us}-{place.id}"
    return f"{place[0]}-{place[1]}"


async def read_alerts(
    backend: Backend, wishes: Wishes, place: Place | None, limit: int
) -> list[tuple[Place, AlertNow]]:
    """Up to ``limit`` alerts from a place on, each with its own place."""
    if wishes.by_urgency:
        after = place if isinstance(place, Standing) else None
        return list(await backend.urgent_alerts(status=wishes.status, after=after, limit=limit))
    before = None if isinstance(place, Standing) else place
    read = await backend.alerts(status=wishes.status, before=before, limit=limit)
    return [((alert.detected_at_us, alert.id), alert) for alert in read]

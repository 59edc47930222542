"""The stretch of time that a request asks for."""

from __future__ import annotations

from starlette.requests import Request

from emon.model.instant import DAY_US, parse_instant
from emon.web.http import refused


def asked_span(request: Request, now_us: int, *, days_default: int, days_max: int) -> tuple[int, int]:
    """``[from, to)`` of the query: up to now, and ``days_default`` days long, unless it says otherwise.

    Raises ``Refused`` (400) where it is no instant, no stretch, or longer than ``days_max``.
    """
    try:
        to = request.query_params.get("to")
        to_us = now_us if to is None else min(now_us, parse_instant(to))
        begin = request.query_params.get("from")
        from_us = to_us - days_default * DAY_US if begin is None else parse_instant(begin)
    except (ValueError, OverflowError) as fault:
        raise refused(400, "fault.span", fault=fault) from None
    if not 0 <= from_us < to_us or to_us - from_us > days_max * DAY_US:
        raise refused(400, "fault.span_long", days=days_max)
    return from_us, to_us

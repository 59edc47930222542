"""What pages, the API and a court read of an incident."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from emon.store import connect as c
from emon.store.answers import Answered
from emon.store.errors import IncidentUnknown

_SELECT_NOW = """
SELECT i.breach_id, i.state, u.said, u.made_at, u.fixed_at FROM incident AS i
LEFT JOIN LATERAL (
    SELECT said, made_at, fixed_at FROM incident_update AS u
    WHERE u.breach_id = i.breach_id ORDER BY u.step DESC LIMIT 1
) AS u ON true
WHERE i.breach_id = ANY(%s)
"""
_SELECT_ANSWERS = """
SELECT breach_id, id, party, person, answer, note, answered_at, via FROM incident_answer
WHERE breach_id = ANY(%s) ORDER BY id
"""
_SELECT_UPDATES = """
SELECT u.step, u.said, u.because, u.made_at, u.device, u.fixed_at, u.seq, f.lon, f.lat, f.accuracy_m,
       f.speed_m_s, f.heading_deg, u.answer_id, u.recipient, u.party, u.channel, u.number, u.state,
       u.superseded_by, u.attempts, u.first_attempt_at, u.delivered_at, u.next_attempt_at, u.last_error
FROM incident_update AS u
LEFT JOIN fix AS f ON f.device = u.device AND f.fixed_at = u.fixed_at AND f.seq = u.seq
WHERE u.breach_id = %(breach)s AND u.step > (
    SELECT CASE WHEN %(limit)s::integer IS NULL THEN 0 ELSE step - %(limit)s::integer END
    FROM incident WHERE breach_id = %(breach)s)
ORDER BY u.step, u.recipient
"""


class UpdateFor(msgspec.Struct, frozen=True):
    """One recipient's copy of an update. ``number``: of those he was told. ``state``: ``waiting``,
    ``delivered`` or ``superseded``, then by the one with the number ``superseded_by``."""

    recipient: str
    party: str
    channel: str
    number: int
    state: str
    superseded_by: int | None
    attempts: int
    first_attempt_at_us: int | None
    delivered_at_us: int | None
    next_attempt_at_us: int | None
    last_error: str | None


class KeptUpdate(msgspec.Struct, frozen=True):
    """What was said of an incident at one time, and to whom. ``said`` and ``because`` are words of
    ``emon.alerts.incident``; the position is the fix's, None once that is no longer kept."""

    step: int
    said: str
    because: str
    made_at_us: int
    device: str | None
    fixed_at_us: int | None
    seq: int | None
    lon: float | None
    lat: float | None
    accuracy_m: float | None
    speed_m_s: float | None
    heading_deg: float | None
    answer: int | None
    told: tuple[UpdateFor, ...] = ()


class IncidentNow(msgspec.Struct, frozen=True):
    """An incident as it stands. ``said``, ``said_at_us``: the newest update, None before the first;
    ``fixed_at_us``: the fix it told."""

    id: str
    state: str
    said: str | None = None
    said_at_us: int | None = None
    fixed_at_us: int | None = None
    answers: tuple[Answered, ...] = ()


class KeptIncident(msgspec.Struct, frozen=True):
    """Everything on file of an incident, its updates and answers each in order."""

    now: IncidentNow
    updates: tuple[KeptUpdate, ...]


class IncidentReads:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def incident(self, breach: str, limit: int | None = None) -> KeptIncident:
        """One incident with its newest updates, at most ``limit`` (None: all). Raises ``IncidentUnknown``."""
        async with self._pool.transaction() as conn:
            found = (await incidents_of(conn, [breach])).get(breach)
            if found is None:
                raise IncidentUnknown(f"there is no incident {breach!r}")
            rows = await c.fetch(conn, _SELECT_UPDATES, {"breach": breach, "limit": limit})
        told: dict[int, list[UpdateFor]] = {}
        for row in rows:
            told.setdefault(row[0], []).append(UpdateFor(*row[13:24]))
        heads = {row[0]: KeptUpdate(*row[:13]) for row in rows}
        updates = tuple(replace(heads[step], told=tuple(copies)) for step, copies in told.items())
        return KeptIncident(found, updates)


async def incidents_of(conn: c.Connection, breaches: Sequence[str]) -> dict[str, IncidentNow]:
    """Those of the breaches that are incidents, by id."""
    if not breaches:
        return {}
    return incidents_from(*await c.fetch_together(conn, statements_of(breaches)))


def statements_of(breaches: Sequence[str]) -> list[tuple[str, c.Params]]:
    """What ``incidents_from`` is given the rows of."""
    return [(_SELECT_ANSWERS, (list(breaches),)), (_SELECT_NOW, (list(breaches),))]


def incidents_from(answered: Sequence[c.Row], rows: Sequence[c.Row]) -> dict[str, IncidentNow]:
    """Incidents by their breach's id."""
    answers: dict[str, list[Answered]] = {}
    for row in answered:
        answers.setdefault(row[0], []).append(Answered(*row[1:]))
    return {row[0]: replace(IncidentNow(*row), answers=tuple(answers.get(row[0], ()))) for row in rows}

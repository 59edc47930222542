"""What the police say of an incident: kept once each, never changed, and an acknowledgement of its alerts."""

from __future__ import annotations

import msgspec

from emon.model.answer import ANSWERERS, PoliceAnswer
from emon.model.instant import to_datetime
from emon.store import connect as c
from emon.store.errors import IncidentUnknown, LinkUsed, NotTheirs
from emon.store.feed import News, announce
from emon.store.rows import storable

_LOCK = "SELECT FROM incident WHERE breach_id = %s FOR UPDATE"
# What the party was told of the breach: for each of those alerts its word is an acknowledgement too.
_SELECT_TOLD = """
SELECT a.id FROM alert AS a WHERE a.breach_id = %(breach)s AND (
    %(party)s = ANY(a.recipients)
    OR EXISTS (SELECT FROM delivery AS d WHERE d.alert_id = a.id AND %(party)s IN (d.recipient, d.party)))
ORDER BY a.id
"""
_SELECT_LAST = """
SELECT id, party, person, answer, note, answered_at, via FROM incident_answer
WHERE breach_id = %s AND party = %s ORDER BY id DESC LIMIT 1
"""
_INSERT = """
INSERT INTO incident_answer (breach_id, party, person, answer, note, answered_at, via, by_message)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (by_message, answer) DO NOTHING
RETURNING id, party, person, answer, note, answered_at, via
"""
_ACKNOWLEDGE = """
INSERT INTO acknowledgement (alert_id, party, person, acknowledged_at, via)
SELECT one, %s, %s, %s, %s FROM unnest(%s::text[]) AS one ORDER BY one
ON CONFLICT (alert_id, party) DO NOTHING RETURNING alert_id
"""
_WAKE = "UPDATE incident SET rests = false WHERE breach_id = %s AND rests"
_SELECT_ALERTS = "SELECT id FROM alert WHERE breach_id = %s ORDER BY id"


class Answered(msgspec.Struct, frozen=True):
    """One answer as it is kept. ``again``: the same person had said just this last, and nothing was added."""

    id: int
    party: str
    person: str
    answer: str
    note: str
    answered_at_us: int
    via: str
    again: bool = False


class AnswersOfPolice:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def answer_incident(
        self,
        breach: str,
        party: str,
        person: str,
        answer: PoliceAnswer,
        note: str,
        via: str,
        at_us: int,
        *,
        by_message: str | None = None,
    ) -> Answered:
        """Keep what a person of the police says of an incident, and that the party has its alerts in hand.

        ``by_message``: the message whose link it came by; each of the words counts once for it. Raises
        ``IncidentUnknown``; ``NotTheirs`` for a party whose words these are not, or that was not told;
        ``LinkUsed``.
        """
        async with self._pool.transaction() as conn:
            kept, news = await keep_answer(
                conn, breach, party, person, answer, note, via, at_us, by_message=by_message
            )
            if news:
                await announce(conn, news)
        return kept


async def keep_answer(
    conn: c.Connection,
    breach: str,
    party: str,
    person: str,
    answer: PoliceAnswer,
    note: str,
    via: str,
    at_us: int,
    *,
    by_message: str | None,
) -> tuple[Answered, list[News]]:
    """As ``AnswersOfPolice.answer_incident``, in the caller's transaction; with what to announce at its
    end."""
    if await c.fetch_one(conn, _LOCK, (breach,)) is None:
        raise IncidentUnknown(f"there is no incident {breach!r}")
    told = [row[0] for row in await c.fetch(conn, _SELECT_TOLD, {"breach": breach, "party": party})]
    if party not in ANSWERERS:
        raise NotTheirs("answers", party)
    if not told:
        raise NotTheirs("incident", party)
    at, name, text = to_datetime(at_us), storable(person), storable(note)
    last = await c.fetch_one(conn, _SELECT_LAST, (breach, party))
    if by_message is None and last is not None and tuple(last[2:5]) == (name, str(answer), text):
        return msgspec.structs.replace(Answered(*last), again=True), []
    row = await c.fetch_one(conn, _INSERT, (breach, party, name, str(answer), text, at, via, by_message))
    if row is None:
        raise LinkUsed(f"{answer} was said by the message {by_message!r} before")
    taken = await c.fetch(conn, _ACKNOWLEDGE, (party, name, at, via, told))
    await c.execute(conn, _WAKE, (breach,))
    news: list[News] = [("acknowledgement", party, one[0]) for one in taken]
    news += [("alert", one[0], one[0]) for one in await c.fetch(conn, _SELECT_ALERTS, (breach,))]
    return Answered(*row), news


async def answer_by_receipt(
    conn: c.Connection, breach: str, message: str, said: tuple[str, str, PoliceAnswer], at_us: int
) -> list[News]:
    """Keep the answer (party, person, word) that came with a receipt, once a message; the news of it. One
    that does not count is left out: the receipt counts all the same."""
    party, person, word = said
    try:
        _, news = await keep_answer(
            conn, breach, party, person, word, "", "answer", at_us, by_message=message
        )
    except (IncidentUnknown, NotTheirs, LinkUsed):
        return []
    return news

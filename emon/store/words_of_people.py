"""What people say of alerts: that they took one in hand, and with what they close it.

The first of each party's acknowledgements counts, and the first closing. What is said again changes
nothing and is counted, so that it can be seen.
"""

from __future__ import annotations

from typing import cast

import msgspec

from emon.model.instant import to_datetime
from emon.model.resolution import Closing, missing_in
from emon.model.vocabulary import SEES_NO_WEARERS
from emon.store import connect as c
from emon.store.errors import AlertUnknown, ClosedOtherwise, ClosingIncomplete, LinkUsed, NotTheirs
from emon.store.feed import announce
from emon.store.rows import storable

_VICTIM_LINKED = """
(a.event IN ('proximity', 'panic') OR (a.event IN ('breach', 'historic_breach') AND (
    coalesce(b.kind, '') = 'contact' OR {protects})))
"""
VICTIM_LINKED_BY_ORDER = _VICTIM_LINKED.format(protects="o.protected_person IS NOT NULL")
"""Whether an alert ``a`` with its breach ``b`` concerns a protected person, by its order ``o``."""
_VICTIM_LINKED_NOW = _VICTIM_LINKED.format(
    protects="""EXISTS (
        SELECT FROM (SELECT v.protected_person FROM order_version AS v
                     WHERE v.id = a.order_id AND v.armed_at <= a.at ORDER BY v.version DESC LIMIT 1) AS newest
        WHERE newest.protected_person IS NOT NULL)"""
)
_LOCK_ALERT = f"""
SELECT a.recipients, {_VICTIM_LINKED_NOW}
FROM lock_alerts(ARRAY[%s]) AS locked (id) JOIN alert AS a ON a.id = locked.id
LEFT JOIN breach AS b ON b.id = a.breach_id
"""
# In the order of ids, so that of two who close the same breach one waits for the other. What is open is asked
# afterwards: by then it is as the other one left it.
_LOCK_BREACH = "SELECT lock_alerts(ARRAY(SELECT id FROM alert WHERE breach_id = %s))"
_SELECT_OPEN = """
SELECT a.id FROM alert AS a
WHERE a.breach_id = %s AND NOT EXISTS (SELECT FROM resolution AS r WHERE r.alert_id = a.id) ORDER BY a.id
"""
_TOLD = "SELECT FROM delivery WHERE alert_id = %s AND %s IN (recipient, party) LIMIT 1"
_INSERT_ACKNOWLEDGEMENT = """
INSERT INTO acknowledgement (alert_id, party, person, acknowledged_at, via)
VALUES (%s, %s, %s, coalesce(%s::timestamptz, clock_timestamp()), %s)
ON CONFLICT (alert_id, party) DO NOTHING RETURNING id
"""
_SELECT_ACKNOWLEDGEMENT = """
SELECT party, person, acknowledged_at, via FROM acknowledgement WHERE alert_id = %s AND party = %s
"""
_INSERT_RESOLUTION = """
INSERT INTO resolution (alert_id, party, person, cause, outcome, victim_outcome, note, resolved_at, via)
VALUES (%s, %s, %s, %s, %s, %s, %s, coalesce(%s::timestamptz, clock_timestamp()), %s)
ON CONFLICT (alert_id) DO NOTHING RETURNING alert_id
"""
RESOLUTION_COLUMNS = "party, person, cause, outcome, victim_outcome, note, resolved_at, via"
_SELECT_RESOLUTION = f"SELECT {RESOLUTION_COLUMNS} FROM resolution WHERE alert_id = %s"
_SAY_AGAIN = """
INSERT INTO said_again AS s (alert_id, word, party, person, via, first_at, last_at)
SELECT %s, %s, %s, %s, %s, t, t FROM (SELECT coalesce(%s::timestamptz, clock_timestamp())) AS k (t)
ON CONFLICT (alert_id, word, party, person, via) DO UPDATE SET times = s.times + 1, last_at = excluded.last_at
"""
_REST = "UPDATE escalation SET due_at = NULL WHERE alert_id = %s"
_BESIDE = "INSERT INTO alert_beside (alert_id, what, at, other_alert, detail) VALUES (%s, %s, %s, %s, %s)"


_USE_LINK = """
INSERT INTO link_used (delivery_id, party, used_at)
SELECT d.id, %(party)s, %(at)s FROM delivery AS d WHERE d.id = %(link)s AND d.alert_id = %(alert)s
ON CONFLICT (delivery_id) DO NOTHING RETURNING delivery_id
"""
_LINK_USED = "SELECT FROM link_used WHERE delivery_id = %s"
# A message of a condition that flaps stands for earlier alerts: whoever answers it has read so. All are
# locked together first, in the order of ids, as by those who close a breach.
_TOLD_BESIDE = "SELECT alert_id FROM delivery WHERE joined_into = %s ORDER BY alert_id"
_LOCK_TOGETHER = "SELECT lock_alerts(%s)"


class Taken(msgspec.Struct, frozen=True, gc=False):
    """Who of a party took the alert in hand, when, and by which way (``page``, ``webhook`` …).
    ``again``: somebody of the party had said so before, and this is that first word."""

    party: str
    person: str
    acknowledged_at_us: int
    via: str
    again: bool = False


class Resolved(msgspec.Struct, frozen=True, gc=False):
    """Who closed the alert, with what, when and by which way. ``again``: it had been closed so before."""

    party: str
    person: str
    cause: str
    outcome: str
    victim_outcome: str | None
    note: str
    resolved_at_us: int
    via: str
    again: bool = False


class ClosedTogether(msgspec.Struct, frozen=True):
    """``closed``: alerts of a breach with what they were closed with; ``others``: those that were not theirs
    to close, and stay open."""

    closed: tuple[tuple[str, Resolved], ...]
    others: tuple[str, ...]


class WordsOfPeople:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def acknowledge(
        self, alert_id: str, party: str, person: str, via: str, at_us: int | None = None
    ) -> Taken:
        """Keep that a person of ``party`` took the alert in hand; the first of each party counts,
        and that one comes back. ``at_us`` is by default the database's clock.

        Raises ``AlertUnknown``, and ``NotTheirs`` for a party that the alert was neither for nor told to.
        """
        async with self._pool.transaction() as conn:
            return await _acknowledge(conn, alert_id, party, person, via, at_us)

    async def use_link(self, link: str, alert_id: str, party: str, person: str, at_us: int) -> Taken:
        """As ``acknowledge``, by a link of a message; ``link`` (the delivery's id) counts once, and for every
        alert that the message tells.

        Raises ``LinkUsed`` where it has been used, and what ``acknowledge`` raises.
        """
        async with self._pool.transaction() as conn:
            if (
                await c.fetch_one(
                    conn,
                    _USE_LINK,
                    {"link": link, "alert": alert_id, "party": party, "at": to_datetime(at_us)},
                )
                is None
            ):
                raise LinkUsed(f"the link of {link!r} has been used, or was never given out")
            beside = [row[0] for row in await c.fetch(conn, _TOLD_BESIDE, (link,))]
            if beside:
                await c.fetch(conn, _LOCK_TOGETHER, ([alert_id, *beside],))
            for other in beside:
                await _acknowledge(conn, other, party, person, "link", at_us)
            return await _acknowledge(conn, alert_id, party, person, "link", at_us)

    async def told_beside(self, link: str) -> int:
        """For how many alerts a message (the delivery's id) stands beside its own."""
        async with self._pool.connection() as conn:
            return len(await c.fetch(conn, _TOLD_BESIDE, (link,)))

    async def link_used(self, link: str) -> bool:
        """Whether the link of a message (the delivery's id) has counted."""
        async with self._pool.connection() as conn:
            return await c.fetch_one(conn, _LINK_USED, (link,)) is not None

    async def close_alert(
        self, alert_id: str, party: str, person: str, closing: Closing, via: str, at_us: int | None = None
    ) -> Resolved:
        """A person of ``party`` closes the alert, and thereby has taken it in hand.

        Raises ``AlertUnknown``, ``NotTheirs``, ``ClosingIncomplete`` with what is missing, and
        ``ClosedOtherwise`` where it was closed before with something else: the first stands.
        """
        async with self._pool.transaction() as conn:
            resolved = await _close(conn, alert_id, party, person, closing, via, at_us)
        if resolved.again and _words(closing) != (
            resolved.cause, resolved.outcome, resolved.victim_outcome, resolved.note,
        ):  # fmt: skip
            raise ClosedOtherwise(resolved)
        return resolved

    async def close_breach(
        self, breach_id: str, party: str, person: str, closing: Closing, via: str, at_us: int | None = None
    ) -> ClosedTogether:
        """A person closes all alerts of a breach that are open, with one word: each on file as such, or none.

        Raises ``AlertUnknown`` where no alert is of such a breach, ``NotTheirs`` where none of the open ones
        is the party's, and ``ClosingIncomplete``.
        """
        async with self._pool.transaction() as conn:
            if not await c.fetch(conn, _LOCK_BREACH, (breach_id,)):
                raise AlertUnknown(f"there is no alert of a breach {breach_id!r}")
            closed: list[tuple[str, Resolved]] = []
            others: list[str] = []
            for (alert_id,) in await c.fetch(conn, _SELECT_OPEN, (breach_id,)):
                try:
                    await _theirs(conn, alert_id, party)
                except NotTheirs:
                    others.append(alert_id)
                    continue
                closed.append((alert_id, await _close(conn, alert_id, party, person, closing, via, at_us)))
            if others and not closed:
                raise NotTheirs("breach", party)
        return ClosedTogether(tuple(closed), tuple(others))

    async def note_beside(
        self, alert_id: str, what: str, at_us: int, *, other: str | None = None, detail: str = ""
    ) -> None:
        """``merged`` (with ``other``) or ``suspended``: it happened to the alert and does not end it."""
        async with self._pool.transaction() as conn:
            row = (alert_id, what, to_datetime(at_us), other, storable(detail))
            await c.execute(conn, _BESIDE, row)
            await announce(conn, [("alert", alert_id, alert_id)])


async def _close(
    conn: c.Connection,
    alert_id: str,
    party: str,
    person: str,
    closing: Closing,
    via: str,
    at_us: int | None,
) -> Resolved:
    """The closing that stands afterwards: this one, or with ``again`` the one before it."""
    at, name = None if at_us is None else to_datetime(at_us), storable(person)
    victim_linked = await _theirs(conn, alert_id, party)
    if party in SEES_NO_WEARERS:
        raise NotTheirs("close", party)
    lacks = missing_in(closing, victim_linked=victim_linked)
    if lacks:
        raise ClosingIncomplete(tuple(lacks))
    row = (alert_id, party, name, *_words(closing), at, via)
    first = await c.fetch_one(conn, _INSERT_RESOLUTION, row)
    if first is None:
        await c.execute(conn, _SAY_AGAIN, (alert_id, "closed", party, name, via, at))
    else:
        await c.execute(conn, _INSERT_ACKNOWLEDGEMENT, (alert_id, party, name, at, via))
        await c.execute(conn, _REST, (alert_id,))
    kept = cast("c.Row", await c.fetch_one(conn, _SELECT_RESOLUTION, (alert_id,)))
    await announce(conn, [("alert", alert_id, alert_id)])
    return msgspec.structs.replace(Resolved(*kept), again=first is None)


async def _acknowledge(
    conn: c.Connection, alert_id: str, party: str, person: str, via: str, at_us: int | None
) -> Taken:
    at, name = None if at_us is None else to_datetime(at_us), storable(person)
    await _theirs(conn, alert_id, party)
    row = (alert_id, party, name, at, via)
    first = await c.fetch_one(conn, _INSERT_ACKNOWLEDGEMENT, row)
    if first is None:
        await c.execute(conn, _SAY_AGAIN, (alert_id, "acknowledged", party, name, via, at))
    else:
        await announce(conn, [("acknowledgement", party, alert_id)])
    kept = cast("c.Row", await c.fetch_one(conn, _SELECT_ACKNOWLEDGEMENT, (alert_id, party)))
    return msgspec.structs.replace(Taken(*kept), again=first is None)


async def _theirs(conn: c.Connection, alert_id: str, party: str) -> bool:
    """Whether the alert concerns a protected person; raises unless it is the party's to answer."""
    row = await c.fetch_one(conn, _LOCK_ALERT, (alert_id,))
    if row is None:
        raise AlertUnknown(f"there is no alert {alert_id!r}")
    if party not in row[0] and await c.fetch_one(conn, _TOLD, (alert_id, party)) is None:
        raise NotTheirs("alert", party)
    return bool(row[1])


def _words(closing: Closing) -> tuple[str, str, str | None, str]:
    victim = closing.victim_outcome
    return (
        str(closing.cause),
        str(closing.outcome),
        None if victim is None else str(victim),
        storable(closing.note),
    )

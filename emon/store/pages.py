"""What pages and the API read. Each method answers frozen rows.

The field names are those of the web's own views (``emon.web.backend``), which this room must not
know: who joins the two converts by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from emon import limits
from emon.alerts.lifecycle import Happened, Life, Needs, asked_of, life_of
from emon.model.breach import Breach
from emon.model.instant import to_datetime
from emon.model.order import OrderVersion
from emon.model.vocabulary import AlertEvent, Certainty, Risk
from emon.model.watch import Trouble
from emon.orders.document import version_from_source
from emon.store import connect as c
from emon.store import incident_reads, lives, packing
from emon.store import page_sql as sql
from emon.store.incident_reads import IncidentNow
from emon.store.newest_orders import NewestOrders
from emon.store.rows import breach_from_row
from emon.store.watching import trouble_from_row
from emon.store.words_of_people import Resolved, Taken


class DeviceNow(msgspec.Struct, frozen=True, gc=False):
    """The newest usable fix of a device. Degrees WGS84, metres (95 % circle), metres a second.

    ``change_seq`` rises whenever any device's newest fix changes. ``online`` is what the device
    last said of itself, None if nothing.
    """

    device: str
    fixed_at_us: int
    received_at_us: int
    recorded_at_us: int
    lon: float
    lat: float
    accuracy_m: float
    source: str
    mark: str
    change_seq: int
    speed_m_s: float | None = None
    heading_deg: float | None = None
    battery: float | None = None
    online: bool | None = None


class DeliveryState(msgspec.Struct, frozen=True, gc=False):
    """One recipient's delivery; ``state`` is ``waiting`` or ``delivered``. ``climb``: 0 for the alert
    itself, else the step that told it again. ``set_aside_at_us``: since when its recipient refuses this
    message as such, and later ones do not wait for it. ``party``: whose the recipient is, where it is a
    contact."""

    recipient: str
    channel: str
    state: str
    attempts: int
    first_attempt_at_us: int | None = None
    delivered_at_us: int | None = None
    next_attempt_at_us: int | None = None
    last_error: str | None = None
    climb: int = 0
    set_aside_at_us: int | None = None
    party: str | None = None


class AlertNow(msgspec.Struct, frozen=True, gc=False):
    """An alert with its four clocks (happened, received, detected here; delivered per delivery),
    its breach or trouble as it stands now, its deliveries and acknowledgements. ``climbs`` are the
    deliveries that told it again, ``happened`` the facts of its life, ``climbs_next_us`` the instant of the
    next rung (None: it climbs no more). ``incident``: that of its breach, where somebody was told of it while
    it was present."""

    id: str
    event: AlertEvent
    priority: int
    at_us: int
    recipients: tuple[str, ...]
    happened_at_us: int
    detected_at_us: int
    received_at_us: int | None = None
    order: str | None = None
    condition: str | None = None
    certainty: Certainty | None = None
    device: str | None = None
    wearer: str | None = None
    risk: Risk | None = None
    breach: Breach | None = None
    trouble: Trouble | None = None
    deliveries: tuple[DeliveryState, ...] = ()
    acknowledgements: tuple[Taken, ...] = ()
    climbs: tuple[DeliveryState, ...] = ()
    happened: tuple[Happened, ...] = ()
    climbs_next_us: int | None = None
    victim_linked: bool = False
    needs: Needs = Needs.EACH
    resolution: Resolved | None = None
    incident: IncidentNow | None = None

    @property
    def life(self) -> Life:
        """Its state, by its facts. Whose answer is owed goes by who could be told."""
        asked = asked_of(self.recipients, (one.recipient for one in self.deliveries), self.event)
        return life_of(asked, self.needs, self.happened)


class Standing(msgspec.Struct, frozen=True):
    """Where an open alert stood in the order of urgency when its page was read: by priority, who has no
    answer before who has one (``in_hand``), and of those whoever waits longest."""

    priority: int
    in_hand: bool
    detected_at_us: int
    id: str


class FeedRow(msgspec.Struct, frozen=True):
    """What happened: ``kind`` is alert, breach, delivery, acknowledgement or order; ``ref`` the id
    (of an acknowledgement the party, of an order ``id/version``)."""

    feed_seq: int
    kind: str
    ref: str
    alert_id: str | None = None


class Counts(msgspec.Struct, frozen=True):
    """Since the database began: fixes by mark, rejected payloads by reason, exact repeats."""

    fixes: dict[str, int]
    rejected: dict[str, int]
    repeats: int
    alerts: int
    deliveries_waiting: int


class PageReads:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool
    _newest_orders: NewestOrders

    async def cursor(self) -> tuple[int, int]:
        """The newest ``feed_seq`` and ``change_seq``; (0, 0) in an empty database."""
        async with self._pool.connection() as conn:
            row = cast("c.Row", await c.fetch_one(conn, sql.SELECT_CURSOR))
        return (row[0], row[1])

    async def newest_orders(self) -> list[OrderVersion]:
        """Of each order the newest armed version, by id, also when it has ended."""
        async with self._pool.connection() as conn:
            return await self._newest_orders.all(conn)

    async def devices_now(self) -> list[DeviceNow]:
        """The newest usable fix of every device that an order names, by device."""
        async with self._pool.connection() as conn:
            return [DeviceNow(*row) for row in await c.fetch(conn, sql.SELECT_DEVICES)]

    async def contact_orders(self) -> list[OrderVersion]:
        """As ``newest_orders``, of those alone in which somebody carries a device for her protection."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, sql.SELECT_CONTACT_ORDERS)
        return [version_from_source(row[0], armed_at_us=row[1]) for row in rows]

    async def positions_of(self, devices: Sequence[str]) -> list[DeviceNow]:
        """The newest usable fix of each that has one, by device, whoever carries it."""
        async with self._pool.connection() as conn:
            return [DeviceNow(*row) for row in await c.fetch(conn, sql.SELECT_SOME_DEVICES, (list(devices),))]

    async def positions_after(self, change_seq: int, limit: int) -> list[DeviceNow]:
        """Devices of orders whose newest fix changed since, rising by ``change_seq``.

        All that share one ``change_seq`` come together, also beyond ``limit``.
        """
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, sql.SELECT_POSITIONS, (change_seq, bounded(limit)))
        return [DeviceNow(*row) for row in rows]

    async def open_breaches(self) -> list[Breach]:
        """Not closed and not refuted, by (opened_at, id)."""
        async with self._pool.connection() as conn:
            return [breach_from_row(row) for row in await c.fetch(conn, sql.SELECT_OPEN_BREACHES)]

    async def breaches_by_id(self, ids: Sequence[str]) -> list[Breach]:
        """Those that exist, refuted ones too."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, sql.SELECT_BREACHES_BY_ID, (list(ids),))
        return [breach_from_row(row) for row in rows]

    async def told_of_breaches(self, ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """Of each breach the parties of its alerts and those they were told to; one without is absent."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, sql.SELECT_TOLD_OF_BREACHES, {"ids": list(ids)})
        return {row[0]: frozenset(row[1]) for row in rows}

    async def secret_conditions(self, orders: Sequence[str]) -> frozenset[tuple[str, str]]:
        """Of these orders the conditions (order, condition) whose place is secret in any version."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, sql.SELECT_SECRET, (list(orders),))
        return frozenset((row[0], row[1]) for row in rows)

    async def alerts(
        self, *, status: str = "all", before: tuple[int, str] | None = None, limit: int = 100
    ) -> list[AlertNow]:
        """Newest first by (detected_at, id), those before ``before`` where it is given.

        ``status``: ``open``, not closed, and nobody has acknowledged it or its breach is open and not
        refuted; ``acknowledged``, somebody has, and nobody has closed it; ``unresolved``, both of them;
        ``resolved``; ``all``.
        """
        params: dict[str, object] = {"limit": bounded(limit)}
        if before is not None:
            params |= {"before_at": to_datetime(before[0]), "before_id": before[1]}
        statement = sql.SELECT_ALERT_PAGE[status, before is not None]
        async with self._pool.connection() as conn:
            return await _with_details(conn, await c.fetch(conn, statement, params))

    async def urgent_alerts(
        self, *, status: str = "open", after: Standing | None = None, limit: int = 100
    ) -> list[tuple[Standing, AlertNow]]:
        """The most urgent first (``Standing``), those after ``after`` where it is given.

        ``status`` as of ``alerts``: ``open``, ``acknowledged`` or ``unresolved``.
        """
        params: dict[str, object] = {"limit": bounded(limit)}
        if after is not None:
            place = msgspec.structs.asdict(after)
            params |= {**place, "detected_at": to_datetime(after.detected_at_us)}
        statement = sql.SELECT_URGENT_PAGE[status, after is not None]
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, statement, params)
            found = await _with_details(conn, rows)
        stood = [Standing(row[2], row[18], row[6], row[0]) for row in rows]
        return list(zip(stood, found, strict=True))

    async def alerts_by_id(self, ids: Sequence[str]) -> list[AlertNow]:
        """Those that exist, newest first."""
        async with self._pool.connection() as conn:
            return await _with_details(conn, await c.fetch(conn, sql.SELECT_ALERTS_BY_ID, (list(ids),)))

    async def feed_after(self, feed_seq: int, limit: int) -> list[FeedRow]:
        """What was committed since, in the order of the commits: complete, nothing comes in late."""
        async with self._pool.connection() as conn:
            rows = await c.fetch(conn, sql.SELECT_FEED, (feed_seq, bounded(limit)))
        return [FeedRow(*row) for row in rows]

    async def counts(self) -> Counts:
        """Counted as batches commit: no table of fixes is scanned."""
        async with self._pool.connection() as conn:
            marks = await c.fetch(conn, "SELECT mark, fixes FROM mark_counter ORDER BY mark")
            rejected = await c.fetch(conn, "SELECT reason, payloads FROM rejection_counter ORDER BY reason")
            row = cast("c.Row", await c.fetch_one(conn, sql.SELECT_TOTALS))
        return Counts(dict(_pairs(marks)), dict(_pairs(rejected)), *row)


def bounded(limit: int) -> int:
    """A page's wish, within ``limits.PAGE_ROWS_MAX``."""
    return max(0, min(limit, limits.PAGE_ROWS_MAX))


def _pairs(rows: Sequence[c.Row]) -> list[tuple[str, int]]:
    return [(row[0], row[1]) for row in rows]


async def _with_details(conn: c.Connection, rows: Sequence[c.Row]) -> list[AlertNow]:
    """The alerts of a page, with what there is of each: read in one round trip."""
    if not rows:
        return []
    ids = [row[0] for row in rows]
    given = packing.texts([one.encode() for one in ids])
    of_ids = [sql.SELECT_DELIVERIES, sql.SELECT_ACKNOWLEDGEMENTS, sql.SELECT_RESOLUTIONS]
    told, words, ends, troubled, answered, incidents_now, *further = await c.fetch_together(
        conn,
        [
            *((query, (given,)) for query in (*of_ids, sql.SELECT_TROUBLES_OF)),
            *incident_reads.statements_of(sorted({row[14] for row in rows if row[14] is not None})),
            *lives.statements_of(lives.FURTHER, ids),
        ],
    )
    deliveries: dict[str, list[DeliveryState]] = {}
    climbs: dict[str, list[DeliveryState]] = {}
    taken: dict[str, list[Taken]] = {}
    for row in told:
        delivery = DeliveryState(*row[1:])
        (climbs if delivery.climb else deliveries).setdefault(row[0], []).append(delivery)
    for row in words:
        taken.setdefault(row[0], []).append(Taken(*row[1:]))
    closed = {row[0]: Resolved(*row[1:]) for row in ends}
    breaches = {row[14]: breach_from_row(row[19:]) for row in rows if row[19] is not None}
    incidents = incident_reads.incidents_from(answered, incidents_now)
    troubles = {trouble.alert: trouble for trouble in map(trouble_from_row, troubled)}
    facts = lives.in_order(
        [*_facts_shown(told, words, ends, troubles), *lives.found_in(lives.FURTHER, further)]
    )
    return [
        AlertNow(
            id=row[0],
            event=AlertEvent(row[1]),
            priority=row[2],
            at_us=row[3],
            recipients=tuple(row[4]),
            happened_at_us=row[5],
            detected_at_us=row[6],
            received_at_us=row[7],
            order=row[8],
            condition=row[9],
            certainty=None if row[10] is None else Certainty(row[10]),
            device=row[11],
            wearer=row[12],
            risk=None if row[13] is None else Risk(row[13]),
            breach=breaches.get(row[14]),
            trouble=troubles.get(row[0]),
            deliveries=tuple(deliveries.get(row[0], ())),
            acknowledgements=tuple(taken.get(row[0], ())),
            climbs=tuple(climbs.get(row[0], ())),
            happened=facts.get(row[0], ()),
            climbs_next_us=row[15],
            victim_linked=row[16],
            needs=Needs.EACH if row[17] is None else Needs(row[17]),
            resolution=closed.get(row[0]),
            incident=incidents.get(row[14]),
        )
        for row in rows
    ]


def _facts_shown(
    told: Sequence[c.Row],
    words: Sequence[c.Row],
    ends: Sequence[c.Row],
    troubles: Mapping[str | None, Trouble],
) -> list[lives.Found]:
    """The facts in what a page shows beside them."""
    receipts = [(row[0], row[6], row[1], row[2], row[9]) for row in told if row[6] is not None]
    taken = [(row[0], row[3], row[1], row[2], row[4]) for row in words]
    closed = [(row[0], row[7], row[1], row[2], row[8], *row[3:7]) for row in ends]
    cleared = [
        (alert, one.cleared_at_us, None) for alert, one in troubles.items() if one.cleared_at_us is not None
    ]
    return lives.found_in(
        (lives.RECEIPTS, lives.ACKNOWLEDGED, lives.CLOSED, lives.CLEARED), (receipts, taken, closed, cleared)
    )

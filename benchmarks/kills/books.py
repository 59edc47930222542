"""The books after the kills: the PUBACK log against the rows, alerts against a replay of the rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.kills.copies import Copies, copies_of
from benchmarks.kills.publisher import Acked, Key
from emon.alerts.channels.smtp import message_id
from emon.engine import Message
from emon.ingest.decode import decode
from emon.ingest.topics import Channel, topic_for
from emon.model.breach import Alert
from emon.model.instant import parse_instant
from emon.model.lines import alert_line, breach_line
from emon.orders.document import version_from_source
from emon.replay import MemoryArchive, Received, replay

BESIDE_THE_ENGINE = ("platform", "recipient_down")
"""Alerts on connections and clocks, which ``replay`` never prints (contract, section 5)."""
_US = "(extract(epoch FROM {}) * 1000000)::bigint"


@dataclass(frozen=True)
class Stored:
    """What the database holds. Fixes are (device, seq, t in ms, received_at in µs, raw); deliveries (id,
    received, told by another one, number), attempts (delivery, beginning in µs); ``recipients``: of each
    delivery."""

    fixes: list[tuple[str, int, int, int, bytes]]
    orders: list[tuple[bytes, int]]
    stops: list[tuple[int, int | None]]
    breaches: list[tuple[Any, ...]]
    alerts: list[tuple[Any, ...]]
    deliveries: list[tuple[str, bool, bool, int]]
    waiting: int
    last_us: int
    attempts: list[tuple[str, int]] = field(default_factory=list)
    recipients: dict[str, str] = field(default_factory=dict)


@dataclass
class Books:
    """What came of it. ``within_promise``: fixes that the broker's own table says it may lose."""

    published: int = 0
    acknowledged: int = 0
    stored: int = 0
    alerts: int = 0
    deliveries: int = 0
    repeats_received: int = 0
    copies: Copies = field(default_factory=Copies)
    within_promise: int = 0
    faults: list[str] = field(default_factory=list)


async def stored(url: str) -> Stored:
    """Read everything that is compared, in one snapshot."""
    async with await psycopg.AsyncConnection.connect(url) as conn:
        await conn.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)

        async def rows(query: str) -> list[tuple[Any, ...]]:
            return await (await conn.execute(query.encode())).fetchall()

        fixed, received = _US.format("fixed_at"), _US.format("received_at")
        (last,) = await rows(f"SELECT {_US.format('last_received_at')} FROM engine_clock")
        return Stored(
            fixes=[
                (device, seq, fixed_us // 1000, received_us, bytes(raw))
                for device, seq, fixed_us, received_us, raw in await rows(
                    f"SELECT device, seq, {fixed}, {received}, raw FROM fix"
                )
            ],
            orders=[
                (bytes(source), armed_us)
                for source, armed_us in await rows(
                    f"SELECT source, {_US.format('armed_at')} FROM order_version ORDER BY arm_seq"
                )
            ],
            stops=[
                (down_us, up_us)
                for down_us, up_us in await rows(
                    f"SELECT {_US.format('down_at')}, {_US.format('up_at')} FROM service_stop"
                )
            ],
            breaches=await rows(
                f"SELECT id, order_id, condition_id, {_US.format('opened_at')}, {_US.format('closed_at')},"
                " certainty, how, historic, refuted FROM breach"
            ),
            alerts=await rows(
                f"SELECT id, event, priority, {_US.format('at')}, recipients, breach_id, order_id,"
                " condition_id, certainty, device FROM alert"
            ),
            deliveries=await rows(
                "SELECT id, delivered_at IS NOT NULL, joined_into IS NOT NULL, seq FROM delivery"
            ),
            waiting=await _waiting(conn),
            last_us=last[0],
            attempts=await rows(
                f"SELECT delivery_id, {_US.format('started_at')} FROM delivery_attempt"
                " WHERE detail NOT LIKE 'told by %'"
            ),
            recipients=dict(await rows("SELECT id, recipient FROM delivery")),
        )


async def _waiting(conn: psycopg.AsyncConnection[Any]) -> int:
    """Fixes that were acknowledged and wait to be judged."""
    there = await (await conn.execute("SELECT to_regclass('inbox') IS NOT NULL")).fetchone()
    if there is None or not there[0]:
        return 0
    row = await (await conn.execute("SELECT count(*) FROM inbox")).fetchone()
    return int(row[0]) if row else 0


def of_devices(rows: Stored, devices: Collection[str]) -> Stored:
    """Only these devices' fixes and the orders that name one of them: what is judged device by device."""
    orders = [
        (source, armed_us)
        for source, armed_us in rows.orders
        if any(use.device in devices for use in version_from_source(source, armed_at_us=armed_us).devices)
    ]
    fixes = [fix for fix in rows.fixes if fix[0] in devices]
    alerts = [row for row in rows.alerts if row[9] in devices]
    return replace(rows, fixes=fixes, orders=orders, alerts=alerts)


async def judged_again(rows: Stored) -> MemoryArchive:
    """``emon replay`` of what is stored, up to the last decision."""
    versions = [version_from_source(source, armed_at_us=armed_us) for source, armed_us in rows.orders]
    received = [
        Received(received_us, Message(topic, decode(topic, raw)))
        for device, _, _, received_us, raw in rows.fixes
        for topic in (topic_for(Channel.FIX, device),)
    ]
    for down_us, up_us in rows.stops:
        received.append(Received(down_us, service=False))
        if up_us is not None:
            received.append(Received(up_us, service=True))
    # A timer due at the very instant of the last decision fires after it: in the service it has not yet.
    return await replay(versions, received, until_us=rows.last_us - 1 if _only_time(rows) else rows.last_us)


def _only_time(rows: Stored) -> bool:
    """Whether the last decision took no input: then a replay up to just before it is the same."""
    return all(fix[3] < rows.last_us for fix in rows.fixes)


def compare_fixes(
    sent: Mapping[Key, bytes], acked: Mapping[Key, Acked], rows: Stored, excused_us: Sequence[tuple[int, int]]
) -> Books:
    """0 acknowledged fixes lost, 0 doubled, none changed, none that nobody sent. ``excused_us``: spans in
    which a PUBACK of the broker's is not promised to outlive its kill."""
    books = Books(published=len(sent), acknowledged=len(acked), stored=len(rows.fixes))
    found = Counter((device, seq, t) for device, seq, t, _, _ in rows.fixes)
    raw_of = {(device, seq, t): raw for device, seq, t, _, raw in rows.fixes}
    missing = sorted(key for key in acked if key not in found)
    excused = [key for key in missing if any(a <= acked[key].at_us <= b for a, b in excused_us)]
    books.within_promise = len(excused)
    lost = [key for key in missing if key not in set(excused)]
    _add(books, "acknowledged fixes are not stored", lost)
    _add(books, "fixes are stored twice", [key for key, count in found.items() if count > 1])
    _add(books, "stored fixes are not as they were sent", [k for k in raw_of if sent.get(k) != raw_of[k]])
    if rows.waiting:
        books.faults.append(f"{rows.waiting} fixes still wait to be judged")
    return books


def compare_alerts(books: Books, rows: Stored, again: MemoryArchive) -> None:
    """0 alerts lost or doubled, and each breach and alert as a replay has it."""
    replayed = Counter(_line(alert) for alert in again.alerts)
    live = Counter(_row(row) for row in rows.alerts if row[1] not in BESIDE_THE_ENGINE)
    books.alerts = sum(live.values())
    _add(books, "alerts of the replay were not raised", (replayed - live).elements())
    _add(books, "alerts were raised that the replay has not", (live - replayed).elements())
    breaches = {json.dumps(_breach_of(breach_line(breach)), sort_keys=True) for breach in again.breaches()}
    filed = {json.dumps(_breach_of_row(row), sort_keys=True) for row in rows.breaches}
    _add(books, "breaches of the replay are not on file", breaches - filed)
    _add(books, "breaches on file are not those of the replay", filed - breaches)


def compare_deliveries(
    books: Books, rows: Stored, ledgers: Iterable[Path], newest: int, starts_us: Sequence[int] = ()
) -> None:
    """Each delivery once at its recipient: a repeat under the same id is no second alert, and the ends
    of the service between ``starts_us`` must explain it. Those numbered beyond ``newest`` came too late to be
    waited for."""
    due = [(key, done, joined) for key, done, joined, seq in rows.deliveries if seq <= newest]
    books.deliveries = len(due)
    _add(books, "deliveries were not received in time", [key for key, done, _ in due if not done])
    # An e-mail's id is its delivery's, or where that is no name for a mail, its digest.
    of_message = {message_id(row[0], "x@x").partition("@")[0]: row[0] for row in rows.deliveries}
    heard: Counter[str] = Counter()
    came: dict[str, list[int]] = {}
    for ledger in ledgers:
        for text in ledger.read_text("utf-8").splitlines() if ledger.exists() else ():
            line = json.loads(text)
            if line["kind"] not in ("message", "repeat"):
                continue
            delivery = of_message.get(line["id"].partition("@")[0], line["id"])
            heard[delivery] += line["kind"] == "message"
            books.repeats_received += line["kind"] == "repeat"
            came.setdefault(delivery, []).append(parse_instant(line["received_at"]))
    books.copies = copies_of(came, rows.attempts, starts_us, rows.recipients)
    _add(books, "deliveries were sent twice by a service that lived", books.copies.unexplained)
    alone = {key for key, _, joined in due if not joined}
    strangers = set(heard) - {row[0] for row in rows.deliveries}
    _add(books, "deliveries did not reach the recipient", sorted(alone - set(heard)))
    _add(books, "messages came to a recipient that no delivery sent", sorted(strangers))
    _add(books, "messages were new to a recipient twice", [key for key, count in heard.items() if count > 1])


def _add(books: Books, what: str, found: Iterable[object]) -> None:
    some = list(found)
    if some:
        books.faults.append(f"{len(some)} {what}, such as {some[:3]}")


def _line(alert: Alert) -> str:
    line = alert_line(alert)
    names = ("id", "event", "priority", "recipients", "breach", "order", "condition", "certainty", "device")
    return json.dumps({**{name: line[name] for name in names}, "at_us": alert.at_us}, sort_keys=True)


def _row(row: tuple[Any, ...]) -> str:
    names = (
        "id",
        "event",
        "priority",
        "at_us",
        "recipients",
        "breach",
        "order",
        "condition",
        "certainty",
        "device",
    )
    return json.dumps(dict(zip(names, row, strict=True)), sort_keys=True)


def _breach_of(line: Mapping[str, Any]) -> list[Any]:
    names = ("id", "order", "condition", "certainty", "how", "historic", "refuted")
    return [*(line[name] for name in names), line["closed_at"] is None]


def _breach_of_row(row: tuple[Any, ...]) -> list[Any]:
    key, order, condition, _, closed_us, certainty, how, historic, refuted = row
    return [key, order, condition, certainty, how, historic, refuted, closed_us is None]

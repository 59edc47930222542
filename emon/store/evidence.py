"""All that is on file of one alert's life, each row as the audit trail holds it, with what proves it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from emon import limits
from emon.audit.chain import GENESIS, LEAF_BYTES, Entry
from emon.audit.proof import Way
from emon.model.instant import SECOND_US, format_instant, parse_instant, to_datetime
from emon.store.checks.chain import PAYLOAD
from emon.store.checks.report import Connection
from emon.store.checks.rows import key_of
from emon.store.checks.verify import open_snapshot
from emon.store.connect import as_store_faults
from emon.store.tables import BY_NAME, Table

_TOLD = "SELECT d.id FROM delivery AS d WHERE d.alert_id = %(alert)s"
# Of the order, while breach and alert lived; and of a suspension that held when they began, its beginning.
_NOTICES = """
t.order_id = %(order)s AND (%(ended)s::timestamptz IS NULL OR t.at <= %(ended)s) AND (
    t.at >= %(began)s OR (t.kind = 'suspended' AND t.id = (
        SELECT n.id FROM notice AS n WHERE n.order_id = %(order)s AND n.at < %(began)s
        ORDER BY n.at DESC, n.made_at DESC, n.id LIMIT 1)))
"""
_SOURCES: tuple[tuple[str, str], ...] = (
    ("alert", "t.id = %(alert)s OR t.breach_id = %(breach)s"),
    ("breach", "t.id = %(breach)s"),
    ("order_version", "t.id = %(order)s"),
    (
        "policy_version",
        "t.version IN (SELECT a.policy_version FROM alert AS a WHERE a.id = %(alert)s)",
    ),
    ("policy_use", "t.version IN (SELECT a.policy_version FROM alert AS a WHERE a.id = %(alert)s)"),
    (
        "delivery",
        f"t.alert_id = %(alert)s OR t.joined_into IN ({_TOLD}) OR t.id IN "
        "(SELECT j.joined_into FROM delivery AS j WHERE j.alert_id = %(alert)s)",
    ),
    ("delivery_attempt", f"t.delivery_id IN ({_TOLD})"),
    ("acknowledgement", "t.alert_id = %(alert)s"),
    ("link_used", f"t.delivery_id IN ({_TOLD})"),
    ("climb", "t.alert_id = %(alert)s"),
    ("said_again", "t.alert_id = %(alert)s"),
    (
        "resolution",
        "t.alert_id = %(alert)s OR t.alert_id IN "
        "(SELECT a.id FROM alert AS a WHERE a.breach_id = %(breach)s)",
    ),
    ("alert_beside", "t.alert_id = %(alert)s OR t.other_alert = %(alert)s"),
    ("incident_update", "t.breach_id = %(breach)s"),
    ("incident_answer", "t.breach_id = %(breach)s"),
    ("suspension_request", "t.order_id = %(order)s"),
    ("notice", _NOTICES),
    ("notice_delivery", f"t.notice_id IN (SELECT t.id FROM notice AS t WHERE {_NOTICES})"),
    (
        "command",
        "t.device = ANY(%(devices)s) AND t.asked_at >= %(from)s AND t.asked_at <= %(to)s",
    ),
    ("trouble", "t.alert_id = %(alert)s"),
    ("platform_alert", "t.alert_id = %(alert)s"),
)
"""Which rows of a table belong to the life of an alert."""

_BULK: tuple[tuple[str, str], ...] = (
    ("fix", "t.device = ANY(%(devices)s) AND t.fixed_at >= %(from)s AND t.fixed_at <= %(to)s"),
    ("device_event", "t.device = ANY(%(devices)s) AND t.fixed_at >= %(from)s AND t.fixed_at <= %(to)s"),
    (
        "command_reply",
        "t.device = ANY(%(devices)s) AND t.received_at >= %(from)s AND t.received_at <= %(to)s",
    ),
)

_ALERT = """
SELECT a.breach_id, coalesce(a.order_id, b.order_id), a.device, b.device, a.happened_at,
       greatest(a.detected_at, a.at), least(a.happened_at, b.opened_at), b.closed_at,
       CASE WHEN r.alert_id IS NOT NULL AND (b.id IS NULL OR b.closed_at IS NOT NULL)
            THEN greatest(r.resolved_at, b.closed_at) END
FROM alert AS a LEFT JOIN breach AS b ON b.id = a.breach_id LEFT JOIN resolution AS r ON r.alert_id = a.id
WHERE a.id = %s
"""
_CONCERN = """
WITH it AS (
    SELECT a.id, a.recipients, coalesce(a.order_id, b.order_id) AS order_id,
           coalesce(a.condition_id, b.condition_id) AS condition_id
    FROM alert AS a LEFT JOIN breach AS b ON b.id = a.breach_id WHERE a.id = %s
), orders AS (
    SELECT convert_from(v.source, 'UTF8')::jsonb AS source
    FROM order_version AS v JOIN it ON v.id = it.order_id
)
SELECT it.recipients
       || ARRAY(SELECT d.recipient FROM delivery AS d WHERE d.alert_id = it.id)
       || ARRAY(SELECT d.party FROM delivery AS d WHERE d.alert_id = it.id AND d.party IS NOT NULL)
       || ARRAY(SELECT o.source -> 'owner' ->> 'party' FROM orders AS o WHERE o.source -> 'owner' ? 'party'),
       EXISTS (SELECT FROM orders AS o, jsonb_array_elements(o.source -> 'conditions') AS c
               WHERE (it.condition_id IS NULL OR c ->> 'id' = it.condition_id)
                 AND coalesce((c ->> 'secret')::boolean, false)),
       EXISTS (SELECT FROM orders AS o, jsonb_array_elements(o.source -> 'conditions') AS c
               WHERE coalesce((c ->> 'secret')::boolean, false)),
       EXISTS (SELECT FROM trouble AS t WHERE t.alert_id = it.id AND jsonb_array_length(t.unseen) > 0)
FROM it
"""
_VICTIMS = """
SELECT DISTINCT c ->> 'victim_device' FROM order_version AS v,
    jsonb_array_elements(convert_from(v.source, 'UTF8')::jsonb -> 'conditions') AS c
WHERE v.id = %s AND c ->> 'victim_device' IS NOT NULL AND c ->> 'id' = %s
"""
_ENTRIES = """
SELECT seq, (extract(epoch FROM recorded_at) * 1000000)::bigint, written_by, relation, deed, row_key, content
FROM audit WHERE relation = %(relation)s AND row_key = ANY(%(keys)s) ORDER BY seq
"""
_PENDING = """
SELECT NULL, (extract(epoch FROM recorded_at) * 1000000)::bigint, written_by, relation, deed, row_key, content
FROM audit_pending WHERE relation = %(relation)s AND row_key = ANY(%(keys)s) ORDER BY capture_id
"""
_SEALS = """
SELECT seq, (extract(epoch FROM recorded_at) * 1000000)::bigint, written_by, relation, deed, row_key, content,
       leaves
FROM audit WHERE relation = %(relation)s AND deed = 'seal' AND row_key < %(to)s AND row_key >= coalesce(
    (SELECT max(s.row_key) FROM audit AS s
     WHERE s.relation = %(relation)s AND s.deed = 'seal' AND s.row_key < %(from)s), '')
ORDER BY seq
"""
_COLUMNS = """
SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""
_HEADS = """
SELECT DISTINCT h.seq, h.document FROM unnest(%s::bigint[]) AS wanted (seq) CROSS JOIN LATERAL (
    SELECT g.seq, g.document FROM audit_head AS g WHERE g.seq >= wanted.seq ORDER BY g.seq LIMIT 1
) AS h ORDER BY h.seq
"""
_NEWEST_HEAD = "SELECT document FROM audit_head ORDER BY seq DESC LIMIT 1"
_KEYS = "SELECT document FROM audit_key ORDER BY introduced_at, key_id"
_LINK = "SELECT chain FROM audit WHERE seq = %s"
_LEAVES = f"""
SELECT string_agg(sha256({PAYLOAD}), ''::bytea ORDER BY seq) FROM audit WHERE seq >= %s AND seq <= %s
"""


class Concern(msgspec.Struct, frozen=True):
    """What decides who may have the file of an alert. ``parties``: those that it was for or told to, and the
    owners of the case by any version; ``secret``: whether the place of its condition is, by any version (or,
    where it has no condition, of any); ``secret_beside``: whether any place of its order is; ``unseen``:
    whether it lists other wearers."""

    parties: tuple[str, ...]
    secret: bool
    secret_beside: bool
    unseen: bool


class Kept(msgspec.Struct, frozen=True):
    """An entry and its place in the chain; None while it waits to be sealed."""

    seq: int | None
    entry: Entry


class SealedRow(msgspec.Struct, frozen=True):
    """A row that came by the thousand: ``text`` as PostgreSQL writes it, ``columns`` what it holds, ``seal``
    the entry that covers it and ``place`` where its hash stands there; None while none does."""

    relation: str
    columns: tuple[str, ...]
    text: str
    seal: int | None
    place: int | None


class Evidence(msgspec.Struct, frozen=True):
    """``leaves``: of each seal the rows' hashes beside it. ``left_out``: fixes beyond what one file takes."""

    entries: tuple[Kept, ...]
    rows: tuple[SealedRow, ...]
    leaves: dict[int, bytes]
    ways: tuple[Way, ...]
    keys: tuple[str, ...]
    newest_head: str | None
    left_out: int


def evidence_of(url: str, alert_id: str, span_us: tuple[int, int] | None = None) -> Evidence | None:
    """Everything of one alert, of one moment; None where there is no such alert. ``span_us``: the first and
    the last fix that must be there. Raises ``DatabaseUnavailable``."""
    with as_store_faults(url):
        conn = open_snapshot(url, "court file")
        try:
            asked = _asked(conn, alert_id, span_us)
            return None if asked is None else _read(conn, asked)
        finally:
            conn.close()


def concern_of(url: str, alert_id: str) -> Concern | None:
    """Whom an alert concerns; None where there is no such alert. Raises ``DatabaseUnavailable``."""
    with as_store_faults(url):
        conn = open_snapshot(url, "court file")
        try:
            row = conn.execute(_CONCERN.encode(), (alert_id,)).fetchone()
        finally:
            conn.close()
    return None if row is None else Concern(tuple(sorted(set(row[0]))), *map(bool, row[1:4]))


def _asked(conn: Connection, alert_id: str, span_us: tuple[int, int] | None) -> dict[str, Any] | None:
    """The parameters by which its rows are found."""
    row = conn.execute(_ALERT.encode(), (alert_id,)).fetchone()
    if row is None:
        return None
    breach, order, device, other, happened, told, began, closed, ended = row
    around = limits.COURT_AROUND_S * SECOND_US
    condition = conn.execute("SELECT condition_id FROM alert WHERE id = %s", (alert_id,)).fetchone()
    victims = conn.execute(_VICTIMS.encode(), (order, None if condition is None else condition[0])).fetchall()
    from_us = _us(began or happened) - around
    to_us = max(_us(closed or told), _us(told)) + around
    if span_us is not None:
        from_us, to_us = min(from_us, span_us[0]), max(to_us, span_us[1])
    devices = sorted({one for one in (device, other, *(row[0] for row in victims)) if one is not None})
    return {
        "alert": alert_id,
        "breach": breach,
        "order": order,
        "devices": devices,
        "from": to_datetime(from_us),
        "to": to_datetime(to_us),
        "began": began or happened,
        "ended": ended,
    }


def _us(instant: Any) -> int:
    return parse_instant(instant.isoformat())


def _read(conn: Connection, asked: Mapping[str, Any]) -> Evidence:
    entries: list[Kept] = []
    for name, clause in _SOURCES:
        query = f"SELECT {key_of(BY_NAME[name])} FROM {name} AS t WHERE {clause}"
        keys = [row[0] for row in conn.execute(query.encode(), asked)]
        given = {"relation": name, "keys": keys}
        for found in (_ENTRIES, _PENDING):
            entries += (Kept(row[0], Entry(*row[1:])) for row in conn.execute(found.encode(), given))
    rows: list[SealedRow] = []
    leaves: dict[int, bytes] = {}
    left_out = 0
    for name, clause in _BULK:
        found_rows, seals, more = _bulk(conn, BY_NAME[name], clause, asked)
        rows += found_rows
        left_out += more
        for kept, beside in seals:
            assert kept.seq is not None
            entries.append(kept)
            leaves[kept.seq] = beside
    head = conn.execute(_NEWEST_HEAD.encode()).fetchone()
    return Evidence(
        entries=tuple(sorted(entries, key=lambda one: (one.seq is None, one.seq or 0))),
        rows=tuple(rows),
        leaves=leaves,
        ways=_ways(conn, sorted({one.seq for one in entries if one.seq is not None})),
        keys=tuple(row[0] for row in conn.execute(_KEYS.encode())),
        newest_head=None if head is None else str(head[0]),
        left_out=left_out,
    )


def _bulk(
    conn: Connection, table: Table, clause: str, asked: Mapping[str, Any]
) -> tuple[list[SealedRow], list[tuple[Kept, bytes]], int]:
    """The rows of one such table, each with the seal that covers it, and how many were too many."""
    listed = conn.execute(_COLUMNS.encode(), (table.name,)).fetchone()
    now = tuple(name for name in (listed[0] if listed else ()) if name not in table.loose)
    received, more = _texts(conn, table, clause, asked, now)
    if not received:
        return [], [], more
    seals = _seals(conn, table, min(at for at, _ in received), max(at for at, _ in received))
    texts = {now: received}
    for kept, _ in seals:
        columns = _columns(kept)
        if columns not in texts:
            texts[columns] = _texts(conn, table, clause, asked, columns)[0]
    rows, used = [], set()
    for place, (at_us, text) in enumerate(received):
        seal = next((one for one in seals if _covers(one[0], at_us)), None)
        if seal is None:
            rows.append(SealedRow(table.name, now, text, None, None))
            continue
        columns = _columns(seal[0])
        own = texts[columns][place][1]
        used.add(seal[0].seq)
        rows.append(SealedRow(table.name, columns, own, seal[0].seq, _place(seal[1], own)))
    return rows, [one for one in seals if one[0].seq in used], more


def _texts(
    conn: Connection, table: Table, clause: str, asked: Mapping[str, Any], columns: Sequence[str]
) -> tuple[list[tuple[int, str]], int]:
    """``received_at`` and the text of each row, in one order whatever the columns; and how many too many."""
    row = ", ".join(f't."{name}"' for name in columns)
    order = ", ".join(f't."{name}"' for name in (*table.key, "received_at"))
    query = (
        f"SELECT (extract(epoch FROM t.received_at) * 1000000)::bigint, ROW({row})::text "
        f"FROM {table.name} AS t WHERE {clause} ORDER BY {order}"
    )
    found = [(int(one[0]), str(one[1])) for one in conn.execute(query.encode(), asked)]
    return found[: limits.COURT_ROWS_MAX], max(0, len(found) - limits.COURT_ROWS_MAX)


def _seals(conn: Connection, table: Table, from_us: int, to_us: int) -> list[tuple[Kept, bytes]]:
    """The seals of spans that a receipt between the two may lie in."""
    given = {
        "relation": table.name,
        "from": json.dumps([format_instant(from_us)])[:-1],
        "to": json.dumps([format_instant(to_us)])[:-1],
    }
    return [(Kept(row[0], Entry(*row[1:7])), bytes(row[7])) for row in conn.execute(_SEALS.encode(), given)]


def _columns(kept: Kept) -> tuple[str, ...]:
    return tuple(json.loads(kept.entry.content)["columns"])


def _covers(kept: Kept, at_us: int) -> bool:
    from_us, to_us = map(parse_instant, json.loads(kept.entry.row_key))
    return from_us < at_us <= to_us


def _place(leaves: bytes, text: str) -> int | None:
    """Where the row's hash stands in its seal; None where it does not: the row was changed afterwards."""
    own = hashlib.sha256(text.encode()).digest()[:LEAF_BYTES]
    at = leaves.find(own)
    while at >= 0 and at % LEAF_BYTES:
        at = leaves.find(own, at + 1)
    return None if at < 0 else at // LEAF_BYTES


def _ways(conn: Connection, seqs: Sequence[int]) -> tuple[Way, ...]:
    """From each of the entries to the first head above it; entries above the newest head have none."""
    ways: list[Way] = []
    for head_seq, document in conn.execute(_HEADS.encode(), (list(seqs),)).fetchall():
        after = ways[-1].last if ways else 0
        first = next(seq for seq in seqs if after < seq <= head_seq)
        link = conn.execute(_LINK.encode(), (first - 1,)).fetchone()
        leaves = conn.execute(_LEAVES.encode(), (first, head_seq)).fetchone()
        before = GENESIS if link is None else bytes(link[0])
        ways.append(Way(first, before, bytes(leaves[0]) if leaves else b"", str(document)))
    return tuple(ways)

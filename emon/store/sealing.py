"""Sealing: what was captured, and the rows that come by the thousand, enter the chain after their commit.

Theory of operation. Triggers write each deed into ``audit_pending`` in the transaction that does it. One
sealer at a time (advisory lock) moves what has committed into ``audit``, in the order of capture, and hangs
each entry on the one before. A transaction that has not committed yet is taken the next time; of one row the
order is right all the same, because a second change of a row waits for the first to commit. Nobody waits for
the sealer.

Fixes and what devices say are sealed by spans of ``received_at``, which rises from batch to batch
(ADR 0002): once ``engine_clock`` has passed an instant no row at or before it is still to come. They are read
by one process of the server and by their index: by itself it reads the whole day for each span, on all cores,
until it has counted the day, and the batches wait meanwhile (docs/adr/0053).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from emon import limits
from emon.audit.chain import GENESIS, LEAF_BYTES, Entry, chained
from emon.audit.heads import Head, KeyLine, key_id_of, public_of, read_line, sign_head, sign_key
from emon.model.instant import SECOND_US, format_instant, parse_instant, to_datetime
from emon.store import connect as c
from emon.store.tables import TABLES, Table, Watched

_LOCK = "SELECT pg_advisory_xact_lock(%s::integer, %s::integer)"
BY_INDEX = """
SELECT set_config('statement_timeout', '0', true), set_config('enable_seqscan', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true)
"""
"""Of the transaction that seals a span."""
_LAST = "SELECT seq, chain FROM audit ORDER BY seq DESC LIMIT 1"
_PENDING = """
SELECT capture_id, recorded_at, written_by, relation, deed, row_key, content
FROM audit_pending ORDER BY capture_id LIMIT %s
"""
_COPY = (
    "COPY audit (seq, capture_id, recorded_at, written_by, relation, deed, row_key, content, leaves, chain) "
    "FROM STDIN (FORMAT BINARY)"
)
_TYPES = ("int8", "int8", "timestamptz", "text", "text", "text", "text", "text", "bytea", "bytea")
_MOVED = "DELETE FROM audit_pending WHERE capture_id = ANY(%s)"

_WRITER = (
    "SELECT json_build_array(session_user, current_setting('application_name'))::text, clock_timestamp()"
)
_SEALED_TO = "SELECT row_key FROM audit WHERE relation = %s AND deed = 'seal' ORDER BY seq DESC LIMIT 1"
_TAKEN_TO = "SELECT last_received_at FROM engine_clock"
# In a transaction of its own: the table is free again before anything is hashed.
_INDEX_NEWEST = "SELECT index_newest((last_received_at AT TIME ZONE 'UTC')::date) FROM engine_clock"
# Of a span's rows and the one after them: when the first was received, how many there are, and when the last
# was. It reads all between its two instants.
FIRST_ROWS = """
SELECT min(received_at), count(*), max(received_at) FROM (
    SELECT received_at FROM {} WHERE received_at > %s AND received_at <= %s ORDER BY received_at LIMIT %s
) AS first
"""
_WIDER = 4
"""So many times as long as the look before is the next one."""
_COLUMNS = """
SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""

_LAST_HEAD = "SELECT seq FROM audit_head ORDER BY seq DESC LIMIT 1"
_LEAVES = f"""
SELECT seq, chain, substr(sha256(convert_to(concat_ws(E'\\n',
    (extract(epoch FROM recorded_at) * 1000000)::bigint, written_by, relation, deed, row_key, content
), 'UTF8')), 1, {LEAF_BYTES}) FROM audit WHERE seq > %s ORDER BY seq LIMIT %s
"""
_INSERT_HEAD = "INSERT INTO audit_head (seq, key_id, signed_at, document) VALUES (%s, %s, %s, %s)"
_INSERT_KEY = """
INSERT INTO audit_key (key_id, public_key, introduced_at, introduced_by, document)
VALUES (%s, %s, %s, %s, %s)
"""
_KEYS = "SELECT document FROM audit_key ORDER BY introduced_at, key_id"
_NEWEST_HEAD = "SELECT document FROM audit_head ORDER BY seq DESC LIMIT 1"
_HEADS = "SELECT document FROM audit_head WHERE seq > %s ORDER BY seq LIMIT %s"


class Sealed(msgspec.Struct, frozen=True):
    """How long the chain is, and what it ends in."""

    seq: int
    chain: bytes


def row_text(columns: Sequence[str]) -> str:
    """The SQL expression of a bulk row's hash: of the bytes of its text as PostgreSQL writes a row."""
    row = ", ".join(f't."{name}"' for name in columns)
    return f"substr(sha256(convert_to(ROW({row})::text, 'UTF8')), 1, {LEAF_BYTES})"


def bulk_order(table: Table) -> str:
    """In what order a span's rows are sealed."""
    return ", ".join(["t.received_at", *(f't."{name}"::text COLLATE "C"' for name in table.key)])


class AuditSealing:
    """Part of ``Store``. Every method may raise ``DatabaseUnavailable``."""

    _pool: c.Pool

    async def seal(self, limit: int = limits.SEAL_ENTRIES_MAX) -> int:
        """Take up to ``limit`` captured deeds into the chain; how many there were."""
        async with self._pool.transaction() as conn:
            await c.execute(conn, _LOCK, (c.LOCK_CLASS, c.LOCK_AUDIT))
            rows = await c.fetch(conn, _PENDING, (limit,))
            if rows:
                await append_entries(conn, [(row[0], Entry(*row[1:]), None) for row in rows])
                await c.execute(conn, _MOVED, ([row[0] for row in rows],))
        return len(rows)

    async def seal_bulk(self) -> int:
        """Seal the fixes and device messages that came since; how many spans that made."""
        made = 0
        await self._index_newest()
        for table in TABLES:
            if table.watched is Watched.BULK:
                while await self._seal_span(table):
                    made += 1
        return made

    async def seal_full_span(self) -> bool:
        """Seal one span, if there are as many rows as one may hold; whether there were."""
        await self._index_newest()
        for table in TABLES:
            if table.watched is Watched.BULK and await self._seal_span(table, limits.SEAL_ROWS_MAX):
                return True
        return False

    async def _index_newest(self) -> None:
        """Have the newest fixes' pages in the index before a span is looked for by it."""
        async with self._pool.connection() as conn:
            await c.execute(conn, _INDEX_NEWEST)

    async def _seal_span(self, table: Table, least: int = 1) -> bool:
        async with self._pool.transaction() as conn:
            await c.execute(conn, BY_INDEX)
            await c.execute(conn, _LOCK, (c.LOCK_CLASS, c.LOCK_AUDIT))
            sealed = await c.fetch_one(conn, _SEALED_TO, (table.name,))
            begun_us, from_us = (0, 0) if sealed is None else map(parse_instant, json.loads(sealed[0]))
            taken = await c.fetch_one(conn, _TAKEN_TO)
            if taken is None or taken[0] is None or taken[0] <= from_us:
                return False
            to_us = None
            for end_us in look_ends(from_us, from_us - begun_us, taken[0]):
                to_us = await _span_end(conn, table, (from_us, end_us), taken[0], least)
                if to_us is not None:
                    break
            if to_us is None:
                return False
            await _append_span(conn, table, from_us, to_us)
        return True

    async def sign_audit_head(self, private: Ed25519PrivateKey, at_us: int) -> Head | None:
        """Sign the chain as far as it goes, at most ``limits.HEAD_ENTRIES_MAX`` entries on from the head
        before; None when that head covers it all. The key must stand in ``audit_key``."""
        async with self._pool.transaction() as conn:
            await c.execute(conn, _LOCK, (c.LOCK_CLASS, c.LOCK_AUDIT))
            last = await c.fetch_one(conn, _LAST_HEAD)
            since = 0 if last is None else last[0]
            rows = await c.fetch(conn, _LEAVES, (since, limits.HEAD_ENTRIES_MAX))
            if not rows:
                return None
            head = sign_head(
                private,
                rows[-1][0],
                rows[-1][1],
                since=since,
                leaves=b"".join(row[2] for row in rows),
                at_us=at_us,
            )
            await c.execute(conn, _INSERT_HEAD, (head.seq, head.key_id, to_datetime(at_us), head.text))
        return head

    async def introduce_key(
        self, private: Ed25519PrivateKey, at_us: int, before: Ed25519PrivateKey | None
    ) -> KeyLine:
        """Put a key's public half on file, signed by the key before; one that stands there stays."""
        async with self._pool.transaction() as conn:
            for known in await self._key_lines(conn):
                if known.key_id == key_id_of(public_of(private)):
                    return known
            line = sign_key(private, at_us, before)
            params = (line.key_id, line.public, to_datetime(at_us), line.introduced_by, line.text)
            await c.execute(conn, _INSERT_KEY, params)
        return line

    async def audit_keys(self) -> list[KeyLine]:
        """The keys on file in the order of their introduction."""
        async with self._pool.connection() as conn:
            return await self._key_lines(conn)

    async def _key_lines(self, conn: c.Connection) -> list[KeyLine]:
        lines = [read_line(row[0]) for row in await c.fetch(conn, _KEYS)]
        return [line for line in lines if isinstance(line, KeyLine)]

    async def audit_heads(self, after_seq: int, limit: int) -> list[Head]:
        """The heads above ``after_seq``, rising."""
        async with self._pool.connection() as conn:
            lines = [read_line(row[0]) for row in await c.fetch(conn, _HEADS, (after_seq, limit))]
        return [line for line in lines if isinstance(line, Head)]

    async def newest_audit_head(self) -> Head | None:
        """The head that covers most; None before any."""
        async with self._pool.connection() as conn:
            row = await c.fetch_one(conn, _NEWEST_HEAD)
        line = None if row is None else read_line(row[0])
        return line if isinstance(line, Head) else None

    async def audit_end(self) -> Sealed:
        """Where the chain ends now."""
        async with self._pool.connection() as conn:
            return await _end(conn)


async def _end(conn: c.Connection) -> Sealed:
    last = await c.fetch_one(conn, _LAST)
    return Sealed(0, GENESIS) if last is None else Sealed(last[0], last[1])


async def append_entries(conn: c.Connection, items: Sequence[tuple[int | None, Entry, bytes | None]]) -> None:
    """Hang (capture id, entry, leaves of a seal) on the chain. Only under the trail's lock."""
    end = await _end(conn)
    links = chained(end.chain, (entry for _, entry, _ in items))
    async with conn.cursor() as cursor, cursor.copy(_COPY.encode()) as copy:
        copy.set_types(_TYPES)
        for place, ((capture_id, entry, leaves), (_, chain)) in enumerate(
            zip(items, links, strict=True), start=1
        ):
            await copy.write_row(
                (
                    end.seq + place,
                    capture_id,
                    to_datetime(entry.recorded_at_us),
                    entry.written_by,
                    entry.relation,
                    entry.deed,
                    entry.row_key,
                    entry.content,
                    leaves,
                    chain,
                )
            )


def look_ends(from_us: int, before_us: int, taken_us: int) -> Iterator[int]:
    """To where the next span is looked for, one instant after another until it is found: the last is
    ``taken_us``. ``before_us``: how long the span before was.

    A look reads all that it looks at: to look at a crowd's whole backlog took as long as a span's hashes, and
    the backlog grew."""
    look_us = max(2 * before_us, round(limits.SEAL_LOOK_MIN_S * SECOND_US))
    while from_us + look_us < taken_us:
        yield from_us + look_us
        look_us *= _WIDER
    yield taken_us


async def _span_end(
    conn: c.Connection, table: Table, looked_at: tuple[int, int], taken_us: int, least: int
) -> int | None:
    """Where the next span ends: at most so many rows, whole instants; None when more must be looked at, or
    there are less than ``least``."""
    most, (from_us, end_us) = limits.SEAL_ROWS_MAX, looked_at
    params = (to_datetime(from_us), to_datetime(end_us), most + 1)
    found = await c.fetch_one(conn, FIRST_ROWS.format(table.name), params)
    if found is None or (found[1] <= most and end_us < taken_us) or found[1] < least:
        return None
    first_us, count, beyond_us = found
    return taken_us if count <= most else max(first_us, beyond_us - 1)


async def _append_span(conn: c.Connection, table: Table, from_us: int, to_us: int) -> None:
    listed = await c.fetch_one(conn, _COLUMNS, (table.name,))
    assert listed is not None
    columns = [name for name in listed[0] if name not in table.loose]
    query = (
        f"SELECT count(*), string_agg({row_text(columns)}, ''::bytea ORDER BY {bulk_order(table)}) "
        f"FROM {table.name} AS t WHERE received_at > %s AND received_at <= %s"
    )
    found = await c.fetch_one(conn, query, (to_datetime(from_us), to_datetime(to_us)))
    writer = await c.fetch_one(conn, _WRITER)
    assert found is not None
    assert writer is not None
    leaves = found[1] or b""
    entry = Entry(
        recorded_at_us=writer[1],
        written_by=writer[0],
        relation=table.name,
        deed="seal",
        row_key=json.dumps([format_instant(from_us), format_instant(to_us)]),
        content=seal_content(columns, found[0], leaves),
    )
    await append_entries(conn, [(None, entry, leaves)])


def seal_content(columns: Sequence[str], rows: int, leaves: bytes) -> str:
    """What a seal says of its span: the hash in it covers the rows' hashes that stand beside it."""
    members = {"columns": list(columns), "rows": rows, "sha256": hashlib.sha256(leaves).hexdigest()}
    return json.dumps(members)

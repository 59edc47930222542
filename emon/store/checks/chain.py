"""The chain, recomputed entry by entry from what the entries say."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Collection

import msgspec

from emon.audit.chain import GENESIS, LEAF_BYTES
from emon.store.checks.report import Connection, Report, copied
from emon.store.tables import BY_NAME, Watched

PAYLOAD = """convert_to(concat_ws(E'\\n', (extract(epoch FROM recorded_at) * 1000000)::bigint,
    written_by, relation, deed, row_key, content), 'UTF8')"""
_CHAIN = f"SELECT seq, chain, {PAYLOAD} FROM audit ORDER BY seq"
_PENDING = f"SELECT capture_id, sha256(''), {PAYLOAD} FROM audit_pending ORDER BY capture_id"
_WATCHED = {table.name.encode() for table in BY_NAME.values() if table.watched is Watched.ROWS}
_FIXED = {table.name.encode() for table in BY_NAME.values() if table.fixed}
_OWN = '"emon '
GONE = 0
"""Stands for the content of a row that was deleted."""


class Trail(msgspec.Struct):
    """What the trail says, small: of each entry in order a hash of table and key and a hash of the content.

    The hashes are Python's own, keyed with chance at each start; ``leaves`` are the entries' own hashes.
    """

    keys: array[int]
    contents: array[int]
    leaves: bytearray
    links: dict[int, bytes]
    end: int = 0
    seal_seqs: list[int] = msgspec.field(default_factory=list)


def read_chain(conn: Connection, report: Report, wanted: Collection[int]) -> Trail:
    """Recompute every link; ``links`` holds those of the places in ``wanted``, as they are stored."""
    trail = Trail(array("q"), array("q"), bytearray(), {})
    look = _Looker(trail, report)
    at, sha256, leaves = look.at, hashlib.sha256, trail.leaves
    before, computed_before, expected = GENESIS, GENESIS, 1
    for data in copied(conn, _CHAIN):
        seq = int.from_bytes(data[6:14], "big", signed=True)
        width = int.from_bytes(data[14:18], "big")
        stored, payload = data[18 : 18 + width], data[22 + width :]
        own = sha256(payload).digest()
        computed = sha256(before + own).digest()
        if seq != expected:
            look.gap(expected, seq)
        elif computed != stored:
            look.broken(seq, payload, by_link_before=sha256(computed_before + own).digest() == stored)
        if seq in wanted:
            trail.links[seq] = stored
        leaves += own[:LEAF_BYTES]
        before, computed_before, expected = stored, computed, seq + 1
        at(seq, payload)
    trail.end = expected - 1
    report.entries, report.chain = len(trail.keys), before.hex()
    for data in copied(conn, _PENDING):
        report.pending += 1
        at(None, data[22 + 32 :])
    return trail


class _Looker:
    """What one entry by itself may show."""

    def __init__(self, trail: Trail, report: Report) -> None:
        self._trail = trail
        self._report = report
        self._usual: dict[tuple[bytes, bytes, bytes], bytes] = {}

    def at(self, seq: int | None, payload: bytes) -> None:
        _, writer, relation, deed, key, content = payload.split(b"\n", 5)
        # Nearly every entry is one that its table's rows usually have: seen once, it is known by these three.
        start = self._usual.get((writer, relation, deed))
        if start is None:
            self._first(seq, writer, relation, deed, key, content)
            return
        self._trail.keys.append(hash(start + key))
        self._trail.contents.append(hash(content))

    def _first(
        self, seq: int | None, writer: bytes, relation: bytes, deed: bytes, key: bytes, content: bytes
    ) -> None:
        trail, start = self._trail, relation + b"\n"
        trail.keys.append(hash(start + key))
        if relation not in _WATCHED:
            trail.contents.append(GONE)
            if deed == b"seal" and seq is not None:
                trail.seal_seqs.append(seq)
            return
        trail.contents.append(GONE if deed == b"delete" else hash(content))
        ours = _OWN in writer.decode()
        if deed == b"delete" or (deed == b"update" and relation in _FIXED) or not ours:
            self._unusual(seq, writer, relation, deed, key, content, ours=ours)
        else:
            self._usual[(writer, relation, deed)] = start

    def _unusual(
        self,
        seq: int | None,
        writer: bytes,
        relation: bytes,
        deed: bytes,
        key: bytes,
        content: bytes,
        *,
        ours: bool,
    ) -> None:
        if deed == b"adopt":
            return
        said = {b"delete": "was deleted", b"update": "was changed", b"insert": "was written"}[deed]
        hand = "" if ours else " by hand"
        now = content.decode()
        shown = now if len(now) <= 300 else now[:300] + " …"
        self._report.found(
            relation.decode(), key.decode(), f"{said}{hand}, by {writer.decode()}; it then read {shown}", seq
        )

    def gap(self, expected: int, seq: int) -> None:
        if seq > expected:
            last = "" if seq == expected + 1 else f" to {seq - 1}"
            self._report.found("audit", f"[{expected}]", f"entry {expected}{last} is missing")
        else:
            self._report.found("audit", f"[{seq}]", f"entry {seq} stands where {expected} should")

    def broken(self, seq: int, payload: bytes, *, by_link_before: bool) -> None:
        _, _, relation, _, key, _ = payload.split(b"\n", 5)
        if by_link_before:
            return  # the entry before has another link than it should, which has been said
        self._report.found(
            relation.decode(),
            key.decode(),
            "its entry in the trail was changed: it is not what the chain holds, or an entry before it is "
            "missing or out of order",
            seq,
        )

"""The chain, recomputed from what the entries say.

Theory of operation. Entries are read in blocks, each as a few long strings that the database puts together,
so that a million of them are not a million rows to the driver. A block in which every entry stands in its
place and every link is the one recomputed agrees as a whole. One in which anything does not is read again
entry by entry, and only there is it said what is wrong and where.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from itertools import accumulate, pairwise

import msgspec
import numpy as np

from emon import limits
from emon.audit.chain import GENESIS, LEAF_BYTES
from emon.store.checks.ahead import one_ahead
from emon.store.checks.marks import Entries, HashMarks, Marks
from emon.store.checks.report import Connection, Report, copied
from emon.store.tables import BY_NAME, Watched

PAYLOAD = """convert_to(concat_ws(E'\\n', (extract(epoch FROM recorded_at) * 1000000)::bigint,
    written_by, relation, deed, row_key, content), 'UTF8')"""
_QUICK_PAYLOAD = PAYLOAD.replace("extract(epoch FROM recorded_at)", "date_part('epoch', recorded_at)")
_CHAIN = f"SELECT seq, chain, {PAYLOAD} FROM audit WHERE seq BETWEEN %s AND %s ORDER BY seq"
# The aggregates take their rows in the order in which the inner query gives them. Instants come here by way
# of a float, quicker and exact until 2105; one that it does not hold makes its block one that is read again.
_BLOCK = f"""
SELECT string_agg(int8send(e.seq), ''), string_agg(e.chain, ''), string_agg(e.payload, ''),
       string_agg(int4send(octet_length(e.payload)), ''), string_agg(int4send(e.key_width), ''),
       string_agg(int4send(e.width), '')
FROM (SELECT seq, chain, {_QUICK_PAYLOAD} AS payload, octet_length(%s) AS key_width, octet_length(%s) AS width
      FROM audit WHERE seq >= %%s ORDER BY seq LIMIT %%s) AS e
"""
# In a database that keeps text as UTF-8, as nearly all do, nothing is converted for its length.
_WIDE = {"UTF8": ("row_key", "content")}
_CONVERTED = ("convert_to(row_key, 'UTF8')", "convert_to(content, 'UTF8')")
_LINK_BYTES = 32
_SEQ_MIN, _SEQ_MAX = -(2**63), 2**63 - 1
_PENDING = f"SELECT capture_id, sha256(''), {PAYLOAD} FROM audit_pending ORDER BY capture_id"
_WATCHED = {table.name.encode() for table in BY_NAME.values() if table.watched is Watched.ROWS}
_FIXED = {table.name.encode() for table in BY_NAME.values() if table.fixed}
_OWN = '"emon '
GONE = 0
"""Stands for the content of a row that was deleted."""


class Trail(msgspec.Struct):
    """What the trail says, small: of each entry in order the mark of table and key and that of the content.

    ``leaves`` are the entries' own hashes.
    """

    keys: array[int]
    contents: array[int]
    leaves: bytearray
    links: dict[int, bytes]
    end: int = 0
    other_seqs: list[int] = msgspec.field(default_factory=list)
    """The places of entries of tables whose rows have no entries of their own: seals and removals."""


class _Block(msgspec.Struct, frozen=True):
    """Entries one after another, as the database gave them: see ``_BLOCK``. All are read by place."""

    seqs: bytes
    links: bytes
    payloads: bytes
    widths: bytes
    key_widths: bytes
    content_widths: bytes

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last sequence number."""
        return int.from_bytes(self.seqs[:8], "big", signed=True), int.from_bytes(
            self.seqs[-8:], "big", signed=True
        )

    def goes_on_from(self, expected: int) -> bool:
        """Whether its numbers are the next ones, without a gap."""
        count = len(self.seqs) // 8
        return self.seqs == np.arange(expected, expected + count, dtype=">i8").tobytes()


def read_chain(
    conn: Connection,
    report: Report,
    wanted: Collection[int],
    block: int = limits.VERIFY_BLOCK_ENTRIES,
    ahead: Connection | None = None,
    marks: Marks | None = None,
) -> Trail:
    """Recompute every link; ``links`` holds those of the places in ``wanted``, as they are stored. ``ahead``:
    a connection of the same snapshot, by which a block is read while the one before is recomputed."""
    trail = Trail(array("q"), array("q"), bytearray(), {})
    look = _Looker(trail, report, marks or HashMarks())
    reading = _Reading(trail, look, sorted(wanted))
    blocks = _blocks(conn, block) if ahead is None else one_ahead(_blocks(ahead, block))
    for one in blocks:
        if not reading.agrees(one):
            reading.one_by_one(conn, *one.span)
    trail.end = reading.expected - 1
    report.entries, report.chain = len(trail.keys), reading.before.hex()
    for data in copied(conn, _PENDING):
        report.pending += 1
        look.at(None, data[22 + 32 :])
    return trail


def _blocks(conn: Connection, entries: int) -> Iterator[_Block]:
    from_seq = _SEQ_MIN
    encoding = conn.info.parameter_status("server_encoding") or ""
    query = (_BLOCK % _WIDE.get(encoding, _CONVERTED)).encode()
    with conn.cursor(binary=True) as cursor:
        while True:
            row = cursor.execute(query, (from_seq, entries)).fetchone()
            if row is None or row[0] is None:
                return
            block = _Block(*row)
            yield block
            last = block.span[1]
            if len(block.seqs) < 8 * entries or last == _SEQ_MAX:
                return
            from_seq = last + 1


class _Reading:
    """How far the chain has been recomputed: ``before`` is the last link as stored, ``computed`` as it should
    be, ``expected`` the next entry's place."""

    def __init__(self, trail: Trail, look: _Looker, wanted: list[int]) -> None:
        self.before = self.computed = GENESIS
        self.expected = 1
        self._trail = trail
        self._look = look
        self._wanted = wanted

    def agrees(self, block: _Block) -> bool:
        """Take a block in of which nothing is to be said but what each entry says; False, and nothing was
        taken in, for any other."""
        if not block.goes_on_from(self.expected):
            return False
        sha256, text, stored = hashlib.sha256, block.payloads, block.links
        ends = list(accumulate(np.frombuffer(block.widths, ">i4").tolist(), initial=0))
        if len(stored) != _LINK_BYTES * (len(ends) - 1) or ends[-1] != len(text):
            return False
        payloads = [text[a:b] for a, b in pairwise(ends)]
        own = [sha256(payload).digest() for payload in payloads]
        links, at = [self.before], self.before
        for leaf in own:
            at = sha256(at + leaf).digest()
            links.append(at)
        if b"".join(links[1:]) != stored:
            return False
        key_widths, widths = (
            np.frombuffer(of, ">i4").astype(np.int32) for of in (block.key_widths, block.content_widths)
        )
        self._look.at_all(self.expected, Entries(text, ends[1:], payloads, key_widths, widths))
        self._trail.leaves += b"".join([leaf[:LEAF_BYTES] for leaf in own])
        last = self.expected + len(own) - 1
        for seq in self._wanted[bisect_left(self._wanted, self.expected) : bisect_right(self._wanted, last)]:
            self._trail.links[seq] = links[seq - self.expected + 1]
        self.before = self.computed = links[-1]
        self.expected = last + 1
        return True

    def one_by_one(self, conn: Connection, first: int, last: int) -> None:
        """Read these entries again and say of each what is wrong with it."""
        trail, look, sha256, wanted = self._trail, self._look, hashlib.sha256, frozenset(self._wanted)
        for data in copied(conn, _CHAIN, (first, last)):
            seq = int.from_bytes(data[6:14], "big", signed=True)
            width = int.from_bytes(data[14:18], "big")
            stored, payload = data[18 : 18 + width], data[22 + width :]
            own = sha256(payload).digest()
            computed = sha256(self.before + own).digest()
            if seq != self.expected:
                look.gap(self.expected, seq)
            elif computed != stored:
                by_before = sha256(self.computed + own).digest() == stored
                look.broken(seq, payload, by_link_before=by_before)
            if seq in wanted:
                trail.links[seq] = stored
            trail.leaves += own[:LEAF_BYTES]
            self.before, self.computed, self.expected = stored, computed, seq + 1
            look.at(seq, payload)


class _Looker:
    """What one entry by itself may show."""

    def __init__(self, trail: Trail, report: Report, marks: Marks) -> None:
        self._trail = trail
        self._report = report
        self._marks = marks
        self._usual: dict[tuple[bytes, bytes, bytes], bytes] = {}
        self._known_usual: dict[bytes, bytes] = {}
        """The same by the bytes between an entry's instant and its key."""

    def at_all(self, first: int, entries: Entries) -> None:
        """As ``at`` for entries one after another."""
        marks = self._marks.entries(entries, self._known_usual)
        if marks is None:  # something that is told of, or the first of its kind
            for seq, payload in enumerate(entries.payloads, start=first):
                self.at(seq, payload)
            return
        keys, contents = marks
        self._trail.keys.frombytes(keys.tobytes())
        self._trail.contents.frombytes(contents.tobytes())

    def at(self, seq: int | None, payload: bytes) -> None:
        _, writer, relation, deed, key, content = payload.split(b"\n", 5)
        # Nearly every entry is one that its table's rows usually have: seen once, it is known by these three.
        start = self._usual.get((writer, relation, deed))
        if start is None:
            self._first(seq, writer, relation, deed, key, content)
            return
        self._trail.keys.append(self._marks.one(start + key))
        self._trail.contents.append(self._marks.one(content))

    def _first(
        self, seq: int | None, writer: bytes, relation: bytes, deed: bytes, key: bytes, content: bytes
    ) -> None:
        trail, mark, start = self._trail, self._marks.one, relation + b"\n"
        trail.keys.append(mark(start + key))
        if relation not in _WATCHED:
            trail.contents.append(GONE)
            if seq is not None:
                trail.other_seqs.append(seq)
            return
        trail.contents.append(GONE if deed == b"delete" else mark(content))
        ours = _OWN in writer.decode()
        if deed == b"delete" or (deed == b"update" and relation in _FIXED) or not ours:
            self._unusual(seq, writer, relation, deed, key, content, ours=ours)
        else:
            self._usual[(writer, relation, deed)] = start
            self._known_usual[b"\n%s\n%s\n%s\n" % (writer, relation, deed)] = start

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
        said = {b"delete": "was deleted", b"update": "was changed"}.get(deed, "was written")
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

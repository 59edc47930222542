"""The chain, held against signed heads: those in the database, and those kept elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from emon.audit.chain import LEAF_BYTES, differing
from emon.audit.heads import Head, KeyLine, Lineage, LineWrong, is_signed_by, read_line
from emon.store.checks.chain import Trail
from emon.store.checks.report import Connection, Report, entry_name

_KEYS = "SELECT key_id, document FROM audit_key ORDER BY introduced_at, key_id"
_HEADS = "SELECT seq, key_id, document FROM audit_head ORDER BY seq"


class Heads:
    """Every head that can be had, each with where it stands; keys first trusted from what was kept."""

    def __init__(self, kept: Sequence[KeyLine | Head], trusted: Sequence[str]) -> None:
        self.lineage = Lineage()
        self.all: list[tuple[Head, str]] = [(line, "a kept head") for line in kept if isinstance(line, Head)]
        self._keys = [line for line in kept if isinstance(line, KeyLine)]
        self._trusted = frozenset(trusted)
        self._own: set[int] = set()
        """The entries whose heads the database holds."""

    def read(self, conn: Connection, report: Report) -> None:
        """Add what the database holds, and say which keys cannot be trusted."""
        for key_id, text in conn.execute(_KEYS.encode()):
            line = _line(report, "audit_key", f'["{key_id}"]', text)
            if isinstance(line, KeyLine):
                self._keys.append(line)
        before = 0
        for seq, key_id, text in conn.execute(_HEADS.encode()):
            line = _line(report, "audit_head", f"[{seq}]", text)
            self._own.add(seq)
            if not isinstance(line, Head):
                continue
            self.all.append((line, "the database's head"))
            if (line.seq, line.key_id) != (seq, key_id):
                what = f"the row is of entry {seq} and key {key_id}, its line of {line.seq} and {line.key_id}"
                report.found("audit_head", f"[{seq}]", what)
            elif line.since > before:
                what = f"a head between entry {before} and entry {line.since}, where this one begins, is gone"
                report.found("audit_head", f"[{seq}]", what)
            before = seq
        for key in self._keys:
            if key.key_id in self._trusted:
                self.lineage.public[key.key_id] = key.public
        for fault in self.lineage.take(self._keys):
            report.found("audit_key", "[]", fault)
        report.keys = len(self.lineage.public)

    def is_kept_alone(self, head: Head) -> bool:
        """Whether the database has lost a head that somebody kept: it is written there first."""
        return head.seq not in self._own

    @property
    def places(self) -> set[int]:
        return {head.seq for head, _ in self.all}


def _line(report: Report, relation: str, key: str, text: str) -> KeyLine | Head | None:
    try:
        return read_line(text)
    except LineWrong as wrong:
        report.found(relation, key, f"the signed line was changed: {wrong}")
        return None


def check_heads(conn: Connection, report: Report, trail: Trail, heads: Heads) -> None:
    """Hold each head against the chain: what was signed and is otherwise now is named entry by entry."""
    seen: set[tuple[int, bytes]] = set()
    read: set[str] = set()
    said: set[tuple[str, int]] = set()
    lost: dict[int, None] = {}
    for head, whose in sorted(heads.all, key=lambda one: one[0].seq):
        if head.text in read:
            continue
        read.add(head.text)
        public = heads.lineage.public.get(head.key_id)
        if public is None or not is_signed_by(head.text, public):
            why = "by a key that is not known" if public is None else "by nobody who holds its key"
            report.found("audit_head", f"[{head.seq}]", f"{whose} of entry {head.seq} is signed {why}")
            continue
        if (head.seq, head.chain) in seen:
            continue
        seen.add((head.seq, head.chain))
        report.heads += 1
        if trail.links.get(head.seq) == head.chain:
            report.signed_to = max(report.signed_to, head.seq)
            if heads.is_kept_alone(head):
                lost[head.seq] = None
            continue
        _name(conn, report, trail, head, whose, said)
    for seq in lost:
        report.found(
            "audit_head", f"[{seq}]", f"the database has lost its head of entry {seq}, which was kept"
        )
    left = trail.end - report.signed_to
    if left > 0:
        report.remarks.append(f"the newest {left} entries are covered by no signed head yet")
    if report.pending:
        report.remarks.append(
            f"{report.pending} entries wait to be sealed (the service does it every few seconds)"
        )


def _name(
    conn: Connection, report: Report, trail: Trail, head: Head, whose: str, said: set[tuple[str, int]]
) -> None:
    if head.seq > trail.end:
        report.found(
            "audit",
            f"[{max(head.since, trail.end) + 1}]",
            f"the chain ends at entry {trail.end}, though {whose} signed {head.seq}: the tail is gone",
        )
    now = bytes(trail.leaves[head.since * LEAF_BYTES : head.seq * LEAF_BYTES])
    places = differing(head.leaves, now)
    if head.seq > trail.end:
        whole = len(now) // LEAF_BYTES
        places = [(word, place) for word, place in places if not (word == "removed" and place >= whole)]
    for word, place in places:
        seq = head.since + 1 + place
        if (word, seq) in said:
            continue
        said.add((word, seq))
        if word == "removed":
            report.found(
                "audit", f"[{seq}]", f"entry {seq}, signed in {whose} of {head.seq}, is gone or changed"
            )
        else:
            relation, key = entry_name(conn, seq)
            report.found(relation, key, f"its entry was {word} after {whose} of {head.seq} was signed", seq)
    if not places and not report.findings:
        report.found("audit", f"[{head.seq}]", f"the chain is not what {whose} signed at entry {head.seq}")

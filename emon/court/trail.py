"""The evidence in a court file: entries of the audit trail as they stand there, and the way to a signed head.

An entry that a reader may not see is there as its hash: the chain holds all the same.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from typing import Any

import msgspec

from emon.audit.chain import Entry, leaf
from emon.audit.proof import Way
from emon.model.instant import format_instant, parse_instant
from emon.store.evidence import Evidence, Kept, SealedRow

Tree = dict[str, Any]


class EntryShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """``seq``: its place in the chain, null while it waits. ``leaf``: all there is of a withheld one."""

    seq: int | None
    relation: str = ""
    row_key: str = ""
    deed: str = ""
    recorded_at: str = ""
    written_by: str = ""
    content: str = ""
    leaf: str = ""

    @property
    def withheld(self) -> bool:
        return bool(self.leaf)

    def entry(self) -> Entry:
        """Raises ``ValueError`` where ``recorded_at`` is no instant."""
        return Entry(
            parse_instant(self.recorded_at),
            self.written_by,
            self.relation,
            self.deed,
            self.row_key,
            self.content,
        )

    def hash(self) -> bytes:
        """The leaf that the chain holds of it. Raises ``ValueError``."""
        return bytes.fromhex(self.leaf) if self.withheld else leaf(self.entry().payload)


class RowShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row under a seal. ``text``: the row as PostgreSQL writes it, over the columns that its seal names."""

    relation: str
    columns: list[str]
    text: str
    seal: int | None
    place: int | None


class SealShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hashes beside a seal: eight bytes a row, base64."""

    seq: int
    leaves: str


class WayShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From the entry ``first`` to the signed ``head``: the link before it and the entries' hashes, base64."""

    first: int
    before: str
    leaves: str
    head: Tree

    def way(self) -> Way:
        """Raises ``ValueError``."""
        return Way(
            self.first,
            bytes.fromhex(self.before),
            base64.b64decode(self.leaves, validate=True),
            json.dumps(self.head),
        )


class TrailShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``newest_head``: where the trail stood when the file was made; null before any head."""

    entries: list[EntryShown]
    rows: list[RowShown]
    seals: list[SealShown]
    ways: list[WayShown]
    keys: list[Tree]
    newest_head: Tree | None
    left_out: int


def shown(evidence: Evidence, withheld: Collection[str] = ()) -> TrailShown:
    """The evidence as the file holds it. ``withheld``: tables of which only the entries' hashes are given."""
    entries = [_entry(kept, withheld) for kept in evidence.entries]
    return TrailShown(
        entries=[one for one in entries if one is not None],
        rows=[_row(one) for one in evidence.rows if one.relation not in withheld],
        seals=[
            SealShown(seq, base64.b64encode(evidence.leaves[seq]).decode())
            for seq in sorted(evidence.leaves)
            if not _seals(evidence, seq, withheld)
        ],
        ways=[
            WayShown(way.first, way.before.hex(), base64.b64encode(way.leaves).decode(), json.loads(way.head))
            for way in evidence.ways
        ],
        keys=[json.loads(text) for text in evidence.keys],
        newest_head=None if evidence.newest_head is None else json.loads(evidence.newest_head),
        left_out=evidence.left_out,
    )


def _seals(evidence: Evidence, seq: int, withheld: Collection[str]) -> bool:
    return any(kept.seq == seq and kept.entry.relation in withheld for kept in evidence.entries)


def _entry(kept: Kept, withheld: Collection[str]) -> EntryShown | None:
    entry = kept.entry
    if entry.relation in withheld:  # one that waits has no place in the chain that its hash could hold
        return None if kept.seq is None else EntryShown(kept.seq, leaf=leaf(entry.payload).hex())
    return EntryShown(
        kept.seq,
        entry.relation,
        entry.row_key,
        entry.deed,
        format_instant(entry.recorded_at_us),
        entry.written_by,
        entry.content,
    )


def _row(one: SealedRow) -> RowShown:
    return RowShown(one.relation, list(one.columns), one.text, one.seal, one.place)


def cells(text: str) -> list[str | None]:
    """The columns of a row as PostgreSQL writes a composite value (its manual, section 8.16.6): null is
    nothing, quotes and backslashes are doubled or escaped within quotes. Raises ``ValueError``."""
    if not (text.startswith("(") and text.endswith(")")):
        raise ValueError("is no row")
    found: list[str | None] = []
    at, end = 1, len(text) - 1
    while True:
        cell, at = _cell(text, at, end)
        found.append(cell)
        if at >= end:
            return found
        at += 1  # the comma


def _cell(text: str, at: int, end: int) -> tuple[str | None, int]:
    cell: list[str] = []
    quoted = was_quoted = False
    while at < end:
        char = text[at]
        if char == '"' and quoted and at + 1 < end and text[at + 1] == '"':
            cell.append('"')
            at += 1
        elif char == '"':
            quoted, was_quoted = not quoted, True
        elif char == "\\" and at + 1 < end:
            at += 1
            cell.append(text[at])
        elif char == "," and not quoted:
            break
        else:
            cell.append(char)
        at += 1
    if quoted:
        raise ValueError("a quote of the row is not closed")
    return ("".join(cell) if cell or was_quoted else None), at


def instant_text(value: str) -> str:
    """An instant as PostgreSQL writes it in a row or in JSON, as all of this repository writes it.

    Raises ``ValueError``."""
    text = value.replace(" ", "T", 1)
    if text[-3:-2] in ("+", "-"):  # PostgreSQL leaves the minutes of a whole-hour offset out
        text += ":00"
    return format_instant(parse_instant(text))

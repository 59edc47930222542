"""The trail is read in blocks: whatever was done to it, and wherever a block ends, the same is found."""

from __future__ import annotations

import hashlib
from array import array
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from emon.store.checks.chain import GONE, Trail, read_chain
from emon.store.checks.marks import HashMarks, KeyedMarks, Marks
from emon.store.checks.report import Report
from emon.store.store import Store
from tests.audit.trail import lived, past_the_triggers

WHOLE = 1_000
BLOCKS = (1, 2, 3)
PLACES = (1, 2, 3, 5, 6, 20)
"""At the edges of blocks of two and three, and at both ends of the trail."""
EDITS = {
    "changed": ("UPDATE audit SET content = '{}' WHERE seq = %(at)s",),
    "its link changed": ("UPDATE audit SET chain = sha256(chain) WHERE seq = %(at)s",),
    "its link cut short": ("UPDATE audit SET chain = substr(chain, 2) WHERE seq = %(at)s",),
    "removed": ("DELETE FROM audit WHERE seq = %(at)s",),
    "two removed": ("DELETE FROM audit WHERE seq IN (%(at)s, %(at)s + 1)",),
    "exchanged": (
        "UPDATE audit SET seq = 1000 WHERE seq = %(at)s",
        "UPDATE audit SET seq = %(at)s WHERE seq = %(at)s + 1",
        "UPDATE audit SET seq = %(at)s + 1 WHERE seq = 1000",
    ),
    "a line break in its key": ("UPDATE audit SET row_key = E'[1,\\n2]' WHERE seq = %(at)s",),
    "nothing in it": ("UPDATE audit SET content = '' WHERE seq = %(at)s",),
    "moved before the first": ("UPDATE audit SET seq = -4 WHERE seq = %(at)s",),
    "moved to the very end": ("UPDATE audit SET seq = 9223372036854775807 WHERE seq = %(at)s",),
}


MARKS: tuple[Marks, ...] = (HashMarks(), KeyedMarks())


def found(conn: psycopg.Connection[Any], block: int, marks: Marks = MARKS[0]) -> tuple[Report, Trail]:
    report = Report()
    return report, read_chain(conn, report, {1, 6, 20}, block, marks=marks)


def alike(one: Trail, other: Trail) -> bool:
    """But for the marks, whose key is another: of them the same are equal."""
    return all(
        numbered(getattr(one, name)) == numbered(getattr(other, name))
        if name in ("keys", "contents")
        else getattr(one, name) == getattr(other, name)
        for name in Trail.__struct_fields__
    )


def numbered(marks: array[int]) -> list[int]:
    """Each mark as the place where it first stood; what was deleted keeps its own."""
    first: dict[int, int] = {GONE: -1}
    return [first.setdefault(mark, place) for place, mark in enumerate(marks)]


async def test_what_is_found_does_not_hang_on_where_blocks_end(claimed_store: Store, tmp_path: Path) -> None:
    await lived(claimed_store, tmp_path)
    with past_the_triggers(claimed_store.url) as conn:
        for edit, at in product(EDITS, PLACES):
            with conn.transaction(force_rollback=True):
                for statement in EDITS[edit]:
                    conn.execute(statement.encode(), {"at": at})
                report, trail = found(conn, WHOLE)
                tail_is_gone = at == PLACES[-1] and "removed" in edit  # which the signed heads tell
                assert bool(report.findings) != tail_is_gone, (edit, at)
                for block, marks in product(BLOCKS, MARKS):
                    again, whole = found(conn, block, marks)
                    assert msgspec.to_builtins(again) == msgspec.to_builtins(report), (edit, at, block)
                    assert alike(whole, trail), (edit, at, block)


async def test_a_chain_made_anew_by_hand_agrees_with_itself_in_any_block(
    claimed_store: Store, tmp_path: Path
) -> None:
    """That it is not what was signed is for the heads to say, by the leaves; and those are the same."""
    await lived(claimed_store, tmp_path)
    with past_the_triggers(claimed_store.url) as conn, conn.transaction(force_rollback=True):
        before = hashlib.sha256(b"emon audit trail 1").digest()
        conn.execute("UPDATE audit SET content = '' WHERE seq = 3")
        rows = conn.execute(
            "SELECT seq, convert_to(concat_ws(E'\\n', (extract(epoch FROM recorded_at) * 1000000)::bigint, "
            "written_by, relation, deed, row_key, content), 'UTF8') FROM audit ORDER BY seq"
        ).fetchall()
        for seq, payload in rows:
            before = hashlib.sha256(before + hashlib.sha256(payload).digest()).digest()
            conn.execute("UPDATE audit SET chain = %s WHERE seq = %s", (before, seq))
        seen = [found(conn, block, marks) for block, marks in product(BLOCKS, MARKS)]
        assert [report.findings for report, _ in seen] == [[]] * len(seen)
        assert all(alike(trail, seen[0][1]) for _, trail in seen)
        assert seen[0][0].chain == before.hex()

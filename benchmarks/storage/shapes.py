"""A plan's shape: which indexes it uses, which partitions it opens, what it reads from end to end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from benchmarks.storage.asked import Statement
from emon.store import connect as c

_DAY = re.compile(r"^fix_\d{8}")
_EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "


class Shape(msgspec.Struct, frozen=True):
    """``indexes``: names, those of a partition as ``fix_DAY…``. ``partitions``: of ``fix``, those that were
    opened while it ran. ``whole``: tables that were read from end to end. ``pages``: of 8 KiB, hit or read.
    ``planning_ms``, ``running_ms``: as the server says, once."""

    indexes: tuple[str, ...]
    partitions: tuple[str, ...]
    whole: tuple[str, ...]
    pages: int
    planning_ms: float
    running_ms: float


def is_read(statement: Statement) -> bool:
    """Whether a statement can be explained with what it was sent: not ``SET``, ``SAVEPOINT`` and the like."""
    return statement[0].lstrip().upper().startswith(("SELECT", "WITH"))


async def shape_of(conn: c.Connection, statement: Statement) -> Shape:
    """Run it once more under EXPLAIN. Only for a connection without statements of its own under way."""
    query, params = statement
    async with conn.cursor() as cursor:
        await cursor.execute((_EXPLAIN + query).encode(), params)
        row = await cursor.fetchone()
    assert row is not None
    (explained,) = row[0]
    plan = explained["Plan"]
    indexes, partitions, whole = set(), set(), set()
    for node in nodes_of(plan):
        if not node.get("Actual Loops"):
            continue
        if "Index Name" in node:
            indexes.add(_DAY.sub("fix_DAY", node["Index Name"]))
        relation = node.get("Relation Name", "")
        if _DAY.match(relation) or relation == "fix_default":
            partitions.add(relation)
        if node["Node Type"].endswith("Seq Scan"):
            whole.add(_DAY.sub("fix_DAY", relation))
    return Shape(
        tuple(sorted(indexes)),
        tuple(sorted(partitions)),
        tuple(sorted(whole)),
        plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0),
        explained["Planning Time"],
        explained["Execution Time"],
    )


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's node and all below it."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes_of(inner)


def together(shapes: list[Shape]) -> Shape:
    """The shape of several statements that are one read."""
    return Shape(
        tuple(sorted({one for shape in shapes for one in shape.indexes})),
        tuple(sorted({one for shape in shapes for one in shape.partitions})),
        tuple(sorted({one for shape in shapes for one in shape.whole})),
        sum(shape.pages for shape in shapes),
        sum(shape.planning_ms for shape in shapes),
        sum(shape.running_ms for shape in shapes),
    )

"""What was measured, as a page."""

from __future__ import annotations

from benchmarks.storage.ground import Ground
from benchmarks.storage.measure import Measured

WITHIN_MS = 50.0


def page_of(ground: Ground, found: list[Measured], cores: int, load_average: float) -> str:
    """Every read in the order in which it was made, those above the limit named before."""
    above = [one for one in found if one.p99_ms > WITHIN_MS]
    lines = [
        "# What is read of many fixes",
        "",
        "Written by `python -m benchmarks.storage`.",
        "",
        f"{ground.fixes:,} fixes of {ground.devices:,} devices over {ground.days} days, a partition a day,",
        f"rows in the order of their receipt; {ground.alerts:,} alerts, {ground.alerts // 2:,} breaches.",
        f"PostgreSQL 18, {cores} cores, shared with other work (load average {load_average:.1f}).",
        "Each read is made as the code makes it, through one connection, up to 200 times with other devices",
        "and instants each time, its rows decoded in Python. Days: partitions of fixes that its plan opened.",
        "Pages of 8 KiB, from memory or disk, of one plan.",
        "",
    ]
    if above:
        lines += [
            f"Above {WITHIN_MS:.0f} ms at the 99th percentile: {', '.join(one.read.name for one in above)}.",
            "",
        ]
    else:
        lines += [f"All are within {WITHIN_MS:.0f} ms at the 99th percentile.", ""]
    lines += [
        "| read | by | statements | p50, ms | p99, ms | days | pages | indexes | read whole |",
        "|---|---|---:|---:|---:|---:|---:|---|---|",
    ]
    for one in found:
        indexes = ", ".join(f"`{name}`" for name in one.shape.indexes)
        whole = ", ".join(f"`{name}`" for name in one.shape.whole)
        lines.append(
            f"| {one.read.name} | {one.read.by} | {one.statements} | {one.p50_ms:.1f} | {one.p99_ms:.1f} "
            f"| {len(one.shape.partitions)} | {one.shape.pages:,} | {indexes} | {whole} |"
        )
    return "\n".join([*lines, ""])

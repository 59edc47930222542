"""How fast one publisher is, beside brokers and beside a sink that only acknowledges.

    python -m benchmarks.load            a minute and a half; a table on standard output

Publisher, broker and sink share this machine: where a broker needs the processors too, the row is that
machine's limit and says so.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from emon.demo.broker import EmbeddedBroker

_ROOT = Path(__file__).resolve().parents[1]


class Case(NamedTuple):
    """``batch`` fixes a message, packed or JSON."""

    rate: int
    batch: int = 1
    packed: bool = False
    connections: int = 4


CASES = (
    Case(10_000),
    Case(25_000),
    Case(50_000),
    Case(300_000, 100),
    Case(300_000, 100, packed=True),
    Case(1_000_000, 1_000, packed=True),
)


async def measure(url: str, case: Case, seconds: float) -> dict[str, Any]:
    """The summary of one ``emon-sim load``, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator.cli", "load", "--url", url, "--rate", str(case.rate)),
        *("--seconds", str(seconds), "--batch", str(case.batch), "--breaches", "0", "--devices", "10000"),
        *("--connections", str(case.connections), *(["--packed"] if case.packed else [])),
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await process.communicate()
    found: dict[str, Any] = json.loads(out)
    return found


@asynccontextmanager
async def _sink() -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.sink"),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"mqtt://127.0.0.1:{(await process.stdout.readline()).decode().strip()}"
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def _nats() -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        broker = EmbeddedBroker(Path(folder) / "broker")
        await broker.start()
        try:
            yield broker.tester_url
        finally:
            await broker.stop()


@asynccontextmanager
async def _given(url: str) -> AsyncIterator[str]:
    yield url


def row(against: str, case: Case, found: dict[str, Any]) -> str:
    kind = "one a message" if case.batch == 1 else f"{case.batch} a message"
    puback = found["puback_ms"] or {"p50": "–", "p99": "–"}
    made = f"{found['rate_per_s']:,.0f}"
    return (
        f"| {against} | {case.rate:,} | {kind}{', packed' if case.packed else ''} | {made}"
        f" | {found['acknowledged'] / found['fixes']:.1%} | {found['cpu_share_of_a_core']:.0%}"
        f" | {puback['p50']} | {puback['p99']} | {'yes' if found['kept_rate'] else 'no'} |"
    )


async def _main(extra: list[str]) -> None:
    targets = {"a sink": _sink(), "nats-server": _nats()}
    targets |= {url.rsplit("@", 1)[-1]: _given(url) for url in extra}
    print(f"{os.cpu_count()} cores, shared by publisher and broker.\n")
    print(
        "| against | asked, fixes/s | | made | acknowledged | publisher, of a core | p50, ms | p99 | kept |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, target in targets.items():
        async with target as url:
            for case in CASES:
                print(row(name, case, await measure(url, case, 6.0)), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))

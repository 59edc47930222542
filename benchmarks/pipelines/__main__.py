"""``python -m benchmarks.pipelines``: writes benchmarks/PIPELINE.md.

    python -m benchmarks.pipelines --rounds 3
    python -m benchmarks.pipelines --rounds 1 --keep runs.jsonl     a round more; the page is of all so far

Each round plays every pipeline once under each load, so that what else the machine does meets all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks.__main__ import progress
from benchmarks.parent import run_to_the_end
from benchmarks.pipelines.page import page_of
from benchmarks.pipelines.stage import PIPELINES, STORES_NOTHING, Load, Outcome, Stage

PAGE = Path(__file__).resolve().parents[1] / "PIPELINE.md"
LOADS = (Load(5_000), Load(20_000), Load(50_000, 50), Load(10_000, killed=True))
_QUICK = (Load(1_000, seconds=3), Load(1_000, seconds=4, killed=True))


def run(quick: bool, folder: Path, told: Callable[[str], None]) -> Path:
    """A section of ``make bench``."""
    outcomes = run_to_the_end(_rounds(1 if quick else 3, _QUICK if quick else LOADS, told, None))
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / PAGE.name
    page.write_text(page_of(outcomes, os.cpu_count() or 1, os.getloadavg()[0]), "utf-8")
    return page


async def _rounds(
    rounds: int, loads: tuple[Load, ...], told: Callable[[str], None], keep: Path | None
) -> list[Outcome]:
    folder = Path(tempfile.mkdtemp(prefix="emon-pipes-"))
    folder.chmod(0o755)  # the database's own user must reach its folder when we are root
    outcomes: list[Outcome] = []
    stage = Stage(folder)
    try:
        await stage.start(max(load.devices for load in loads))
        for _ in range(rounds):
            for load in loads:
                for name in PIPELINES:
                    if load.killed and name == STORES_NOTHING:
                        continue
                    one = await stage.play(name, load)
                    outcomes.append(one)
                    told(_line(one))
                    if keep is not None:
                        with keep.open("ab") as out:
                            out.write(msgspec.json.encode(one) + b"\n")
    finally:
        await stage.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return outcomes


def _line(one: Outcome) -> str:
    kept = "" if one.kept_rate else ", the publisher did not keep its rate"
    return (
        f"{one.pipeline}, {one.load.rate:,}/s in {one.load.batch}: {one.rate:,.0f}/s, "
        f"p99 {one.p99_ms:,.0f} ms, {one.cpu_us_a_fix:.0f} µs a fix, {one.lost} lost{kept}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pipelines",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--rounds", type=int, default=3, metavar="N", help="how often each (3); 0: the page alone"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small: that it works, not how fast; writes no page"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="add each run to FILE; the page is of all in it"
    )
    given = parser.parse_args()
    loads = _QUICK if given.quick else LOADS
    outcomes = (
        asyncio.run(_rounds(given.rounds, loads, progress("pipelines"), given.keep)) if given.rounds else []
    )
    if given.keep is not None and given.keep.exists():
        outcomes = [msgspec.json.decode(line, type=Outcome) for line in given.keep.read_bytes().splitlines()]
    text = page_of(outcomes, os.cpu_count() or 1, os.getloadavg()[0])
    print(text)
    if not given.quick:
        PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

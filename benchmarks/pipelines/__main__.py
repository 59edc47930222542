"""``python -m benchmarks.pipelines``: writes benchmarks/PIPELINE.md.

    python -m benchmarks.pipelines --rounds 3
    python -m benchmarks.pipelines --rounds 1 --keep runs.jsonl     a round more; the page is of all so far
    python -m benchmarks.pipelines --rounds 1 --within 420          no run begins after so many seconds
    python -m benchmarks.pipelines --only "emon, frames" --rates 30000 --seconds 60

Each round plays every pipeline once under each load, so that what else the machine does meets all of them.
The page is written after each run, so that whoever ends it early has what was measured.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from benchmarks.__main__ import progress
from benchmarks.parent import run_to_the_end
from benchmarks.pipelines.consumer import PIPELINES, STORES_NOTHING
from benchmarks.pipelines.page import page_of
from benchmarks.pipelines.stage import Load, Outcome, Stage

PAGE = Path(__file__).resolve().parents[1] / "PIPELINE.md"
LOADS = (Load(10_000), Load(30_000), Load(100_000, 50, pace_s=1.0), Load(10_000, seconds=6, killed=True))
_QUICK = (Load(1_000, seconds=3), Load(1_000, seconds=4, killed=True))


def run(quick: bool, folder: Path, told: Callable[[str], None]) -> Path:
    """A section of ``make bench``."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / PAGE.name

    def measured(one: Outcome) -> None:
        told(_line(one))
        outcomes.append(one)
        _write(page, outcomes)

    outcomes: list[Outcome] = []
    run_to_the_end(_rounds(1 if quick else 3, _QUICK if quick else LOADS, measured, float("inf")))
    return page


def _write(page: Path, outcomes: Sequence[Outcome]) -> str:
    text = page_of(outcomes, os.cpu_count() or 1, os.getloadavg()[0])
    page.write_text(text, "utf-8")
    return text


async def _rounds(
    rounds: int,
    loads: Sequence[Load],
    measured: Callable[[Outcome], None],
    within_s: float,
    names: Sequence[str] = tuple(PIPELINES),
) -> None:
    """``measured`` hears of each run as it ends; none begins after ``within_s``."""
    if not rounds or not loads:
        return
    end_s = time.monotonic() + within_s
    folder = Path(tempfile.mkdtemp(prefix="emon-pipes-"))
    folder.chmod(0o755)  # the database's own user must reach its folder when we are root
    stage = Stage(folder)
    try:
        await stage.start(max(load.devices for load in loads))
        for _ in range(rounds):
            for load in loads:
                for name in names:
                    if load.killed and name == STORES_NOTHING:
                        continue
                    if time.monotonic() > end_s:
                        return
                    measured(await stage.play(name, load))
    finally:
        await stage.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _line(one: Outcome) -> str:
    kept = "" if one.kept_rate else ", the publisher did not keep its rate"
    return (
        f"{one.pipeline}, {one.load.rate:,}/s in {one.load.batch}: {one.rate:,.0f}/s, "
        f"p99 {one.p99_ms:,.0f} ms, {one.cpu_us_a_fix:.1f} µs a fix, "
        f"database {one.server_us_a_fix:.1f}, {one.lost} lost{kept}"
    )


def _chosen(rates: Sequence[int] | None, seconds: int | None, pace_s: float | None) -> list[Load]:
    loads = [load for load in LOADS if rates is None or (load.rate in rates and not load.killed)]
    if seconds is not None:
        loads = [load if load.killed else replace(load, seconds=seconds) for load in loads]
    return loads if pace_s is None else [replace(load, pace_s=pace_s) for load in loads]


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
    parser.add_argument(
        "--within", type=float, default=float("inf"), metavar="S", help="no run begins after S seconds"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=tuple(PIPELINES),
        help="this pipeline alone; may stand several times",
    )
    parser.add_argument("--rates", type=int, nargs="+", metavar="N", help="only these rates, and no kill")
    parser.add_argument("--seconds", type=int, metavar="S", help="how long each span that counts lasts (20)")
    parser.add_argument("--pace", type=float, metavar="S", help="a device sends a fix each S seconds (4; 1)")
    parser.add_argument("--out", type=Path, default=PAGE, metavar="PAGE", help="the page (PIPELINE.md)")
    given = parser.parse_args()
    keep: Path | None = given.keep
    outcomes: list[Outcome] = []
    if keep is not None and keep.exists():
        outcomes = [msgspec.json.decode(line, type=Outcome) for line in keep.read_bytes().splitlines()]
    told = progress("pipelines")

    def measured(one: Outcome) -> None:
        told(_line(one))
        outcomes.append(one)
        if keep is not None:
            with keep.open("ab") as out:
                out.write(msgspec.json.encode(one) + b"\n")
        if not given.quick:
            _write(given.out, outcomes)

    loads = _QUICK if given.quick else _chosen(given.rates, given.seconds, given.pace)
    names = given.only or tuple(PIPELINES)
    run_to_the_end(_rounds(given.rounds, loads, measured, given.within, names))
    print(page_of(outcomes, os.cpu_count() or 1, os.getloadavg()[0]))
    if not given.quick:
        _write(given.out, outcomes)
    return 0


if __name__ == "__main__":
    sys.exit(main())

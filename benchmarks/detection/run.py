"""The section ``detection`` of ``make bench``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.detection.jobs import ROOT, Kept, digest
from benchmarks.detection.plan import FULL, QUICK, Scale
from benchmarks.detection.report import measured, write

WORKERS = 2


def run(quick: bool, folder: Path, told: Callable[[str], None]) -> Path:
    """Measure and write ``detection/REPORT.md`` with its charts into ``folder``."""
    return run_scale(QUICK if quick else FULL, folder, told)


def run_scale(
    scale: Scale,
    folder: Path,
    told: Callable[[str], None],
    *,
    workers: int = WORKERS,
    kept: Path | None = None,
) -> Path:
    """The same at a scale of one's own; ``kept`` is where each world's results are."""
    results = Kept(kept or ROOT / ".cache" / "detection" / digest())
    found = measured(scale, results, workers=workers, say=told)
    target = folder / "detection"
    target.mkdir(parents=True, exist_ok=True)
    write(found, target)
    return target / "REPORT.md"

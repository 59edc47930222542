"""The section ``detection`` of ``make bench``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.detection.jobs import ROOT, Kept, digest, digest_of_rivals
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
    known_only: bool = False,
) -> Path:
    """The same at a scale of one's own; ``kept`` is where each world's results are. ``known_only`` tells
    of those alone. A ``note.md`` among them, of how they came to be, ends the report. Raises
    ``Unfinished``."""
    root = ROOT / ".cache" / "detection"
    ours = kept or root / digest()
    rivals = kept / "rivals" if kept else root / f"rivals-{digest_of_rivals()}"
    results = Kept(ours, rivals)
    for where, code in ((ours, digest()), (rivals, digest_of_rivals())):
        _marked(where / "code.txt", code, told, known_only=known_only)
    found = measured(scale, results, workers=workers, say=told, known_only=known_only)
    target = folder / "detection"
    target.mkdir(parents=True, exist_ok=True)
    write(found, target)
    report, note = target / "REPORT.md", ours / "note.md"
    if note.exists():
        report.write_text(report.read_text("utf-8") + "\n" + note.read_text("utf-8"), "utf-8")
    return report


def _marked(file: Path, now: str, told: Callable[[str], None], *, known_only: bool) -> None:
    """Say so where what is kept comes of other code than this."""
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    if before and before != now:
        told(f"{file.parent} holds results of the code {before}; this is {now}")
    if not before and not known_only:
        file.write_text(now, encoding="utf-8")

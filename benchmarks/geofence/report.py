"""The report: what was measured, on what, as one Markdown page with its charts beside it."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import shapely

from benchmarks.geofence.chart import curve_svg, number, ratios_svg, span
from benchmarks.geofence.results import Figure, Ratio, Section
from benchmarks.geofence.scale import SEED
from benchmarks.geofence.tried import TRIED

CHARTS = "charts"
_PACKAGES = ("numba", "numpy", "shapely", "geopandas", "togo", "pyproj")

_TEXT = """\
# Benchmarks: geofence

Written by `{command}`; nothing here is typed. Others and we in one run, on the same data, on one thread
unless said, in processor time of that thread. Repetitions are interleaved, {repetitions} of each after one
that is not counted, each on fresh positions; a ratio is taken within each repetition, then its median, with
the least and the most in brackets. Trust the ratios: absolute figures drift from run to run and machine to
machine. Rows that lose or fall short are kept.

Shapely computes in a plane: where it needs metres it gets the positions projected beforehand for nothing, and
buffers as wide as the plane's scale makes them there. Ours are metres on the ellipsoid throughout, from
degrees, within the bounds of `docs/geofence.md`. The column of answers compares ours with the rival's on the
timed data: how many differ, and how far the furthest of those lies from the line that decides.
"""

_ELSEWHERE = """\
## Elsewhere

The whole way of a fix under load, from broker to alert, has a command of its own, because it takes minutes:
`python -m benchmarks.pipeline --rate 2000 --seconds 60`, and with `--kills 5` the service is killed under it.
"""


@dataclass(frozen=True)
class Machine:
    """On what and of what the figures are."""

    day: str
    commit: str
    processor: str
    processors: int
    memory_gb: float
    idle_share: float
    took_s: float
    peak_gb: float

    def lines(self) -> Iterator[str]:
        packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
        took = f"{self.took_s / 60.0:.1f} minutes, at most {self.peak_gb:.1f} GB of memory"
        yield f"- {self.day}, commit {self.commit}, seed {SEED}, {took}"
        memory = f"{self.memory_gb:.0f} GB"
        yield f"- {self.processor}, {self.processors} processors, {memory}, {platform.platform()}"
        yield f"- {100 * self.idle_share:.0f} % idle before the run" + (
            "" if self.idle_share >= 0.95 else ": other work ran beside it"
        )
        yield f"- Python {platform.python_version()}, {packages}, GEOS {shapely.geos_version_string}"


def machine(idle_share: float, took_s: float, root: Path) -> Machine:
    """What can be known of the machine and the sources."""
    return Machine(
        datetime.now(UTC).date().isoformat(),
        commit_of(root),
        _processor(),
        os.cpu_count() or 1,
        os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        idle_share,
        took_s,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024 / 1e9,  # kilobytes on Linux
    )


def commit_of(root: Path) -> str:
    """The commit, and whether sources differ from it; what a benchmark wrote does not count."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    commit = git("rev-parse", "--short=12", "HEAD")
    if not commit:
        return "unknown (no git checkout)"
    changed = git("status", "--porcelain", "--", "emon", "benchmarks/*.py", "requirements", "pyproject.toml")
    return f"{commit}, with changes not committed" if changed else commit


def _processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    if cpuinfo.exists():
        for line in cpuinfo.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def write(sections: Sequence[Section], of: Machine, command: str, repetitions: int, folder: Path) -> Path:
    """``REPORT.md`` in a folder and its charts in ``charts/`` there; the page's path."""
    charts = folder / CHARTS
    charts.mkdir(parents=True, exist_ok=True)
    ratios = [ratio for section in sections for ratio in section.ratios]
    (charts / "ratios.svg").write_text(ratios_svg(ratios, "Geofence: how many times as fast"), "utf-8")
    for section in sections:
        for curve in section.curves:
            (charts / f"{curve.key}.svg").write_text(curve_svg(curve), "utf-8")
    page = folder / "REPORT.md"
    page.write_text("\n".join(_page(sections, ratios, of, command, repetitions)), "utf-8")
    return page


def _page(
    sections: Sequence[Section], ratios: Sequence[Ratio], of: Machine, command: str, repetitions: int
) -> Iterator[str]:
    yield _TEXT.format(command=command, repetitions=repetitions)
    yield from of.lines()
    aimed = [ratio for ratio in ratios if ratio.least is not None]
    figures = [figure for section in sections for figure in section.figures if figure.most is not None]
    yield (
        f"\n{sum(1 for r in aimed if r.met)} of {len(aimed)} ratios reach what they are to, and "
        f"{sum(1 for f in figures if f.met)} of {len(figures)} figures with a bound keep it.\n"
    )
    yield f"![Ratios of all rows]({CHARTS}/ratios.svg)\n"
    for section in sections:
        yield f"## {section.title}\n"
        yield f"{section.text}\n"
        if section.ratios:
            yield "| work | beside | ours, ns | theirs, ns | ratio | at least | answers that differ |"
            yield "|---|---|---|---|---|---|---|"
            yield from (_ratio_row(ratio) for ratio in section.ratios)
            yield ""
        if section.figures:
            yield "| figure | value | at most |"
            yield "|---|---|---|"
            yield from (_figure_row(figure) for figure in section.figures)
            yield ""
        short = [row.key for row in section.ratios if row.met is False]
        short += [figure.key for figure in section.figures if figure.met is False]
        notes = [TRIED[key] for key in short if key in TRIED]
        yield from (f"{note}\n" for note in (*section.notes, *dict.fromkeys(notes)))
        yield from (f"![{curve.title}]({CHARTS}/{curve.key}.svg)\n" for curve in section.curves)
    yield _ELSEWHERE


def _ratio_row(row: Ratio) -> str:
    least = "" if row.least is None else f"{number(row.least)} ×"
    if row.met is False:
        least += " **falls short**"
    if row.ratio.median < 1.0:
        least += " **loses**"
    answers = "" if row.answers is None else str(row.answers)
    found = row.ratio
    ratio = f"**{number(found.median)} ×** ({number(found.low)} – {number(found.high)})"
    cells = (row.what, row.beside, span(row.ours_ns), span(row.theirs_ns), ratio, least.strip(), answers)
    return f"| {' | '.join(cells)} |"


def _figure_row(row: Figure) -> str:
    most = "" if row.most is None else f"{number(row.most)} {row.unit}".strip()
    if row.met is False:
        most += " **falls short**"
    return f"| {row.what} | {span(row.value)} {row.unit} | {most} |"

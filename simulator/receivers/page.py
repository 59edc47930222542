"""The generated page of docs/ about receivers: their numbers, and simulated beside real statistics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from simulator.path import Surroundings
from simulator.receivers.calibration import NOT_JUDGED, SEED, Line, compared, read_figures, rounded
from simulator.receivers.kinds import KINDS
from simulator.receivers.parameters import Conditions, Receiver

_HEAD = f"""# The simulated receivers in numbers

Written by `make docs` from `simulator/receivers/kinds.py`, which names the source of each number, and from
`emon-sim calibrate` with seed {SEED}. What the words mean is in
[simulator-receivers.md](simulator-receivers.md). Claims are those of a 68 % circle, as receivers report them;
their spread is the deviation of the logarithm. Simulated and real claims below are of the 95 % circle, save
where a name says `claim68`.
"""


def figures_page(lines: Sequence[Line] | None = None) -> str:
    """``docs/simulator-receivers-figures.md``; ``lines`` are those of the calibration, else it is played."""
    lines = compared(read_figures()) if lines is None else lines
    parts = [_HEAD, *(_kind(receiver) for receiver in KINDS.values()), _calibration(lines)]
    return "\n".join(parts)


def _kind(receiver: Receiver) -> str:
    columns = (
        "around",
        "gnss / wifi / cell / far / hold",
        "lost",
        "drift fast / slow / white",
        "claim (spread)",
    )
    rows = [(code.name.lower(), *_cells(receiver.conditions[code])) for code in Surroundings]
    said = [f"Drift with {receiver.fast_s:g} and {receiver.slow_s:g} s"]
    uses, wifi, cell, far = receiver.uses, receiver.wifi, receiver.cell, receiver.far
    if uses.gnss:
        said.append(f"bias of a place {_span(receiver.bias_m)} m")
    if uses.wifi:
        said.append(f"Wi-Fi {_span(wifi.bias_m)} m aside, claiming {wifi.claim68_m:g} m")
    if uses.cell:
        said.append(
            f"masts {cell.spacing_m:g} m apart, {cell.stay_s:g} s on each, claiming {_span(cell.claim68_m)} m"
        )
    if uses.far:
        said.append(f"far ones {_span(far.off_m)} m off, claiming {_span(far.claim68_m)} m")
    if receiver.doze_share:
        said.append(f"dozes {_percent(receiver.doze_share)} of the time at rest")
    table = "\n".join(_table((*columns, "astray", "poor"), rows))
    return f"## {receiver.name}\n\n{'; '.join(said)}.\n\n{table}\n"


def _cells(met: Conditions) -> tuple[str, ...]:
    astray, poor = met.astray, met.poor
    bold = "" if astray.claim68_m is None else f", claims {_span(astray.claim68_m)} m"
    sky = met.gnss > 0.0
    return (
        " / ".join(f"{share:g}" for share in (met.gnss, met.wifi, met.cell, met.far, met.hold)),
        _percent(met.lost_share) if met.lost_share else "",
        f"{met.fast_m:g} / {met.slow_m:g} / {met.white_m:g} m" if sky else "",
        f"{met.claim68_m:g} m ({met.claim_spread:g})" if sky else "",
        f"{_percent(astray.share)}: {_span(astray.off_m)} m{bold}" if sky and astray.share else "",
        f"{_percent(poor.share)}: claims {_span(poor.claim68_m)} m" if sky and poor.share else "",
    )


def _calibration(lines: Sequence[Line]) -> str:
    judged = [line for line in lines if not line.held_out]
    held_out = [line for line in lines if line.held_out]
    good, kept = (sum(line.holds for line in part) for part in (judged, held_out))
    rows = [
        "## Simulated beside real",
        "",
        f"{good} of {len(judged)} judged lines lie within their tolerance. Of {len(held_out)} lines of parts"
        f" that are held out, {kept} do, or lie among the middle 95 % of the single simulated sessions; the"
        " others are here too.",
        "",
        *_comparison("### Judged", judged),
        *_comparison("### Held out", held_out),
        "### Not judged",
        "",
        *(f"- {of} {statistic}*: {reason}" for of, statistic, reason in NOT_JUDGED),
        "",
    ]
    return "\n".join(rows)


def _comparison(title: str, lines: Sequence[Line]) -> Iterator[str]:
    yield from (title, "")
    for heading in dict.fromkeys((line.situation, line.source) for line in lines):
        yield from (f"**{heading[0]}**: {heading[1]}", "")
        rows = [
            (
                line.statistic,
                f"{rounded(line.simulated):g}",
                f"{rounded(line.real):g}",
                str(line.tolerance),
                "" if line.sessions is None else "{:g} to {:g}".format(*map(rounded, line.sessions)),
                "ok" if line.holds else "**outside**",
            )
            for line in lines
            if (line.situation, line.source) == heading
        ]
        columns = ("statistic", "simulated", "real", "tolerance", "sessions", "")
        yield from (*_table(columns, rows), "")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; columns that are empty in all rows are left out."""
    body = [list(row) for row in rows]
    used = [i for i in range(len(columns)) if columns[i] == "" or any(row[i] for row in body)]
    lines = [[columns[i] for i in used], ["---"] * len(used), *([row[i] for i in used] for row in body)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _span(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:g}" if bounds[0] == bounds[1] else f"{bounds[0]:g} to {bounds[1]:g}"


def _percent(share: float) -> str:
    return f"{100.0 * share:g} %"

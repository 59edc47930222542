"""``emon-sim calibrate``: simulated receivers beside recorded ones."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.commands import shell

if TYPE_CHECKING:
    from simulator.receivers.calibration import Line

_EPILOG = """\
examples:
  emon-sim calibrate                                 against the figures in the repository
  emon-sim calibrate --tracks ../tracks              against the tracks themselves
  emon-sim calibrate --tracks ../tracks --write      and keep their statistics as those figures

Lines of cited tables and training tracks decide the exit code: 1 when one is outside its tolerance. Parts
that are held out are printed apart and decide nothing: no number of a model was set on them. They are
single sessions, and so also hold where they lie among the middle 95 % of the simulated ones, printed last.
Receivers made of recordings need the tracks and are printed apart too.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "calibrate",
        help="compare simulated receivers with recorded ones",
        description="Prints statistics of simulated receivers beside those of recorded ones, each with its"
        " tolerance and a verdict: claims, coverage, autocorrelation, excursions, jumps, gaps, repeats.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--tracks", type=Path, metavar="DIR", help="the recorded tracks (without: the figures committed)"
    )
    parser.add_argument(
        "--figures", type=Path, metavar="FILE", help="the figures to read or write (those in the package)"
    )
    parser.add_argument(
        "--write", action="store_true", help="keep the tracks' statistics as the figures (EMON_TRACKS)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument(
        "--seed", type=int, default=20_190_831, metavar="N", help="of the simulated receivers (20190831)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    # Here, not above: the other commands need not wait for compiled kernels.
    from simulator.receivers.calibration import NOT_JUDGED, compared, compared_resampled
    from simulator.receivers.real import read_named

    with shell.fault_as_exit():
        real, tracks = _real(args)
        lines = compared(real, args.seed)
        resampled = compared_resampled(real, read_named(tracks), args.seed) if tracks else []
    judged = [line for line in lines if not line.held_out]
    held_out = [line for line in lines if line.held_out]
    failed = [line for line in judged if not line.holds]
    if args.json:
        shell.print_json(
            {
                "seed": args.seed,
                "judged": len(judged),
                "failed": len(failed),
                "held_out": len(held_out),
                "held_out_within": sum(line.holds for line in held_out),
                "not_judged": [
                    {"situation": situation, "statistic": f"{statistic}*", "reason": reason}
                    for situation, statistic, reason in NOT_JUDGED
                ],
                "lines": [line.as_json() for line in lines],
                "resampled": [line.as_json() for line in resampled] if tracks else None,
            }
        )
    else:
        for row in (*table(judged, held_out, resampled), *_closing(judged, held_out, resampled)):
            print(row)
    return 1 if failed else 0


def _real(args: argparse.Namespace) -> tuple[dict[str, Any], Path | None]:
    """Statistics of the tracks named, else those kept; and the folder of the tracks, where there is one.

    Leaves with 64 where tracks are asked for and there are none, with 65 where figures are not.
    """
    from simulator.receivers.calibration import (
        FiguresRefused,
        figures_of,
        figures_path,
        figures_text,
        read_figures,
    )
    from simulator.receivers.real import TracksMissing, read_named, tracks_folder

    try:
        folder = tracks_folder(args.tracks)
    except TracksMissing as fault:
        if args.tracks is not None or args.write:
            shell.leave(shell.EX_USAGE, str(fault))
        folder = None
    try:
        if folder is None or (args.tracks is None and not args.write):
            return read_figures(args.figures), folder
        real = figures_of(read_named(folder))
    except TracksMissing as fault:
        shell.leave(shell.EX_USAGE, str(fault))
    except FiguresRefused as fault:
        shell.leave(shell.EX_DATA, str(fault))
    if args.write:
        shell.write_bytes(args.figures or figures_path(), [figures_text(real).encode()])
    return real, folder


def table(judged: list[Line], held_out: list[Line], resampled: list[Line]) -> list[str]:
    """The lines of the report, by situation; what decides nothing last."""
    from simulator.receivers.calibration import rounded

    rows: list[str] = []
    parts = (
        ("judged", judged),
        ("held out: decides nothing", held_out),
        ("resampled: decides nothing", resampled),
    )
    for title, lines in parts:
        heading = None
        for line in lines:
            if heading != (line.situation, line.source):
                heading = (line.situation, line.source)
                rows += ["", f"{line.situation} ({title}): {line.source}"]
            verdict = "ok" if line.holds else "OUTSIDE"
            span = "" if line.sessions is None else "  {:g} to {:g}".format(*map(rounded, line.sessions))
            rows.append(
                f"  {line.statistic:32} simulated {rounded(line.simulated):>9g}"
                f"  real {rounded(line.real):>9g}  {line.tolerance!s:>16}  {verdict}{span}"
            )
    return rows


def _closing(judged: list[Line], held_out: list[Line], resampled: list[Line]) -> list[str]:
    from simulator.receivers.calibration import NOT_JUDGED

    made = "not available: no recorded tracks; name their folder or set EMON_TRACKS"
    if resampled:
        made = f"{sum(line.holds for line in resampled)} of {len(resampled)}"
    good, kept = sum(line.holds for line in judged), sum(line.holds for line in held_out)
    return [
        *("", "not judged:"),
        *(f"  {situation} {statistic}*: {reason}" for situation, statistic, reason in NOT_JUDGED),
        *("", f"{good} of {len(judged)} judged lines hold; held out: {kept} of {len(held_out)};"),
        f"resampled receivers: {made}",
    ]

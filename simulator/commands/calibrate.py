"""``emon-sim calibrate``: simulated receivers beside recorded ones."""

from __future__ import annotations

import argparse
from importlib.resources import files
from pathlib import Path
from typing import Any

from simulator.commands import shell
from simulator.receivers.calibration import (
    FIGURES_FILE,
    NOT_JUDGED,
    SEED,
    Line,
    committed_figures,
    compared,
    figures_of,
    figures_text,
    rounded,
)
from simulator.receivers.real import TracksMissing, read_named, tracks_folder

_EPILOG = """\
examples:
  emon-sim calibrate                                 against the figures in the repository
  emon-sim calibrate --tracks ../tracks              against the tracks themselves
  emon-sim calibrate --tracks ../tracks --write      and keep their statistics as those figures

Lines of cited tables and training tracks decide the exit code: 1 when one is outside its tolerance. Parts
that are held out are printed apart and decide nothing: no number of a model was set on them.
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
        "--tracks", type=Path, metavar="DIR", help="the recorded tracks (without: the committed figures)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument(
        "--seed", type=int, default=SEED, metavar="N", help=f"of the simulated receivers ({SEED})"
    )
    parser.add_argument(
        "--write", action="store_true", help="keep the tracks' statistics in the repository (EMON_TRACKS)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    with shell.fault_as_exit():
        real = _real(args)
    lines = compared(real, args.seed)
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
            }
        )
    else:
        for row in table(judged, held_out):
            print(row)
    return 1 if failed else 0


def _real(args: argparse.Namespace) -> dict[str, Any]:
    """Statistics of the tracks named, else those committed; leaves with 64 where there is no folder."""
    if args.tracks is None and not args.write:
        return committed_figures()
    try:
        real = figures_of(read_named(tracks_folder(args.tracks)))
    except TracksMissing as fault:
        shell.leave(shell.EX_USAGE, str(fault))
    if args.write:
        shell.write_bytes(
            Path(str(files("simulator.receivers").joinpath(FIGURES_FILE))), [figures_text(real).encode()]
        )
    return real


def table(judged: list[Line], held_out: list[Line]) -> list[str]:
    """The lines of the report, by situation; held-out parts last."""
    rows: list[str] = []
    for title, lines in (("judged", judged), ("held out: decides nothing", held_out)):
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
    rows += ["", "not judged:"]
    rows += [f"  {situation} {statistic}*: {reason}" for situation, statistic, reason in NOT_JUDGED]
    good, kept = sum(line.holds for line in judged), sum(line.holds for line in held_out)
    return [*rows, "", f"{good} of {len(judged)} judged lines hold; held out: {kept} of {len(held_out)}"]

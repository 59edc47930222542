"""The rules of the known systems and ours on the same fixes, scored against a truth that is known.

    python -m benchmarks.detection               the full run, an hour or so of processor time
    python -m benchmarks.detection --quick       a small one, under a minute, into .cache/benchmarks-quick

Writes detection/REPORT.md and its charts. Each world's results are kept under .cache/detection, so that
a run that was ended (Ctrl-C, SIGTERM) is taken up again by the same command; seeds are done one after the
other. --seeds tells with fewer test seeds, and --known plays nothing: it writes the report of the whole
seeds that are kept, and says how many. To make a run in pieces over days, name the folder with --kept:
without it, another version of the code begins anew.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.detection.jobs import ROOT, say_on_stderr
from benchmarks.detection.plan import FULL, QUICK
from benchmarks.detection.report import Unfinished
from benchmarks.detection.run import WORKERS, run_scale


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="a small run")
    parser.add_argument("--seeds", type=int, metavar="N", help=f"test seeds of each suite ({FULL.test})")
    parser.add_argument(
        "--parts", type=int, metavar="N", help=f"seeds of ablations and sensitivities ({FULL.parts})"
    )
    parser.add_argument("--workers", type=int, default=WORKERS, metavar="N", help=f"processes ({WORKERS})")
    parser.add_argument("--kept", type=Path, metavar="DIR", help="where results are kept")
    parser.add_argument("--known", action="store_true", help="tell of what is kept, play nothing")
    args = parser.parse_args(arguments)
    scale = QUICK if args.quick else FULL
    if args.seeds is not None:
        scale = replace(scale, test=args.seeds)
    if args.parts is not None:
        scale = replace(scale, parts=args.parts)
    folder = ROOT / ".cache" / "benchmarks-quick" if args.quick else ROOT / "benchmarks"
    try:
        report = run_scale(
            scale, folder, say_on_stderr, workers=args.workers, kept=args.kept, known_only=args.known
        )
    except Unfinished as why:
        say_on_stderr(str(why))
        return 1
    print(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The rules of the known systems and ours on the same fixes, scored against a truth that is known.

    python -m benchmarks.detection               the full run: hours of processor time; writes REPORT.md
    python -m benchmarks.detection --quick       under a minute; prints the report and writes nothing

Each world's results are kept under .cache/detection, so that a run that was ended is taken up again.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.detection.jobs import ROOT, Kept, digest, say_on_stderr
from benchmarks.detection.plan import FULL, QUICK
from benchmarks.detection.report import measured, write


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.detection", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a small run, printed")
    parser.add_argument("--seeds", type=int, metavar="N", help="test seeds of each suite (100)")
    parser.add_argument("--parts", type=int, metavar="N", help="seeds of ablations and sensitivities (2)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes (2)")
    parser.add_argument("--kept", type=Path, metavar="DIR", help="where results are kept")
    args = parser.parse_args(arguments)
    scale = QUICK if args.quick else FULL
    if args.seeds is not None:
        scale = replace(scale, test=args.seeds)
    if args.parts is not None:
        scale = replace(scale, parts=args.parts)
    kept = Kept(args.kept or ROOT / ".cache" / "detection" / digest())
    found = measured(scale, kept, workers=args.workers, say=say_on_stderr)
    if args.quick:
        sys.stdout.write(write(found, None))
    else:
        write(found, Path(__file__).parent)
        print(Path(__file__).with_name("REPORT.md"))
    return 0


if __name__ == "__main__":
    sys.exit(main())

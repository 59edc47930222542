"""``python -m benchmarks.storage``: writes benchmarks/STORAGE.md at the full size."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from benchmarks.__main__ import progress
from benchmarks.storage.run import PAGE, report


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.storage", description="Every read at many fixes."
    )
    parser.add_argument("--rows", type=int, default=20_000_000, metavar="N", help="fixes (20000000)")
    parser.add_argument(
        "--out", type=Path, help="the page; benchmarks/STORAGE.md at the full size, else none"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep the rows there, and take those that are there"
    )
    given = parser.parse_args()
    text = asyncio.run(report(given.rows, progress("storage"), given.keep))
    print(text)
    page = given.out or (Path(__file__).parents[1] / PAGE if given.rows == 20_000_000 else None)
    if page is not None:
        page.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

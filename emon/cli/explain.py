"""``emon explain``: recompute a breach's verdict from its own file alone."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

_EPILOG = """\
FILE is an explanation as `emon replay --files DIR` writes it. Nothing else is read: the engine judges
the fixes of the file by the order, the rules and the instants in it, and the outcome is compared with
what the file says. docs/explanation.md describes the file member by member.

example:
  $ emon explain explanations/4be7a1….json --lang en

Exit codes: 0 the verdict and the hash agree; 1 one of them does not, each difference is named; 65 the
file is no explanation, each fault by its place; 74 the file cannot be read.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "explain",
        help="recompute a breach's verdict from its own file",
        description="Recomputes a breach's verdict from its own file alone and shows how it came about.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="an explanation (JSON); - reads standard input")
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object")
    parser.add_argument("--lang", choices=("nl", "en"), default="en", help="of the account (default: en)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon import __version__
    from emon.explanation.account import account, said
    from emon.explanation.read import read_explanation
    from emon.explanation.verify import verify
    from emon.orders.tree import DocumentRefused

    try:
        data = sys.stdin.buffer.read() if args.file == "-" else Path(args.file).read_bytes()
    except OSError as fault:
        print(f"emon explain: {args.file}: {fault.strerror or fault}", file=sys.stderr)
        return os.EX_IOERR
    try:
        explanation = read_explanation(data)
    except DocumentRefused as refused:
        for fault_ in refused.faults:
            print(f"emon explain: {args.file}: {fault_}", file=sys.stderr)
        return os.EX_DATAERR
    finding = asyncio.run(verify(explanation))
    if args.json:
        outcome = {
            "agrees": finding.agrees,
            "hash_agrees": finding.hash_agrees,
            "sha256": finding.hash_of_content,
            "verdict": finding.instead if finding.recomputed is None else finding.recomputed["verdict"],
            "sentence": None if finding.recomputed is None else finding.recomputed["sentence"][args.lang],
            "differences": [
                {"path": d.path, "file": d.in_file, "recomputed": d.recomputed} for d in finding.differences
            ],
            "made_by": finding.made_by,
            "recomputed_by": __version__,
        }
        print(json.dumps(outcome, ensure_ascii=False))
    else:
        for line in account(explanation.document, finding, __version__, args.lang):
            print(line)
    if finding.agrees:
        return os.EX_OK
    if not finding.hash_agrees:
        print(f"emon explain: {args.file}: the hash does not agree with the content", file=sys.stderr)
    for difference in finding.differences[:1]:
        print(f"emon explain: {args.file}: {said(difference, 'file', 'recomputed')}", file=sys.stderr)
    return 1

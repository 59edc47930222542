"""The command line of the simulator: ``emon-sim COMMAND``."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from emon import __version__

COMMANDS = ("run", "score", "load", "tracks", "calibrate", "world")

_EPILOG = """\
begin here:
  emon-sim run --list                                                     thirty-five staged breaches and more
  emon-sim run story --orders-out orders.json --fixes-out fixes.jsonl     offline, for emon replay
  emon-sim run story --url mqtt://USER:PASSWORD@127.0.0.1:1883            the same in real time
  emon-sim score story alerts.jsonl --start 2026-06-01T10:00:00Z          against the truth

A scenario is one YAML file that anybody can read (docs/simulator.md), with what is due written by hand.

Exit codes are those of sysexits.h (64 usage, 65 data, 69 unavailable, 74 input or output); 1 is a
score's or a run's own verdict, 130 an interrupt.
"""


class Parser(argparse.ArgumentParser):
    """An argument parser whose usage errors exit with 64 and name the help."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(os.EX_USAGE, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


def build_parser() -> Parser:
    parser = Parser(
        prog="emon-sim",
        description="Plays wearers whose truth is known against the engine, and judges its alerts.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"emon {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    for name in COMMANDS:
        importlib.import_module(f"simulator.commands.{name}").register(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        args = build_parser().parse_args(argv)
        return int(args.run(args))
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else os.EX_OK
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # The reader has gone (`| head`); nothing more can be said there, also not at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


if __name__ == "__main__":
    sys.exit(main())

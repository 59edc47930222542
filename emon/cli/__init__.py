"""The command line: ``emon COMMAND``. One module a command; this one finds it and keeps the exit codes.

Exit codes are those of sysexits.h: 64 usage, 65 data, 69 unavailable, 70 our own fault, 73 no place for
output, 74 input or output, 78 configuration; 130 after Ctrl-C, 141 when the reader of standard output went
away. A command's own verdict (``emon demo``: an alert is missing) is 1.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from emon import __version__
from emon.config import ConfigurationRefused

COMMANDS = (
    "demo",
    "run",
    "watch",
    "arm",
    "check",
    "replay",
    "explain",
    "locate",
    "migrate",
    "user",
    "broker",
    "recipients",
    "health",
    "export",
    "import",
    "verify",
    "audit",
    "retain",
    "feedback",
)
"""In the order in which ``emon --help`` shows them."""

_EPILOG = """\
begin here:
  emon demo                          the whole story on an embedded broker and database
  emon check orders.json             what is wrong in an order, before it is armed
  emon replay orders.json fixes.jsonl
  emon COMMAND --help                what a command needs, with an example
"""


class Parser(argparse.ArgumentParser):
    """An argument parser whose usage errors exit with 64 and name the help."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(os.EX_USAGE, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


class _Help(argparse.RawDescriptionHelpFormatter):
    """Leaves the longest command room beside its line: argparse forgets how far commands are indented."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._action_max_length = max(map(len, COMMANDS)) + 4


def build_parser(commands: Sequence[str] = COMMANDS) -> Parser:
    """The parser with the given commands; each module of emon/cli registers its own arguments."""
    parser = Parser(
        prog="emon",
        description="Checks bracelet positions against location and area bans and tells who must know.",
        epilog=_EPILOG,
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"emon {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    for name in commands:
        module = "import_" if name == "import" else name  # a word of the language
        importlib.import_module(f"emon.cli.{module}").register(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_closed()
    try:
        return _ended(arguments)
    except ConfigurationRefused as refused:
        for fault in refused.faults:
            print(f"emon: {fault}", file=sys.stderr)
        return os.EX_CONFIG
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        _give_up_output()  # the reader has gone (`| head`)
        return 128 + signal.SIGPIPE
    except (
        Exception
    ) as fault:  # our own fault: the trace is for the report, and 1 would be a command's verdict
        if isinstance(fault, OSError) and fault.filename is None and output_is_broken():
            _give_up_output()
            reason = fault.strerror or fault
            print(f"emon: standard output: {reason}; what was printed is not whole", file=sys.stderr)
            return os.EX_IOERR
        traceback.print_exc()
        print("emon: this is a fault of emon itself; please report it with the lines above", file=sys.stderr)
        return os.EX_SOFTWARE


def _open_closed() -> None:
    """A stream that the caller closed (`>&-`) is one that nobody reads, and no fault."""
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def output_is_broken() -> bool:
    """Whether it was standard output that took no more, as a full disk behind `> FILE` does."""
    try:
        os.write(sys.stdout.fileno(), b"\n")
    except OSError:
        return True
    return False


def _give_up_output() -> None:
    """Nothing more can be said on standard output, also not at interpreter exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _ended(arguments: list[str]) -> int:
    """The exit code, once all that was printed has gone where it should."""
    try:
        code = _run(arguments)
    except SystemExit as exit_:  # argparse: help, version and usage
        code = exit_.code if isinstance(exit_.code, int) else os.EX_OK
    sys.stdout.flush()
    return code


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments else None
    if name is None:
        build_parser().print_help(sys.stderr)
        return os.EX_USAGE
    if not name.startswith("-") and name not in COMMANDS:
        return _unknown(name)
    # Only the named command's module is loaded, so that a small command starts at once.
    parser = build_parser(COMMANDS if name.startswith("-") else (name,))
    namespace, unknown = parser.parse_known_args(arguments)
    if unknown:  # argparse would show the usage of `emon` itself
        print(f"emon {name}: unrecognized arguments: {' '.join(unknown)}", file=sys.stderr)
        print(f"Try: emon {name} --help", file=sys.stderr)
        return os.EX_USAGE
    code: int = namespace.run(namespace)
    return code


def _unknown(name: str) -> int:
    near = difflib.get_close_matches(name, COMMANDS, n=1)
    advice = f"did you mean {near[0]}?" if near else "emon --help lists the commands"
    print(f"emon: there is no command {name!r}; {advice}", file=sys.stderr)
    return os.EX_USAGE

"""``emon broker check``: which settings of a broker's files lose fixes."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emon.identity.broker_settings import BrokerKind, Text

NAMES = ("mosquitto.conf", "nats.conf", "nats-server.conf")
_MOSQUITTO_DIR = re.compile(r"^\s*include_dir\s+(\S.*?)\s*$", re.MULTILINE)
_NATS_FILE = re.compile(r"^\s*include\s*[:=]?\s*[\"']?([^\"'\s#]+)", re.MULTILINE)
_FOUND = 1

DESCRIPTION = (
    "Reads mosquitto.conf or nats.conf with what it includes, and names each setting that loses fixes, "
    "with its line and what to write."
)


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = actions.add_parser(
        "check",
        help="which settings of a broker lose fixes",
        description=DESCRIPTION,
        epilog="A FOLDER is looked through for " + ", ".join(NAMES) + ".\n\n"
        "Exit codes: 0 nothing to say; 1 a setting loses fixes; 65 no settings file of a broker; 74 it "
        "cannot be read.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("path", metavar="FOLDER|FILE", type=Path, help="the broker's settings")
    check.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from emon.identity.broker_settings import Unreadable, findings, kind_of

    try:
        files = _files(args.path)
        if not files:
            return _fault(f"{args.path}: none of {', '.join(NAMES)} is there", os.EX_DATAERR)
        found = []
        for file in files:
            text = file.read_text("utf-8")
            kind = kind_of(text)
            texts = _with_included(file, text, kind)
            found += findings(texts, kind)
            print(f"emon broker: {', '.join(one.name for one in texts)}: {kind}", file=sys.stderr)
    except Unreadable as unreadable:
        return _fault(str(unreadable), os.EX_DATAERR)
    except UnicodeDecodeError as fault:
        return _fault(f"{args.path}: no text: {fault}", os.EX_DATAERR)
    except OSError as fault:
        return _fault(f"{fault.filename}: {fault.strerror}", os.EX_IOERR)
    for finding in found:
        print(finding)
    if not found:
        print("emon broker: no setting that loses fixes", file=sys.stderr)
    return _FOUND if found else os.EX_OK


def _files(path: Path) -> list[Path]:
    """Raises ``OSError`` for a path that is not there."""
    if path.is_dir():
        return [path / name for name in NAMES if (path / name).is_file()]
    path.stat()
    return [path]


def _with_included(file: Path, text: str, kind: BrokerKind) -> list[Text]:
    """The file and what it includes, after it. A folder or file that is not where it says is looked for
    beside the file: settings are often checked before they are where the broker reads them."""
    from emon.identity.broker_settings import BrokerKind, Text

    texts = [Text(str(file), text)]
    if kind is BrokerKind.MOSQUITTO:
        for folder in map(Path, _MOSQUITTO_DIR.findall(text)):
            place = _there(folder, file)
            if place is None:
                _say_absent(folder)
                continue
            texts += [Text(str(one), one.read_text("utf-8")) for one in sorted(place.glob("*.conf"))]
        return texts
    for included in map(Path, _NATS_FILE.findall(text)):
        place = _there(file.parent / included, file)
        if place is None:
            _say_absent(included)
        else:
            texts.append(Text(str(place), place.read_text("utf-8")))
    return texts


def _there(path: Path, beside: Path) -> Path | None:
    for place in (path, beside.parent / path.name):
        if place.exists():
            return place
    return None


def _say_absent(path: Path) -> None:
    print(f"emon broker: {path} is not there and was not read", file=sys.stderr)


def _fault(text: str, code: int) -> int:
    print(f"emon broker: {text}", file=sys.stderr)
    return code

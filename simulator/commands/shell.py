"""What several commands share: exit codes, a start instant, files to write, sentences on stderr."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.model.instant import SECOND_US, parse_instant
from simulator.credentials import CredentialsRefused
from simulator.load_plan import LoadRefused
from simulator.mqtt import BrokerRefused, BrokerUnavailable
from simulator.scenario import ScenarioRefused
from simulator.stopping import now_us
from simulator.tracks import TracksRefused

# sysexits.h
EX_OK, EX_USAGE, EX_DATA, EX_UNAVAILABLE, EX_IO = 0, 64, 65, 69, 74


def say(sentence: str) -> None:
    """Progress goes to standard error; standard output holds results alone."""
    print(sentence, file=sys.stderr, flush=True)


def print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value), flush=True)


@contextmanager
def fault_as_exit() -> Iterator[None]:
    """Known faults become one sentence and a sysexits code; anything else is a bug and shows itself."""
    try:
        yield
    except (ScenarioRefused, TracksRefused, CredentialsRefused) as fault:
        leave(EX_DATA, str(fault))
    except LoadRefused as fault:
        leave(EX_USAGE, str(fault))
    except (BrokerUnavailable, BrokerRefused) as fault:
        leave(EX_UNAVAILABLE, f"{fault}; --url says where the broker is and who publishes")
    except OSError as fault:
        leave(EX_IO, f"{fault.filename or 'input or output'}: {fault.strerror or fault}")


def leave(code: int, sentence: str) -> None:
    """Raises ``SystemExit`` with the code, the sentence on standard error."""
    say(f"emon-sim: {sentence}")
    raise SystemExit(code)


def broker_address(text: str) -> BrokerAddress:
    """An argparse type."""
    try:
        return BrokerAddress.parse(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from None


def whole_second(text: str) -> int:
    """An argparse type: an RFC 3339 instant on a whole second, in microseconds."""
    try:
        instant_us = parse_instant(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from None
    if instant_us % SECOND_US:
        raise argparse.ArgumentTypeError("a scenario starts on a whole second")
    return instant_us


def next_second(wait_s: float) -> int:
    """The first whole second that is at least ``wait_s`` away."""
    earliest_us = now_us() + round(wait_s * SECOND_US)
    return -(-earliest_us // SECOND_US) * SECOND_US


@contextmanager
def written(path: Path | None) -> Iterator[IO[str] | None]:
    """The file opened for writing, or None where none is asked for."""
    if path is None:
        yield None
    else:
        with path.open("w", encoding="utf-8") as file:
            yield file


def write_bytes(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(line + "\n")


def add_broker(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--url",
        type=broker_address,
        required=required,
        metavar="URL",
        help="the broker, as mqtt://USER:PASSWORD@HOST:PORT or mqtts://…",
    )


def finished(coroutine: Any) -> Any:
    """Run to the end with a fresh event loop."""
    return asyncio.run(coroutine)

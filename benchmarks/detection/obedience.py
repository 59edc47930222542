"""Our engine over devices that hear what it asks while it judges: a fix at once, and one each 15 s.

What it asks depends on what came, so such a world is played and judged in one
(simulator/suites/obeying.py). No rule of the known systems asks anything; they are not in these rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from benchmarks.detection.engines import Unjudged
from benchmarks.detection.scene import Scene, received_of, scene_of_suite
from emon.engine import Message
from emon.ingest.decode import decode
from emon.ingest.sources.files import read_line
from emon.model.command import Command
from emon.orders.document import DocumentRefused, parse_document
from emon.replay import lines_of, replay
from simulator.suites.obeying import Asked, Devices, obeyed
from simulator.suites.played import Played


class Answers:
    """The devices of a world as ``emon.replay`` asks them."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self.lines: list[str] = []

    @property
    def next_us(self) -> int | None:
        return self._devices.next_us

    def come(self, at_us: int) -> list[Message]:
        found = self._devices.come(at_us)
        self.lines += found
        return [_message(line) for line in found]

    def hear(self, commands: Sequence[Command]) -> None:
        for each in commands:
            asks = each.asks.value
            self._devices.ask(
                Asked(each.id, each.device, asks, each.at_us, each.until_us, each.rate_s, each.for_s)
            )


def _message(line: str) -> Message:
    read = read_line(1, line.encode())
    return Message(read.topic, decode(read.topic, read.payload))


def obeyed_scene(name: str, seed: int, **parameters: Any) -> tuple[Scene, list[dict[str, Any]], list[str]]:
    """The world as it came to be, the lines of the replay that it came of, and the lines of FIXES that were
    asked for. Raises ``Unjudged``."""
    told: list[dict[str, Any]] = []
    asked: list[str] = []

    def rule(before: Played, devices: Devices) -> None:
        try:
            versions = parse_document(before.orders, armed_at_us=None)
        except DocumentRefused as refused:
            raise Unjudged(str(refused).splitlines()[0]) from refused
        answers = Answers(devices)
        names = [track.device for track in before.tracks]
        received = received_of(before.fixes_lines())
        archive = asyncio.run(replay(versions, received, obedient=(names, answers)))
        told.extend(lines_of(archive))
        asked.extend(answers.lines)

    played = obeyed(name, seed, rule, **parameters)
    return scene_of_suite(played), told, asked

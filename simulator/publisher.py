"""Plays a scenario against a real broker in real time, each device over its own connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.limits import SETTLE_S
from emon.model.instant import SECOND_US, format_instant
from simulator.credentials import Credentials, broker_for
from simulator.device import Sending, SentFix, sendings
from simulator.device_life import unheard
from simulator.faults.effects import with_faults
from simulator.mqtt import BrokerRefused, BrokerUnavailable, Link, Will
from simulator.scenario import Scenario, Wearer, Wire
from simulator.spans import Span
from simulator.stopping import now_us, sleep_until

_CONNECT_S = 30.0

Say = Callable[[str], None]


@dataclass(slots=True)
class RunReport:
    """What became of a run: messages and fixes sent, fixes acknowledged by the broker.

    ``gave_up`` names the devices that found no broker again; ``unsent`` counts the fixes they kept.
    """

    messages: int = 0
    fixes: int = 0
    acknowledged: int = 0
    reconnects: int = 0
    interrupted: bool = False
    gave_up: list[str] = field(default_factory=list)
    unsent: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "messages": self.messages,
            "fixes": self.fixes,
            "acknowledged": self.acknowledged,
            "reconnects": self.reconnects,
            "interrupted": self.interrupted,
            "unacknowledged": self.fixes - self.acknowledged,
            "unsent": self.unsent,
            "gave_up": self.gave_up,
        }


@dataclass(slots=True)
class Output:
    """Where a run writes: the truth of each fix as it is sent, and each fix the broker acknowledged."""

    truth: IO[str] | None = None
    acks: IO[str] | None = None
    report: RunReport = field(default_factory=RunReport)

    def sent(self, sending: Sending) -> None:
        self.report.messages += 1
        self.report.fixes += len(sending.fixes)
        if self.truth is not None:
            for fix in sending.fixes:
                self.truth.write(_line(truth_of(fix)))

    def acknowledged(self, sending: Sending) -> None:
        self.report.acknowledged += len(sending.fixes)
        if self.acks is not None:
            at = format_instant(now_us())
            for fix in sending.fixes:
                line = {"device": fix.device, "seq": fix.seq, "t": fix.plain["t"], "acked_at": at}
                self.acks.write(_line(line))
            self.acks.flush()


def truth_of(fix: SentFix) -> dict[str, Any]:
    """A fix as sent beside where the wearer truly was."""
    return {
        "device": fix.device,
        "seq": fix.seq,
        "t": fix.plain["t"],
        "lon": fix.plain["lon"],
        "lat": fix.plain["lat"],
        "acc": fix.plain["acc"],
        "true_lon": round(fix.true_point[0], 7),
        "true_lat": round(fix.true_point[1], 7),
    }


async def play(
    scenario: Scenario,
    broker: BrokerAddress,
    start_us: int,
    *,
    credentials: Credentials,
    output: Output,
    stop: asyncio.Event,
    say: Say,
    until_s: float | None = None,
    speed: float = 1.0,
) -> RunReport:
    """Publish a scenario whose second 0 is ``start_us``; ends by itself or when ``stop`` is set.

    With ``speed`` above 1 second 0 lies in the past (``catch_up_us``) and messages leave so many times
    faster. Messages whose time has passed already are sent at once. Raises ``BrokerUnavailable`` or
    ``BrokerRefused`` when a device cannot connect, ``ValueError`` when the start is no whole second.
    """
    end_s = scenario.duration_s if until_s is None else min(until_s, scenario.duration_s)
    lived = with_faults(scenario)
    clock = _Clock(start_us, start_us + catch_up_us(scenario, speed, until_s), speed)
    players = [
        _Player(
            wearer,
            unheard(lived, wearer),
            tuple(sendings(lived, wearer, start_us)),
            broker,
            credentials,
            output,
            say,
        )
        for wearer in lived.wearers
    ]
    try:
        await _all([player.connect() for player in players])
        tasks = [player.play(clock, end_s, stop) for player in players]
        await _all([*tasks, _progress(output.report, clock, end_s, stop, say)])
        await _all([player.finish() for player in players])
    finally:
        for player in players:
            await player.leave()
    output.report.interrupted = stop.is_set()
    return output.report


@dataclass(frozen=True, slots=True)
class _Clock:
    """Second 0 of the scenario, when it begins on the wall clock, and how many times faster it runs."""

    start_us: int
    begin_us: int
    speed: float

    def wall_us(self, at_us: int) -> int:
        return self.begin_us + round((at_us - self.start_us) / self.speed)


def catch_up_us(scenario: Scenario, speed: float, until_s: float | None = None) -> int:
    """How far in the past a faster run begins, in whole seconds, so that it ends in the present."""
    length_s = scenario.duration_s if until_s is None else min(until_s, scenario.duration_s)
    return int(length_s - length_s / speed) * SECOND_US


async def _all(steps: list[Any]) -> None:
    """Run them together; the first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except BaseExceptionGroup as group_fault:
        raise group_fault.exceptions[0] from None


class _Player:
    """One device: connects, sends each message in its time, vanishes and comes back."""

    def __init__(
        self,
        wearer: Wearer,
        quiet: tuple[Span, ...],
        messages: tuple[Sending, ...],
        broker: BrokerAddress,
        credentials: Credentials,
        output: Output,
        say: Say,
    ) -> None:
        self._wearer = wearer
        self._quiet = quiet
        self._messages = messages
        self._output = output
        self._say = say
        self._status = f"emon/v1/{wearer.device.id}/status"
        self._speaks_status = wearer.device.wire is not Wire.OWNTRACKS
        will = Will(self._status, b"offline") if self._speaks_status else None
        device = wearer.device.id
        login = broker_for(broker, credentials, device)
        self._link = Link(login, device, will=will, on_return=self._say_online)

    async def connect(self) -> None:
        await self._link.open(give_up_after_s=_CONNECT_S)
        self._say_online()

    def _say_online(self) -> None:
        """Also after an outage: the broker has published the last will meanwhile."""
        if self._speaks_status:
            self._link.publish(self._status, b"online", retain=True)

    async def play(self, clock: _Clock, end_s: float, stop: asyncio.Event) -> None:
        end_us = clock.start_us + round(end_s * SECOND_US)
        steps = [step for step in self._steps(clock.start_us) if step[0] <= end_us]
        for number, (at_us, step) in enumerate(steps):
            if not await sleep_until(clock.wall_us(at_us), stop):
                return
            if isinstance(step, Sending):
                self._send(step)
            elif step == "silent":
                self._say(f"{self._wearer.device.id} falls silent")
                await self._link.drop()
            elif not await self._back():
                self._give_up(step for _, step in steps[number:])
                return

    async def _back(self) -> bool:
        """Connected again; False where no broker took the device within the time for it."""
        self._say(f"{self._wearer.device.id} is back and sends what it stored")
        try:
            await self.connect()
        except (BrokerUnavailable, BrokerRefused) as fault:
            self._say(f"{self._wearer.device.id} gives up: {fault}")
            return False
        return True

    def _give_up(self, steps: Iterable[Sending | str]) -> None:
        report = self._output.report
        report.gave_up.append(self._wearer.device.id)
        report.unsent += sum(len(step.fixes) for step in steps if isinstance(step, Sending))

    def _steps(self, start_us: int) -> Iterator[tuple[int, Sending | str]]:
        steps: list[tuple[int, int, Sending | str]] = []
        for silence in self._quiet:
            steps.append((start_us + round(silence.from_s * SECOND_US), 0, "silent"))
            steps.append((start_us + round(silence.to_s * SECOND_US), 1, "back"))
        steps.extend((message.at_us, 2, message) for message in self._messages)
        steps.sort(key=lambda step: step[:2])
        for at_us, _, step in steps:
            yield at_us, step

    def _send(self, sending: Sending) -> None:
        self._output.sent(sending)
        self._link.publish(sending.topic, sending.payload, on_ack=lambda: self._output.acknowledged(sending))

    async def finish(self) -> None:
        """The device is switched off: it says so, and waits for what is not acknowledged yet."""
        if self._speaks_status and self._link.connected:
            self._link.publish(self._status, b"offline", retain=True)
        if not await self._link.settle(SETTLE_S):
            self._say(f"{self._wearer.device.id}: {self._link.unacknowledged} messages without a PUBACK")

    async def leave(self) -> None:
        self._output.report.reconnects += self._link.reconnects
        await self._link.close()


async def _progress(report: RunReport, clock: _Clock, end_s: float, stop: asyncio.Event, say: Say) -> None:
    """One line each five seconds of the run."""
    second = 0.0
    while second < end_s:
        if not await sleep_until(clock.wall_us(clock.start_us + round(second * SECOND_US)), stop):
            return
        say(f"{second:g} s of {end_s:g}: {report.fixes} fixes sent, {report.acknowledged} acknowledged")
        second += 5.0 * clock.speed


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"

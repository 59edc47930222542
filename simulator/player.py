"""One device of a run: connects, sends each message in its time, vanishes, comes back, and obeys commands."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, replace

from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.model.instant import SECOND_US
from simulator.device import Sending, sendings
from simulator.device_habits import PURSUIT_S
from simulator.device_life import heard_at_begin, unheard
from simulator.limits import SETTLE_S
from simulator.mqtt import BrokerRefused, BrokerUnavailable, Link, Will
from simulator.run_report import Output, Say
from simulator.scenario import Command, Scenario, Wearer, Wire
from simulator.scenario_device import ASKS
from simulator.stopping import now_us

_CONNECT_S = 30.0
_RATE_FOR_S = 1_800.0  # [own] half an hour of pursuit, as long as a car is on its way
_SILENT, _BACK, _MESSAGE = range(3)

Step = tuple[int, int, Sending | None]
"""When on the scenario's clock, what, and the message; in this order where two fall together."""


@dataclass(frozen=True, slots=True)
class RunClock:
    """Second 0 of the scenario, when it begins on the wall clock, and how many times faster it runs."""

    start_us: int
    begin_us: int
    speed: float

    def wall_us(self, at_us: int) -> int:
        return self.begin_us + round((at_us - self.start_us) / self.speed)

    def seconds(self, wall_us: int) -> float:
        """Seconds of the scenario at an instant of the wall clock."""
        return (wall_us - self.begin_us) * self.speed / SECOND_US


class Player:
    """Plays one wearer's device over a connection of its own."""

    def __init__(
        self,
        scenario: Scenario,
        wearer: Wearer,
        clock: RunClock,
        broker: BrokerAddress,
        output: Output,
        say: Say,
    ) -> None:
        self._scenario, self._wearer, self._clock = scenario, wearer, clock
        self._output, self._say = output, say
        self._changed = asyncio.Event()
        self._steps = self._all_steps()
        device = wearer.device.id
        self._status = f"emon/v1/{device}/status"
        self._speaks_status = wearer.device.wire is not Wire.OWNTRACKS
        self._speaks_at_begin = heard_at_begin(scenario, wearer)
        obeys = wearer.device.habits is not None and self._speaks_status
        self._link = Link(
            broker,
            device,
            will=Will(self._status, b"offline") if self._speaks_status else None,
            on_return=self._say_online,
            listen=(f"emon/v1/{device}/cmd", self._obey) if obeys else None,
        )

    async def begin(self) -> None:
        """Connect, unless the device is off or out of coverage at second 0."""
        if self._speaks_at_begin:
            await self.connect()

    async def connect(self) -> None:
        await self._link.open(give_up_after_s=_CONNECT_S)
        self._say_online()

    def _say_online(self) -> None:
        """Also after an outage: the broker has published the last will meanwhile."""
        if self._speaks_status:
            self._link.publish(self._status, b"online", retain=True)

    async def play(self, end_s: float, stop: asyncio.Event) -> None:
        end_us = self._clock.start_us + round(end_s * SECOND_US)
        while self._steps and self._steps[0][0] <= end_us and not stop.is_set():
            if not await self._until(self._clock.wall_us(self._steps[0][0]), stop):
                continue
            _, what, message = self._steps.pop(0)
            if message is not None:
                self._send(message)
            elif what == _SILENT:
                if self._speaks_at_begin or self._link.connected:
                    self._say(f"{self._wearer.device.id} falls silent")
                    await self._link.drop()
            elif not await self._back():
                self.give_up(end_us)
                return

    async def _until(self, wall_us: int, stop: asyncio.Event) -> bool:
        """True when the wall clock is there; False as soon as the run stops or a command changes the plan."""
        self._changed.clear()
        left_s = (wall_us - now_us()) / SECOND_US
        if left_s <= 0.0:
            return True
        waits = [asyncio.create_task(event.wait()) for event in (stop, self._changed)]
        try:
            done, _ = await asyncio.wait(waits, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await wait
        return not done

    async def _back(self) -> bool:
        """Connected again; False where no broker took the device within the time for it."""
        self._say(f"{self._wearer.device.id} is back and sends what it stored")
        try:
            await self.connect()
        except (BrokerUnavailable, BrokerRefused) as fault:
            self._say(f"{self._wearer.device.id} gives up: {fault}")
            return False
        return True

    def give_up(self, end_us: int) -> None:
        """The device has found no broker: what it would have sent by then counts as unsent."""
        report = self._output.report
        report.gave_up.append(self._wearer.device.id)
        kept = (step for at_us, _, step in self._steps if step is not None and at_us <= end_us)
        report.unsent += sum(len(message.fixes) for message in kept)

    def _all_steps(self) -> list[Step]:
        start_us = self._clock.start_us
        steps: list[Step] = []
        for silence in unheard(self._scenario, self._wearer):
            steps.append((start_us + round(silence.from_s * SECOND_US), _SILENT, None))
            steps.append((start_us + round(silence.to_s * SECOND_US), _BACK, None))
        sent = sendings(self._scenario, self._wearer, start_us)
        steps.extend((message.at_us, _MESSAGE, message) for message in sent)
        return sorted(steps, key=lambda step: step[:2])

    def _send(self, sending: Sending) -> None:
        self._output.sent(sending)
        self._link.publish(sending.topic, sending.payload, on_ack=lambda: self._output.acknowledged(sending))

    def _obey(self, payload: bytes) -> None:
        """A command from the service: the plan changes, and the reply leaves with what is sent next."""
        try:
            body = json.loads(payload)
            command_id, asks = str(body["id"]), str(body["cmd"])
            rate_s, for_s = float(body.get("rate_s", PURSUIT_S)), float(body.get("for_s", _RATE_FOR_S))
        except (ValueError, KeyError, TypeError, AttributeError):
            self._say(f"{self._wearer.device.id} cannot read a command: {payload[:80]!r}")
            return
        if any(known.id == command_id for known in self._wearer.device.commands):
            return  # delivered again: it has been obeyed
        if asks not in ASKS:
            self._say(f"{self._wearer.device.id} knows no command {asks[:40]!r}")
            return
        habits = self._wearer.device.habits
        reply_after_s = 0.0 if habits is None else habits.reply_after_s
        now_s = round(self._clock.seconds(now_us()), 3)
        self._say(f"{self._wearer.device.id} is asked for {asks} ({command_id})")
        command = Command(now_s, command_id, asks, reply_after_s, for_s, rate_s)
        plan = self._wearer.device
        device = replace(plan, commands=(*plan.commands, command))
        self._wearer = replace(self._wearer, device=device)
        reached_us = self._clock.start_us + round(now_s * SECOND_US)
        due = [step for step in self._steps if step[0] <= reached_us]
        self._steps = due + [step for step in self._all_steps() if step[0] > reached_us]
        self._changed.set()

    async def finish(self) -> None:
        """The device is switched off: it says so, and waits for what is not acknowledged yet."""
        if self._speaks_status and self._link.connected:
            self._link.publish(self._status, b"offline", retain=True)
        if not await self._link.settle(SETTLE_S):
            self._say(f"{self._wearer.device.id}: {self._link.unacknowledged} messages without a PUBACK")

    async def leave(self) -> None:
        self._output.report.reconnects += self._link.reconnects
        await self._link.close()

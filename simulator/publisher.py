"""Plays a scenario against a real broker in real time, each device over its own connection."""

from __future__ import annotations

import asyncio
from typing import Any

from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.model.instant import SECOND_US
from simulator.credentials import Credentials, broker_for
from simulator.faults.effects import with_faults
from simulator.mqtt import BrokerRefused, BrokerUnavailable
from simulator.player import Player, RunClock
from simulator.run_report import Output, RunReport, Say
from simulator.scenario import Scenario
from simulator.stopping import sleep_until

__all__ = ["Output", "RunReport", "Say", "catch_up_us", "play"]


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
    faster. Messages whose time has passed already are sent at once. Where a device cannot connect at the
    begin, nothing is played: the report names all devices and what they kept, and ``fault`` says why.
    Raises ``ValueError`` when the start is no whole second.
    """
    end_s = scenario.duration_s if until_s is None else min(until_s, scenario.duration_s)
    lived = with_faults(scenario)
    clock = RunClock(start_us, start_us + catch_up_us(scenario, speed, until_s), speed)
    players = [
        Player(lived, wearer, clock, broker_for(broker, credentials, wearer.device.id), output, say)
        for wearer in lived.wearers
    ]
    try:
        try:
            await _all([player.begin() for player in players])
        except (BrokerUnavailable, BrokerRefused) as fault:
            for player in players:
                player.give_up(clock.start_us + round(end_s * SECOND_US))
            output.report.fault = str(fault)
            return output.report
        tasks = [player.play(end_s, stop) for player in players]
        await _all([*tasks, _progress(output.report, clock, end_s, stop, say)])
        await _all([player.finish() for player in players])
    finally:
        for player in players:
            await player.leave()
    output.report.interrupted = stop.is_set()
    return output.report


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


async def _progress(report: RunReport, clock: RunClock, end_s: float, stop: asyncio.Event, say: Say) -> None:
    """One line each five seconds of the run."""
    second = 0.0
    while second < end_s:
        if not await sleep_until(clock.wall_us(clock.start_us + round(second * SECOND_US)), stop):
            return
        say(f"{second:g} s of {end_s:g}: {report.fixes} fixes sent, {report.acknowledged} acknowledged")
        second += 5.0 * clock.speed

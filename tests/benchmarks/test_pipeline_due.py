"""What the pipeline's benchmark expects: the alerts of a replay, for a breach may raise more than one."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from benchmarks.kills.books import Stored, judged_again, of_devices
from benchmarks.pipeline import Load, Result
from emon.model.instant import SECOND_US
from emon.orders.document import parse_document
from simulator.load_packets import ACCURACY_M
from simulator.load_plan import LoadPlan, Places, load_orders

AT_MS = 1_780_000_000_000
DEVICES = 10


def stored_load(seconds: int) -> Stored:
    """A fix a second from each device, of which every second one steps into its ban half-way."""
    plan = LoadPlan(DEVICES, seconds, DEVICES, 1, DEVICES // 2)
    numbers = np.arange(plan.fixes)
    lon, lat = Places(plan).at(numbers)
    fixes = []
    for number in map(int, numbers):
        at_ms = AT_MS + 1000 * number // DEVICES
        place = {"lat": lat[number][0] / 1e7, "lon": lon[number][0] / 1e7, "acc": ACCURACY_M}
        raw = json.dumps({"seq": number + 1, "t": at_ms, **place}).encode()
        fixes.append((plan.name(number % DEVICES), number + 1, at_ms, 1000 * at_ms + 1, raw))
    versions = parse_document(b"".join(load_orders(plan, 1000 * AT_MS)), armed_at_us=1)
    orders = [(version.source, 1) for version in versions]
    return Stored(fixes, orders, [], [], [], [], 0, 1000 * AT_MS + seconds * SECOND_US)


@pytest.mark.parametrize(("seconds", "certainties"), [(20, ["certain", "possible"]), (60, ["possible"])])
async def test_a_short_way_in_is_believed_sooner_and_told_twice(seconds: int, certainties: list[str]) -> None:
    """Such a load was once counted as 100 alerts for 50 due, as if the service had doubled them."""
    rows = stored_load(seconds)
    told = {f"load-{number:07d}" for number in range(1, DEVICES, 2)}
    some = of_devices(rows, told)
    assert {fix[0] for fix in some.fixes} == told
    assert len(some.orders) == DEVICES // 2
    found = Counter(str(alert.certainty) for alert in (await judged_again(some)).alerts if alert.breach)
    assert sorted(found) == certainties
    assert set(found.values()) == {DEVICES // 2}


def test_alerts_that_a_replay_has_are_no_fault_and_others_are() -> None:
    result = Result(Load(10, 20, 10, 5), breaches=5, alerts=10, due_to={"politie": 5, "meldkamer_em": 10})
    result.received = {"politie": 5, "meldkamer_em": 10, "reclassering": 0}
    assert result.faults == []
    result.received["politie"] = 6
    result.differs = ["1 alerts were raised that the replay has not"]
    assert len(result.faults) == 2

"""A condition's unanswered alerts are repeated together: never later than by their ladders, one message each.

Real database, real HTTP recipients, and a clock that is passed in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from benchmarks.alerts_night import PARTIES, Night, night, tomorrow_us
from emon.alerts.ladder import DEFAULT_LADDER
from emon.model.breach import Alert
from emon.model.effects import Effects
from emon.model.ids import derive_id
from emon.model.instant import HOUR_US, MINUTE_US, SECOND_US
from emon.model.vocabulary import AlertEvent, Party
from emon.store.store import Store
from tests.audit.trail import verified
from tests.store.made import breach

BOTH = (Party.MELDKAMER_EM, Party.RECLASSERING)
LEFT_AFTER_S = 40
STEP_US = 20 * SECOND_US


@pytest.fixture
async def dark(claimed_store: Store, tmp_path: Path) -> AsyncIterator[tuple[Night, Any]]:
    everybody = (*PARTIES, Party.BESCHERMDE)
    async with night(claimed_store, tomorrow_us(), tmp_path, parties=everybody) as parts:
        yield parts


async def goes_in(
    parts: Night, name: str, *, priority: int = 2, to: tuple[Party, ...] = BOTH, leaves: bool = True
) -> str:
    """A breach of the condition, whose alert it answers; where he leaves it is after some seconds, told
    with priority 5, so that its own alert is not in the way of what is counted here."""
    begun_us = parts.clocks.wall_us
    one = breach(f"b-{name}", begun_us)
    raised = _alert(name, AlertEvent.BREACH, priority, begun_us, one.id, to)
    await parts.write(Effects(begun_us, breaches=(one,), alerts=(raised,)))
    await parts.look()
    if leaves:
        await passes(parts, LEFT_AFTER_S)
        now_us = parts.clocks.wall_us
        end = _alert(f"{name}-end", AlertEvent.BREACH_CLEARED, 5, now_us, one.id, to)
        await parts.write(Effects(now_us, breaches=(replace(one, closed_at_us=now_us),), alerts=(end,)))
        await parts.look()
    return raised.id


def _alert(
    name: str, event: AlertEvent, priority: int, at_us: int, breach_id: str, to: tuple[Party, ...]
) -> Alert:
    return Alert(
        derive_id("night", name), event, priority, at_us, to, at_us,
        breach=breach_id, order="o-1", condition="c-1",
    )  # fmt: skip


async def passes(parts: Night, seconds: int) -> None:
    """So much time, in steps that a message which is held for a minute hears of."""
    until_us = parts.clocks.steady_us + seconds * SECOND_US
    while parts.clocks.steady_us < until_us:
        await parts.pass_until(min(until_us, parts.clocks.steady_us + STEP_US))


def messages(parts: Night, party: str, since_s: float = 0) -> list[tuple[float, str, tuple[str, ...]]]:
    """(seconds, alert, those told with it) of each climb's message that a recipient got."""
    return [
        (at_us / SECOND_US, body["data"]["id"], tuple(body["data"]["joined"]))
        for at_us, _, body in parts.servers[party].messages
        if body["type"] == "alert" and body["data"]["climb"] and at_us >= since_s * SECOND_US
    ]


def never_late(parts: Night, names: list[str]) -> None:
    """Each rung of each alert was on its way to all who owe an answer when its ladder says, or before."""
    with psycopg.connect(parts.store.url) as conn:
        rows = conn.execute(
            "SELECT d.alert_id, d.recipient, d.climb, extract(epoch FROM j.first_attempt_at - a.at)::float "
            "FROM delivery AS d JOIN alert AS a ON a.id = d.alert_id "
            "JOIN delivery AS j ON j.id = coalesce(d.joined_into, d.id) WHERE d.climb > 0"
        ).fetchall()
    steps: dict[tuple[str, str], set[int]] = {}
    for alert, recipient, climb, passed_s in rows:
        if alert in names:
            steps.setdefault((alert, recipient), set()).add(climb)
            assert passed_s <= DEFAULT_LADDER.due_s(climb), (alert, recipient, climb)
            assert climb > len(DEFAULT_LADDER.rungs) or passed_s == DEFAULT_LADDER.due_s(climb)
    now_us = parts.clocks.wall_us
    with psycopg.connect(parts.store.url) as conn:
        begun: dict[str, float] = dict(
            conn.execute("SELECT id, extract(epoch FROM at)::float FROM alert").fetchall()
        )
    for (alert, _), seen in steps.items():
        assert seen == set(range(1, max(seen) + 1)), "no rung is left out"
        assert begun[alert] + DEFAULT_LADDER.due_s(max(seen) + 1) > now_us / SECOND_US, "it climbs on"
    assert {alert for alert, _ in steps} == set(names)


@pytest.mark.parametrize("priority", [1, 2])
async def test_the_alerts_of_a_flapping_condition_are_repeated_by_one_message_never_later(
    dark: tuple[Night, Any], tmp_path: Path, priority: int
) -> None:
    parts, channels = dark
    chance = Random(7)
    names = []
    for number in range(5):
        names.append(await goes_in(parts, str(number), priority=priority))
        await passes(parts, round(chance.uniform(20, 400)))
    since_s = parts.clocks.steady_us / SECOND_US + DEFAULT_LADDER.due_s(3)
    await parts.pass_until(round(since_s * SECOND_US))
    await parts.stop()
    await parts.start(channels)  # a restart knows what is on file
    await parts.pass_until(parts.clocks.steady_us + HOUR_US // 2)
    for party in BOTH:
        told = messages(parts, party, since_s)
        assert len(told) in (10, 11), "one each three minutes, of five unanswered alerts"
        assert {(alert, joined) for _, alert, joined in told} == {(names[-1], tuple(names[:-1]))}
    never_late(parts, names)
    nl = parts.servers["meldkamer_em"].messages[-1][2]["data"]["texts"]["nl"]
    assert nl["subject"].startswith("OPSCHALING ")
    assert "Ook niet bevestigd: 4 eerdere van deze voorwaarde" in nl["body"]
    assert verified(parts.store, tmp_path).findings == []


async def test_who_answers_that_message_answers_for_all_and_nobody_is_told_again(
    dark: tuple[Night, Any],
) -> None:
    parts, _ = dark
    names = [await goes_in(parts, str(number)) for number in range(3)]
    await parts.pass_until(parts.clocks.steady_us + 12 * MINUTE_US)
    _, hook, last = parts.servers["meldkamer_em"].messages[-1]
    assert last["data"]["joined"] == names[:-1]
    await parts.store.use_link(hook, names[-1], "meldkamer_em", "A. de Vries", parts.clocks.wall_us)
    since_s = parts.clocks.steady_us / SECOND_US + 1
    await parts.pass_until(parts.clocks.steady_us + HOUR_US)
    assert messages(parts, "meldkamer_em", since_s) == []


async def test_who_owes_another_answer_and_what_still_goes_on_is_told_by_itself(
    dark: tuple[Night, Any],
) -> None:
    parts, _ = dark
    first = await goes_in(parts, "first", priority=1, to=PARTIES)
    stays = await goes_in(parts, "stays", priority=1, to=PARTIES, leaves=False)
    await parts.pass_until(parts.clocks.steady_us + 70 * SECOND_US)
    newest = await goes_in(parts, "newest", priority=1, to=PARTIES)
    await parts.store.acknowledge(first, "reclassering", "B. Bakker", "page", parts.clocks.wall_us)
    await parts.pass_until(parts.clocks.steady_us + 20 * MINUTE_US)
    assert {joined for _, _, joined in messages(parts, "politie")} == {()}
    assert {alert for _, alert, _ in messages(parts, "politie", 900)} == {first, stays, newest}
    told = messages(parts, "politie", 900)
    stayed, followed = ([at_s for at_s, alert, _ in told if alert == one] for one in (stays, newest))
    assert stayed == followed, "together, and each by its own message"


async def test_the_protected_person_hears_of_what_goes_on_alone(dark: tuple[Night, Any]) -> None:
    parts, _ = dark
    everybody = (*PARTIES, Party.BESCHERMDE)
    over = [await goes_in(parts, f"over-{number}", priority=1, to=everybody) for number in range(2)]
    near = await goes_in(parts, "near", priority=1, to=everybody, leaves=False)
    await parts.pass_until(parts.clocks.steady_us + HOUR_US // 2)
    told = messages(parts, "beschermde")
    assert {alert for _, alert, _ in told} <= {near}
    assert [at_s for at_s, _, _ in told][:3] == [80 + 60, 80 + 180, told[2][0]]
    assert all(not joined for _, _, joined in told)
    _, alert, joined = messages(parts, "politie")[-1]
    assert (alert, joined) == (near, tuple(over))


async def test_who_is_down_gets_each_alert_once_and_all_of_them_when_back(dark: tuple[Night, Any]) -> None:
    parts, _ = dark
    names = [await goes_in(parts, str(number)) for number in range(3)]
    await parts.pass_until(parts.clocks.steady_us + 10 * MINUTE_US)
    await parts.servers["reclassering"].down()
    later = await goes_in(parts, "later")
    await parts.pass_until(parts.clocks.steady_us + HOUR_US // 2, MINUTE_US)
    await parts.servers["reclassering"].up()
    back_s = parts.clocks.steady_us / SECOND_US
    parts.clocks.go(2 * MINUTE_US)  # no pause of its breaker is longer
    await parts.look()
    with psycopg.connect(parts.store.url) as conn:
        left = conn.execute("SELECT count(*) FROM delivery WHERE state <> 'delivered'").fetchone()
    assert left == (0,)
    told = messages(parts, "reclassering", back_s)
    assert [joined for _, _, joined in told].count(tuple(names[:-1])) == 1
    await parts.pass_until(parts.clocks.steady_us + 4 * MINUTE_US)
    _, alert, joined = messages(parts, "reclassering")[-1]
    assert (alert, joined) == (later, tuple(names))

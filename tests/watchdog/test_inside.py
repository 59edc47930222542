"""The service's watchdog: what is told when, and that it is told once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from emon.alerts.recipients import Recipients, load_recipients
from emon.demo.broker import EmbeddedBroker
from emon.devices.watching import Watching
from emon.ingest.sources.mqtt_url import BrokerAddress
from emon.limits import PLATFORM_AFTER_S, PLATFORM_WELL_S
from emon.model.instant import SECOND_US
from emon.model.platform import PlatformCause
from emon.model.vocabulary import Risk
from emon.model.watch import Duty, SilenceState, Turn, Watch
from emon.store.store import Store
from emon.watchdog.expected import missing_since_us
from emon.watchdog.inside import Health, Watchdog
from emon.watchdog.told_once import Seen, look, reached
from tests.fixtures_service import Running, circle_order, running_on

S = SECOND_US
T0 = 1_790_000_000 * S
BROKER = PlatformCause.BROKER_LOST


def fleet(count: int, **changes: object) -> Watching:
    """Devices on a plan of a minute."""
    names = [f"d-{number}" for number in range(count)]
    duty = Duty("o-1", 0, None, Risk.HIGH)
    heard = {"silence_state": SilenceState.HEARD, "heard_us": T0, **changes}
    return Watching(
        duties=Map(dict.fromkeys(names, (duty,))),
        watches=Map({name: Watch(name, **heard) for name in names}),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("watching", "after_s", "missing"),
    [
        (fleet(1), 179, False),  # a single device: the gap that its plan allows
        (fleet(1), 180, True),
        (fleet(2), 89, False),
        (fleet(2), 90, True),
        (fleet(450), 1, True),  # the watchdog still waits its 90 s before it tells
        (fleet(0), 86_400, False),
        (fleet(9, silence_state=SilenceState.SILENT), 86_400, False),
        (fleet(9, silence_state=SilenceState.UNHEARD), 86_400, False),
        (fleet(1, turns=(Turn(0, still=True),)), 3 * 3_600 - 1, False),  # at rest: hourly
        (fleet(1, turns=(Turn(0, still=True),)), 3 * 3_600, True),
    ],
)
def test_fixes_are_missing_when_plans_promised_several(
    watching: Watching, after_s: int, missing: bool
) -> None:
    found = missing_since_us(watching, T0, T0 + after_s * S)
    assert found == (T0 if missing else None)


def test_a_fix_since_the_last_look_is_answer_enough() -> None:
    assert missing_since_us(fleet(100_000), T0, T0 + S - 1) is None


def test_nobody_owes_a_fix_while_the_service_s_clocks_stand_still() -> None:
    import msgspec

    stopped = msgspec.structs.replace(fleet(450), stopped_us=T0)
    assert missing_since_us(stopped, T0, T0 + 600 * S) is None


@given(st.lists(st.booleans(), max_size=400))
def test_fault_and_end_take_turns_and_come_in_time(faulty: list[bool]) -> None:
    """One look a second, at fault or not, in any order."""
    seen: dict[PlatformCause, Seen] = {}
    told: list[bool] = []
    run = 0
    for second, fault in enumerate(faulty):
        run = run + 1 if fault else 0
        now_us = T0 + second * S
        seen, words = look(seen, {BROKER: now_us if fault else None}, PLATFORM_AFTER_S, now_us)
        told += [word.over_us is None for word in words]
        if run > PLATFORM_AFTER_S[BROKER]:
            assert told
            assert told[-1]
    assert told == [place % 2 == 0 for place in range(len(told))]


def test_every_cause_is_told_within_two_minutes() -> None:
    assert set(PLATFORM_AFTER_S) == set(PlatformCause)
    assert max(PLATFORM_AFTER_S.values()) + PLATFORM_WELL_S <= 120


_TOLD = """
SELECT p.cause, p.over_at IS NOT NULL, round(extract(epoch FROM a.at) * 1000000)::bigint
FROM platform_alert AS p JOIN alert AS a ON a.id = p.alert_id JOIN delivery AS d ON d.alert_id = a.id
WHERE d.recipient = 'politie' ORDER BY a.at
"""


class Scene:
    """A watchdog on a real database, and what it sees, second by second."""

    def __init__(self, store: Store, recipients: Recipients) -> None:
        self.store = store
        self.recipients = recipients
        self.now_us = T0
        self.health = Health(broker=True, database=True, missing_us=None, hung_up=0)
        self.watchdog = self.begin()

    def begin(self) -> Watchdog:
        return Watchdog(
            self.store,
            lambda now_us: self.health,
            reached(tuple(self.recipients.routes)),
            self.recipients.deliveries,
            now_us=lambda: self.now_us,
            on_told=lambda: None,
        )

    async def play(self, seconds: int, **health: object) -> None:
        import msgspec

        self.health = msgspec.structs.replace(self.health, **health)
        for _ in range(seconds):
            self.now_us += S
            await self.watchdog.step()

    async def told(self) -> list[tuple[str, bool, int]]:
        """(cause, over, second) of each alert in the order in which they were told."""
        async with await psycopg.AsyncConnection.connect(self.store.url) as conn:
            rows = await (await conn.execute(_TOLD)).fetchall()
        return [(cause, over, (at_us - T0) // S) for cause, over, at_us in rows]


@pytest.fixture
def recipients() -> Recipients:
    entry = {"channel": "webhook", "url": "https://x.invalid/", "secret": "whsec_" + "A" * 32}
    parties = ("meldkamer_em", "politie", "reclassering")
    return load_recipients(json.dumps({"recipients": dict.fromkeys(parties, entry)}).encode())


@pytest.fixture
def scene(store: Store, recipients: Recipients) -> Scene:
    return Scene(store, recipients)


async def test_a_lost_broker_is_told_once_and_its_end_once_also_over_a_restart(scene: Scene) -> None:
    await scene.play(61, broker=False)
    await scene.play(300)
    scene.watchdog = scene.begin()
    await scene.play(60)
    await scene.play(10, broker=True)
    scene.watchdog = scene.begin()
    await scene.play(60)
    assert await scene.told() == [("broker_lost", False, 61), ("broker_lost", True, 452)]
    due = await scene.store.claim_due(scene.now_us, 10)
    assert {one.recipient for one in due} == {"meldkamer_em", "politie", "reclassering"}


async def test_fixes_that_stay_away_end_with_a_fix_and_not_with_the_devices_silence(scene: Scene) -> None:
    await scene.play(180, missing_us=T0, last_fix_us=T0)
    await scene.play(600, missing_us=None)  # every device is known to be silent by now
    await scene.play(30, last_fix_us=T0 + 780 * S)
    assert await scene.told() == [("no_fixes", False, 90), ("no_fixes", True, 801)]


async def test_a_short_loss_is_counted_and_not_told(scene: Scene) -> None:
    for _ in range(3):
        await scene.play(30, broker=False)
        await scene.play(30, broker=True)
    assert await scene.told() == []
    assert scene.watchdog.broker.told()["times"] == 3


async def test_while_the_database_is_away_nothing_is_written_and_then_all_is(scene: Scene) -> None:
    await scene.play(200, broker=False, database=False)
    assert scene.watchdog.database.told()["since"] is not None
    assert await scene.told() == []
    await scene.play(61, database=True)
    assert await scene.told() == [("broker_lost", False, 261)]
    assert scene.watchdog.database.told()["times"] == 1


async def test_fixes_that_wait_too_long_are_told_and_their_end(scene: Scene) -> None:
    await scene.play(5, inbox_old_us=T0 - 900 * S)
    await scene.play(30, inbox_old_us=None)
    assert await scene.told() == [("inbox_old", False, 1), ("inbox_old", True, 26)]


async def test_a_taken_session_is_told_at_once(scene: Scene) -> None:
    await scene.play(5)
    await scene.play(1, hung_up=1)
    assert await scene.told() == [("session_taken", False, 6)]


@pytest.fixture
async def on_nats(embedded_broker: EmbeddedBroker, database: str, tmp_path: Path) -> AsyncIterator[Running]:
    async with running_on(embedded_broker, database, tmp_path) as service:
        yield service


async def test_an_eviction_of_the_service_reaches_every_recipient(on_nats: Running) -> None:
    await on_nats.arm(circle_order())
    mine = BrokerAddress.parse(on_nats.broker.service_url)
    thief = BrokerAddress.parse(on_nats.broker.url("d-1"))
    async with asyncio.timeout(120):
        async with aiomqtt.Client(
            *(thief.host, thief.port),
            username=thief.user,
            password=thief.password,
            identifier=mine.client_id,
            protocol=aiomqtt.ProtocolVersion.V311,
            timeout=120.0,
        ):
            await on_nats.until("SELECT count(*) > 0 FROM platform_alert WHERE cause = 'session_taken'", True)
        await on_nats.until("SELECT count(DISTINCT recipient) FROM delivery WHERE state = 'delivered'", 3)
    for party in ("politie", "reclassering", "meldkamer_em"):
        assert "somebody else may be using its name" in on_nats.receivers.ledger(party).read_text()

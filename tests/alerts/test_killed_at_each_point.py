"""kill -9 at every numbered point of a delivery, with real PostgreSQL and a real HTTP receiver.

A process is started that ends itself at one point, then one that is left alone. Nothing may be missing
at the receiver, a repeat must have the id of the first, and no message of a breach may come before an
earlier one has come.
"""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path

import msgspec
import psycopg
import pytest

from emon.alerts.escalation import Climb
from emon.alerts.ladder import DEFAULT_LADDER
from emon.alerts.points import Point
from emon.alerts.recipients import Recipients, load_recipients
from emon.alerts.together import Alike, Repeated
from emon.limits import DELIVERIES_UNRECORDED_MAX
from emon.model.breach import Alert
from emon.model.instant import DAY_US
from emon.model.vocabulary import AlertEvent, Party
from emon.store.climbs import Planned
from emon.store.store import Store
from tests.alerts.killed import run_script
from tests.alerts.servers import talking
from tests.alerts.storms import Receiver, alert_of, write

_BREACHES = 12
_SENDER = """
from emon.alerts.dispatcher import Dispatcher, DispatcherLimits

async def main(url, config, point, times):
    reached, on_file = ending_at(point, times)
    store = await Store.open(url)
    store.at_point = reached
    recipients = load_recipients(pathlib.Path(config))
    async with open_channels(recipients, "http://127.0.0.1:9", clock.now_us) as channels:
        # Two at once: the crash then falls beside attempts that are at other points.
        limits = DispatcherLimits(at_once_max=2, urgent_extra=0)
        dispatcher = Dispatcher(store, channels, clock.now_us, limits=limits, reached=reached)
        sending = asyncio.create_task(dispatcher.run())
        await until_none_waits(store, "delivery", on_file)
        dispatcher.stop()
        await sending
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("point", Point, ids=lambda point: point.name.lower())
async def test_kill_9_loses_nothing_and_repeats_only_under_the_same_id(
    store: Store, database: str, tmp_path: Path, point: Point
) -> None:
    receiver = Receiver(fail_first=4 if point is Point.RELEASED else 1)
    async with talking(receiver) as port:
        config = tmp_path / "recipients.json"
        config.write_text(json.dumps(receiver.config(port)))
        recipients = load_recipients(config)
        alerts = [
            msgspec.structs.replace(
                alert_of(f"{n:02}{place}", 1 if event is AlertEvent.BREACH else 4, Party.MELDKAMER_EM),
                event=event,
            )
            for place, event in enumerate((AlertEvent.BREACH, AlertEvent.BREACH_CLEARED))
            for n in range(_BREACHES)
        ]
        await write(store, recipients, *alerts, breach_of=lambda alert: f"b-{alert.id[:2]}")
        # The second time it is passed: so there are others before, beside and after it.
        times = 1 if point is Point.RELEASED else 2
        assert await _run(database, config, point, times) == -signal.SIGKILL, "the point was never passed"
        assert await _run(database, config, point, 0) == 0

    counts = Counter(receiver.ids)
    assert set(counts) == {f"{alert.id}:meldkamer_em" for alert in alerts}, "0 lost"
    firsts = list(dict.fromkeys(receiver.ids))
    for n in range(_BREACHES):
        began, ended = (firsts.index(f"{n:02}{place}:meldkamer_em") for place in (0, 1))
        assert began < ended, "the end of a breach came before its beginning"
    async with await psycopg.AsyncConnection.connect(database) as conn:
        rows = await (await conn.execute("SELECT state, count(*) FROM delivery GROUP BY state")).fetchall()
    assert rows == [("delivered", len(alerts))]
    assert sum(counts.values()) - len(alerts) <= DELIVERIES_UNRECORDED_MAX, "only what was not on file"


@pytest.mark.parametrize("point", [Point.ANSWERED, Point.RECORDED, Point.COMMITTED])
async def test_kill_9_loses_no_alert_that_the_repetition_of_another_tells(
    store: Store, database: str, tmp_path: Path, point: Point
) -> None:
    receiver = Receiver(fail_first=0)
    async with talking(receiver) as port:
        config = tmp_path / "recipients.json"
        config.write_text(json.dumps(receiver.config(port)))
        recipients = load_recipients(config)
        alerts = [alert_of(f"{n:02}", 1, Party.MELDKAMER_EM) for n in range(_BREACHES)]
        await write(store, recipients, *alerts, breach_of=lambda alert: f"b-{alert.id}")
        async with await psycopg.AsyncConnection.connect(database) as conn:
            await conn.execute(
                "UPDATE delivery SET state = 'delivered', next_attempt_at = NULL, delivered_at = now()"
            )
        await store.climb([_repeated(alert, recipients) for alert in alerts], alerts[-1].at_us)
        assert await _run(database, config, point, 1) == -signal.SIGKILL
        assert await _run(database, config, point, 0) == 0
    newest = f"{alerts[-1].id}:meldkamer_em:3"
    assert set(receiver.ids) == {newest}
    assert len(receiver.ids) == (1 if point is Point.COMMITTED else 2), "again under its id, or not at all"
    async with await psycopg.AsyncConnection.connect(database) as conn:
        rows = await conn.execute(
            "SELECT d.state, d.joined_into, t.detail, count(*) FROM delivery AS d "
            "JOIN delivery_attempt AS t ON t.delivery_id = d.id WHERE d.climb = 3 GROUP BY 1, 2, 3 ORDER BY 4"
        )
        kept = [(state, into, count) for state, into, _, count in await rows.fetchall()]
    assert kept == [("delivered", None, 1), ("delivered", newest, _BREACHES - 1)]


def _repeated(alert: Alert, recipients: Recipients) -> Planned:
    """Its third climb by the default ladder, of one condition."""
    owed = ("meldkamer_em",)
    climb = Climb(3, 3, alert.at_us, owed, owed)
    alike = Alike("o-1", "c-1", 1, owed, None, DEFAULT_LADDER)
    again = tuple(recipients.climbing(alert.id, owed, 3))
    return Planned(
        alert.id, 0, climb, again, alert.at_us + DAY_US, repeated=Repeated(alike, alert.at_us, False)
    )


async def _run(database: str, config: Path, point: Point, times: int) -> int:
    return await run_script(_SENDER, database, str(config), str(int(point)), str(times))

"""kill -9 at every numbered point of what is told beside alerts: updates on incidents, and notices.

As in test_killed_at_each_point.py: a process ends itself at one point, then one is left alone. Nothing may be
missing at the receiver, a repeat has the id of the first, and what is said of an incident comes in its order.
"""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from emon import clock
from emon.alerts.points import Point
from emon.alerts.recipients import load_recipients
from emon.incidents import Incidents
from emon.limits import DELIVERIES_UNRECORDED_MAX
from emon.model.effects import Effects
from emon.model.instant import HOUR_US
from emon.model.order import Interval
from emon.model.vocabulary import Party
from emon.orders.suspend import with_suspension
from emon.store.store import Store
from tests.alerts.killed import run_script
from tests.alerts.servers import talking
from tests.alerts.storms import Receiver, alert_of, write
from tests.engine.stories import circle_order, versions
from tests.store.made import breach

INCIDENTS = 8
_TOLD = "UPDATE delivery SET state = 'delivered', delivered_at = now(), next_attempt_at = NULL"
_SENDER = """
from emon.suspension_notices import SuspensionNotices
from emon.update_sender import UpdateSender

async def main(what, url, config, point, times):
    reached, on_file = ending_at(point, times)
    store = await Store.open(url)
    store.at_point = reached
    recipients = load_recipients(pathlib.Path(config))
    async with open_channels(recipients, "http://127.0.0.1:9", clock.now_us) as channels:
        if what == "updates":
            sender = UpdateSender(store, channels, clock.now_us, chance=lambda: 0.99, reached=reached)
            sending = asyncio.create_task(sender.run())
            await until_none_waits(store, "incident_update", on_file)
            sending.cancel()
            await asyncio.wait((sending,))
        else:
            reach = recipients.reached
            await SuspensionNotices(
                store, channels, reach, now_us=clock.now_us, fallback="meldkamer_em", at_point=reached
            ).step()
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("point", Point, ids=lambda point: point.name.lower())
async def test_kill_9_loses_no_update(store: Store, database: str, tmp_path: Path, point: Point) -> None:
    receiver = Receiver(fail_first=4 if point is Point.RELEASED else 1)
    async with talking(receiver) as port:
        config = tmp_path / "recipients.json"
        config.write_text(json.dumps(receiver.config(port)))
        await _open_and_close(store, config)
        # The second time it is passed, where it can be: so there are others before, beside and after it.
        times = 1 if point in (Point.CLAIMED, Point.RELEASED) else 2
        assert await _run("updates", database, config, point, times) == -signal.SIGKILL, "never passed"
        assert await _run("updates", database, config, point, 0) == 0
    counts = Counter(receiver.ids)
    due = {f"b-{n}:u{number}:meldkamer_em" for n in range(INCIDENTS) for number in (1, 2)}
    assert set(counts) == due, "0 lost"
    assert counts.total() - len(due) <= DELIVERIES_UNRECORDED_MAX, "only what was not on file"
    firsts = list(dict.fromkeys(receiver.ids))
    for n in range(INCIDENTS):
        left, stand_down = (firsts.index(f"b-{n}:u{number}:meldkamer_em") for number in (1, 2))
        assert left < stand_down
    async with await psycopg.AsyncConnection.connect(database) as conn:
        query = "SELECT state, count(*) FROM incident_update GROUP BY state"
        assert await (await conn.execute(query)).fetchall() == [("delivered", len(due))]


NOTED = (Point.CLAIMED, Point.SENDING, Point.ANSWERED, Point.RECORDING, Point.COMMITTED)
"""A notice is kept by a statement of its own, and waits behind no breaker."""


@pytest.mark.parametrize("point", NOTED, ids=lambda point: point.name.lower())
async def test_kill_9_loses_no_notice(store: Store, database: str, tmp_path: Path, point: Point) -> None:
    receiver = Receiver()
    async with talking(receiver) as port:
        config = tmp_path / "recipients.json"
        config.write_text(json.dumps(receiver.config(port)))
        for number in range(3):
            await _suspended(store, f"o-{number}")
        times = 1 if point is Point.CLAIMED else 2
        assert await _run("notices", database, config, point, times) == -signal.SIGKILL, "never passed"
        assert await _run("notices", database, config, point, 0) == 0
    counts = Counter(receiver.ids)
    async with await psycopg.AsyncConnection.connect(database) as conn:
        query = "SELECT notice_id, recipient, delivered_at FROM notice_delivery"
        rows = await (await conn.execute(query)).fetchall()
    assert set(counts) == {f"notice:{notice}:{recipient}" for notice, recipient, _ in rows}, "0 lost"
    assert (len(rows), [row for row in rows if row[2] is None]) == (3, [])
    assert counts.total() <= 2 * len(rows)


async def _open_and_close(store: Store, config: Path) -> None:
    """Of each incident its alert was received, and two updates wait: that he left, and to stand down."""
    recipients = load_recipients(config)
    alerts = [alert_of(f"a-{n}", 1, Party.POLITIE, Party.MELDKAMER_EM) for n in range(INCIDENTS)]
    await write(store, recipients, *alerts, breach_of=lambda alert: f"b-{alert.id[2:]}")
    closed_us = clock.now_us() + 1
    ended = [breach(f"b-{n}", alerts[n].at_us, closed_at_us=closed_us) for n in range(INCIDENTS)]
    async with store.batch() as tx:
        await tx.write(Effects(at_us=closed_us + 1, breaches=tuple(ended)), ())
    async with await psycopg.AsyncConnection.connect(store.url) as conn:
        await conn.execute(_TOLD)
    said = await Incidents(store, now_us=clock.now_us, on_said=lambda: None).step()
    assert len(said) == INCIDENTS


async def _suspended(store: Store, name: str) -> None:
    now_us = clock.now_us()
    (first,) = await store.arm(versions(circle_order(id=name)))
    interval = Interval(now_us, now_us + HOUR_US, "visit to the court")
    await store.arm([with_suspension(first, interval, ("anna", "bert"))])


async def _run(what: str, database: str, config: Path, point: Point, times: int) -> int:
    return await run_script(_SENDER, what, database, str(config), str(int(point)), str(times))

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

from emon.alerts.points import Point
from emon.alerts.recipients import load_recipients
from emon.limits import DELIVERIES_UNRECORDED_MAX
from emon.model.vocabulary import AlertEvent, Party
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


async def _run(database: str, config: Path, point: Point, times: int) -> int:
    return await run_script(_SENDER, database, str(config), str(int(point)), str(times))

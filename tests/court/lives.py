"""An alert with a whole life behind it, as the service would have left it, sealed and signed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from emon import clock
from emon.alerts.policy import DEFAULT_POLICY
from emon.audit.keyring import Keyring
from emon.model.instant import SECOND_US
from emon.model.resolution import Closing, ClosingCause, ClosingOutcome
from emon.orders.document import parse_document
from emon.policies.written import policy_bytes, version_of
from emon.sealer import Sealer
from emon.store.store import Store
from tests.engine.stories import circle_order
from tests.store.judging import Taken, event_message, fix_message, judge
from tests.web.story import deliver

PERSON = "A. de Vries <b>\n& zoon"


async def armed(store: Store, **changes: Any) -> None:
    """One order on d-1 with a circle of 200 m."""
    orders = {"orders": [circle_order(**changes)]}
    await store.use_policy(version_of(DEFAULT_POLICY), policy_bytes(DEFAULT_POLICY).decode())
    await store.arm(parse_document(json.dumps(orders).encode(), armed_at_us=0))


def walk(base_us: int, places_m: list[float], first: int = 1) -> list[Taken]:
    """A fix a minute of d-1, each taken a second after it was determined."""
    items = []
    for step, east_m in enumerate(places_m):
        at_us = base_us + step * 60 * SECOND_US
        message = fix_message("d-1", first + step, at_us, east_m)
        items.append(Taken(at_us + SECOND_US, (message,)))
    return items


async def lived(store: Store, folder: Path, *, secret: bool = False, close: bool = True, **order: Any) -> str:
    """A breach that began and ended, told, answered and closed; the id of its first alert to police."""
    conditions = [
        {
            "id": "c-1",
            "kind": "exclusion",
            "zone": {"type": "Circle", "center": [4.48, 51.92], "radius_m": 200},
            "secret": secret,
        }
    ]
    await armed(store, **({"conditions": conditions, "risk": "high"} | order))
    base_us = clock.now_us() + SECOND_US
    strap = event_message("d-1", 900, base_us + 150 * SECOND_US, "strap", "cut")
    items = walk(base_us, [900.0, 60.0, 40.0, 50.0, 900.0, 950.0])
    items.insert(3, Taken(base_us + 151 * SECOND_US, (strap,)))
    effects = await judge(store, items)
    alerts = [alert for one in effects for alert in one.alerts if "politie" in alert.recipients]
    alert = next(alert for alert in alerts if alert.event == "breach")
    at_us = alert.at_us
    await deliver(store, alert.id, "politie", at_us + 1_000, tries=3)
    await deliver(store, alert.id, "reclassering", at_us + 1_000)
    await store.acknowledge(alert.id, "politie", PERSON, "page", at_us + 20 * SECOND_US)
    await store.acknowledge(alert.id, "politie", "B. Bakker", "page", at_us + 25 * SECOND_US)
    if close:
        closing = Closing(ClosingCause.WEARER, ClosingOutcome.SENT_AWAY, None, 'weggestuurd; "rustig" <i>')
        await store.close_alert(alert.id, "politie", "A. de Vries", closing, "page", at_us + 900 * SECOND_US)
    sealer = Sealer(store, Keyring(folder), clock.now_us)
    await sealer.finish()
    return str(alert.id)

"""Tells each alert as it happens, with its four clocks, and keeps what the score needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from emon.model.breach import Alert
from emon.model.instant import SECOND_US, format_instant
from emon.model.lines import alert_line
from emon.model.vocabulary import Party
from emon.store.pages import AlertNow
from emon.store.store import Store

_LOOK_S = 0.2
_TELL_AFTER_US = 2 * SECOND_US  # so long a line waits for its last delivery
_AT_ONCE = 500  # alerts of one look at the database


class Teller:
    """Follows the alerts of one database until cancelled."""

    def __init__(
        self, store: Store, say: Callable[[str], None], now_us: Callable[[], int], at_once: int = _AT_ONCE
    ) -> None:
        self._at_once = at_once
        self._store = store
        self._say = say
        self._now_us = now_us
        self._told: set[str] = set()

    async def run(self) -> None:
        """Look again and again; ends by being cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_S)

    async def look(self, *, everything: bool = False) -> None:
        """Tell what is new and delivered, or has waited long enough; or all that is new."""
        fresh: list[AlertNow] = []
        async for page in self._pages():
            fresh += (alert for alert in page if alert.id not in self._told)
            if not everything and all(alert.id in self._told for alert in page):
                break
        for alert in reversed(fresh):
            delivered = all(d.delivered_at_us is not None for d in alert.deliveries)
            waited = self._now_us() - alert.detected_at_us > _TELL_AFTER_US
            if delivered or waited or everything:
                self._told.add(alert.id)
                self._say(describe(alert))

    async def alerts(self) -> list[AlertNow]:
        """All alerts, newest first, however many there are."""
        return [alert async for page in self._pages() for alert in page]

    async def _pages(self) -> AsyncIterator[list[AlertNow]]:
        before: tuple[int, str] | None = None
        while page := await self._store.alerts(before=before, limit=self._at_once):
            yield page
            before = (page[-1].detected_at_us, page[-1].id)


def describe(alert: AlertNow) -> str:
    """One alert in two lines: what, about whom and to whom; then the four clocks."""
    certainty = f" ({alert.certainty.value})" if alert.certainty is not None else ""
    how = f", {alert.breach.how.value}" if alert.breach is not None else ""
    delivered = ", ".join(
        f"{d.recipient} {_clock(d.delivered_at_us) if d.delivered_at_us is not None else 'not yet'}"
        for d in sorted(alert.deliveries, key=lambda d: d.recipient)
    )
    received = "by timer" if alert.received_at_us is None else _clock(alert.received_at_us)
    about = [alert.wearer] if alert.wearer is not None else []
    about += [f"order {alert.order}"] if alert.order is not None else []
    about += [f"condition {alert.condition}"] if alert.condition is not None else []
    named = ": " + ", ".join(about) if about else ""
    return (
        f"[{alert.priority}] {alert.event.value}{certainty}{how}{named}\n"
        f"    happened {_clock(alert.happened_at_us)}  received {received}"
        f"  detected {_clock(alert.detected_at_us)}  delivered {delivered}"
    )


def _clock(instant_us: int) -> str:
    """Time of day, UTC, to the millisecond."""
    return format_instant(instant_us)[11:23]


def scored_lines(alerts: list[AlertNow]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Alerts and deliveries as the score takes them."""
    lines: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []
    for alert in alerts:
        made = Alert(
            id=alert.id,
            event=alert.event,
            priority=alert.priority,
            at_us=alert.at_us,
            recipients=tuple(Party(name) for name in alert.recipients),
            happened_at_us=alert.happened_at_us,
            breach=None if alert.breach is None else alert.breach.id,
            order=alert.order,
            condition=alert.condition,
            certainty=alert.certainty,
            device=alert.device,
        )
        lines.append({**alert_line(made), "wearer": alert.wearer})
        for delivery in alert.deliveries:
            at_us = delivery.delivered_at_us
            deliveries.append(
                {
                    "alert": alert.id,
                    "recipient": delivery.recipient,
                    "delivered_at": None if at_us is None else format_instant(at_us),
                }
            )
    return lines, deliveries

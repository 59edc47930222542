"""An alert with its breach as messages tell it, made of a row of the outbox or of the updates."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from emon.alerts.outbox import AlertView, PositionView
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Risk
from emon.store import connect as c
from emon.store.carried_for import Carried
from emon.store.placed_orders import OrderFacts

ALERT_COLUMNS = "a.id, a.event, a.priority, a.at, a.recipients, a.happened_at, a.detected_at, a.received_at"
COLUMNS = 21
"""So many: those of the alert, then of its breach ``id, order, condition, certainty, device, wearer, risk,
kind, how, opened_at, closed_at, historic, refuted``."""


def alert_view(columns: c.Row, position: PositionView | None, facts: OrderFacts, **more: Any) -> AlertView:
    """The alert of those columns, at a position; ``more``: members beyond them."""
    (alert, event, priority, at_us, recipients, happened_at_us, detected_at_us, received_at_us) = columns[:8]
    (breach, order, condition, certainty, device, wearer, risk, kind, how) = columns[8:17]
    (opened_at_us, closed_at_us, historic, refuted) = columns[17:COLUMNS]
    return AlertView(
        id=alert,
        event=AlertEvent(event),
        priority=priority,
        at_us=at_us,
        recipients=tuple(recipients),
        happened_at_us=happened_at_us,
        detected_at_us=detected_at_us,
        received_at_us=received_at_us,
        breach=breach,
        order=order,
        condition=condition,
        certainty=Certainty(certainty) if certainty else None,
        device=device,
        wearer=wearer,
        risk=Risk(risk) if risk else None,
        kind=Kind(kind) if kind else None,
        how=How(how) if how else None,
        opened_at_us=opened_at_us,
        closed_at_us=closed_at_us,
        historic=historic,
        refuted=refuted,
        position=position,
        secret=facts.secret,
        zone=facts.zone,
        owner=facts.owner,
        legal_basis=facts.legal_basis,
        protected=facts.protected,
        **more,
    )


def with_carried(alert: AlertView, carried: Carried | None) -> AlertView:
    """With whose device it is, where the alert names no order."""
    if carried is None:
        return alert
    return replace(
        alert,
        wearer=carried.wearer,
        risk=carried.risk,
        owner=carried.owner,
        worn_for=carried.orders,
        legal_basis=carried.legal_basis,
        protected=carried.protected,
        victim=alert.victim or carried.victim,
    )

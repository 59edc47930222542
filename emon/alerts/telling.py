"""Which alerts a change of a breach raises, by the policy in force.

Pure: the memory of what was told travels with the breach (``Breach.told``), so the same changes
give the same alerts live, replayed and after a crash.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from emon.alerts.decision_table import Row, Situation
from emon.alerts.policy import Policy
from emon.model.breach import Alert, Breach, Told
from emon.model.ids import derive_id
from emon.model.vocabulary import AlertEvent, How, Kind, LegalBasis, Party, Risk

_PRESENT = (AlertEvent.BREACH, AlertEvent.PROXIMITY)


class Decision(msgspec.Struct, frozen=True):
    """What decided: the instant, the receipt of the deciding fix (None: a timer), and risk and legal basis
    of the version in force.

    ``incursion_day``: the local day an incursion of this change counts for, ``days_told`` those on
    which the condition's alert for one was raised.
    """

    at_us: int
    received_at_us: int | None
    risk: Risk
    incursion_day: int
    days_told: tuple[int, ...] = ()
    legal_basis: LegalBasis | None = None


def event_of(breach: Breach) -> AlertEvent:
    """The event that a breach stands for as it is now."""
    if breach.how is How.REACHABLE:
        return AlertEvent.POSSIBLE_INCURSION
    if breach.historic:
        return AlertEvent.HISTORIC_BREACH
    return AlertEvent.PROXIMITY if breach.kind is Kind.CONTACT else AlertEvent.BREACH


def row_for(
    policy: Policy, breach: Breach, event: AlertEvent, decision: Decision, *, recalls_police: bool = False
) -> Row:
    """The row that decides on an event of a breach at the instant of a decision."""
    return policy.decide(
        Situation(
            event=event,
            at_us=decision.at_us,
            kind=breach.kind,
            certainty=breach.certainty,
            risk=decision.risk,
            legal_basis=decision.legal_basis,
            recalls_police=recalls_police,
        )
    )


def judge_change(
    policy: Policy, before: Breach | None, after: Breach, decision: Decision
) -> tuple[Breach, tuple[Alert, ...]]:
    """The breach with its memory brought up to date, and the alerts of this change, in order."""
    alerts: list[Alert] = []
    breach = after
    if not after.refuted:
        event = event_of(after)
        row = row_for(policy, after, event, decision)
        if _is_due(row, event, after, decision):
            breach = _tell(breach, event, row, decision, alerts)
    if _is_cleared(before, after):
        told = _all_told(breach)  # whom this very decision told too
        event = AlertEvent.BREACH_CLEARED
        recalls = after.refuted and Party.POLITIE in told
        row = row_for(policy, after, event, decision, recalls_police=recalls)
        heard = dict.fromkeys(name for one in breach.told for name in one.also)
        everyone = replace(
            row,
            recipients=tuple(dict.fromkeys((*told, *row.recipients))),
            also=tuple(dict.fromkeys((*heard, *row.also))),
        )
        breach = _tell(breach, event, everyone, decision, alerts)
    return breach, tuple(alerts)


def _is_due(row: Row, event: AlertEvent, breach: Breach, decision: Decision) -> bool:
    raised = [told for told in breach.told if told.event is not AlertEvent.BREACH_CLEARED]
    if event is AlertEvent.POSSIBLE_INCURSION:
        return not raised and decision.incursion_day not in decision.days_told
    if not raised:
        return True
    present = [told for told in raised if told.event in _PRESENT]
    if event in _PRESENT and not present:
        return True  # it became present: the alert of its certainty, once
    adds = bool(set(row.recipients) - set(_all_told(breach)))
    if event is AlertEvent.HISTORIC_BREACH:
        return adds and all(told.event is AlertEvent.POSSIBLE_INCURSION for told in raised)
    highest = max(told.certainty.level for told in present)
    return adds and breach.certainty.level > highest


def _is_cleared(before: Breach | None, after: Breach) -> bool:
    if before is None or not after.told:
        return False
    if after.refuted:
        return not before.refuted
    told_open = any(told.open for told in before.told)
    return told_open and before.closed_at_us is None and after.closed_at_us is not None


def _all_told(breach: Breach) -> tuple[Party, ...]:
    """Everyone any alert of the breach went to, in the order in which they were first told."""
    return tuple(dict.fromkeys(party for told in breach.told for party in told.recipients))


def _tell(breach: Breach, event: AlertEvent, row: Row, decision: Decision, alerts: list[Alert]) -> Breach:
    alerts.append(
        Alert(
            id=derive_id("alert", breach.id, event, decision.at_us, len(breach.told)),
            event=event,
            priority=row.priority,
            at_us=decision.at_us,
            recipients=row.recipients,
            happened_at_us=breach.opened_at_us,
            received_at_us=decision.received_at_us,
            breach=breach.id,
            order=breach.order,
            condition=breach.condition,
            certainty=breach.certainty,
            device=breach.device,
            row=row.name,
            also=row.also,
        )
    )
    day = decision.incursion_day if event is AlertEvent.POSSIBLE_INCURSION else None
    open_still = breach.closed_at_us is None
    told = Told(event, breach.certainty, breach.historic, open_still, row.recipients, day, row.also)
    return replace(breach, told=(*breach.told, told))

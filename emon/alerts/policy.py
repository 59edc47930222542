"""Who is told what about a change of a breach (contract, section 3: default policy).

Pure: the memory of what was told travels with the breach (``Breach.told``), so the same changes
give the same alerts live, replayed and after a crash.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import fields, replace

from emon.model.breach import Alert, Breach, Told
from emon.model.ids import derive_id
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Party, Risk

MELDKAMER, RECLASSERING, POLITIE = Party.MELDKAMER_EM, Party.RECLASSERING, Party.POLITIE
BESCHERMDE = Party.BESCHERMDE
_PRESENT = (AlertEvent.BREACH, AlertEvent.PROXIMITY)


class Rule(msgspec.Struct, frozen=True):
    """One row of the policy: priority (1 is highest) and recipients in the order of the table."""

    priority: int
    recipients: tuple[Party, ...]


class Policy(msgspec.Struct, frozen=True):
    """The rows of the table. Another policy is another value of this, never another rule."""

    certain: Rule = Rule(1, (POLITIE, RECLASSERING, MELDKAMER))
    probable: Rule = Rule(2, (MELDKAMER, RECLASSERING))
    probable_high_risk: Rule = Rule(1, (MELDKAMER, RECLASSERING, POLITIE))
    possible: Rule = Rule(2, (MELDKAMER,))
    historic: Rule = Rule(3, (RECLASSERING, MELDKAMER))
    incursion: Rule = Rule(3, (MELDKAMER,))
    inclusion: Rule = Rule(3, (RECLASSERING, MELDKAMER))
    approach: Rule = Rule(3, (MELDKAMER,))
    strap_tamper: Rule = Rule(2, (MELDKAMER,))
    case_tamper: Rule = Rule(2, (MELDKAMER,))
    tamper_high_risk: Rule = Rule(1, (MELDKAMER, POLITIE))
    battery_low: Rule = Rule(4, (MELDKAMER,))
    battery_critical: Rule = Rule(3, (MELDKAMER,))
    panic: Rule = Rule(1, (POLITIE, MELDKAMER))
    silence: Rule = Rule(3, (MELDKAMER,))
    no_position: Rule = Rule(3, (MELDKAMER,))
    outage: Rule = Rule(2, (MELDKAMER,))
    order_without_device: Rule = Rule(3, (RECLASSERING,))
    command_unanswered: Rule = Rule(3, (MELDKAMER,))
    clock_wrong: Rule = Rule(4, (MELDKAMER,))
    implausible_fixes: Rule = Rule(3, (MELDKAMER,))
    charging_missed: Rule = Rule(4, (MELDKAMER,))
    cleared_priority: int = 4
    cleared_refuted_priority: int = 1

    def parties(self) -> tuple[Party, ...]:
        """Everyone any row names, and the protected person, who hears of a contact with the police."""
        values = (getattr(self, field.name) for field in fields(self))
        rules = (value for value in values if isinstance(value, Rule))
        named = dict.fromkeys(party for rule in rules for party in rule.recipients)
        return tuple({**named, **({BESCHERMDE: None} if POLITIE in named else {})})


DEFAULT_POLICY = Policy()


class Decision(msgspec.Struct, frozen=True):
    """What decided: the instant, the receipt of the deciding fix (None: a timer) and the risk.

    ``incursion_day``: the local day an incursion of this change counts for, ``days_told`` those on
    which the condition's alert for one was raised.
    """

    at_us: int
    received_at_us: int | None
    risk: Risk
    incursion_day: int
    days_told: tuple[int, ...] = ()


def rule_for(policy: Policy, breach: Breach, risk: Risk) -> tuple[AlertEvent, Rule]:
    """The event and row that a breach stands under as it is now.

    A contact stands under the rows of an exclusion; "``beschermde`` wherever ``politie`` is told".
    """
    if breach.how is How.REACHABLE:
        return AlertEvent.POSSIBLE_INCURSION, policy.incursion
    if breach.historic:
        return AlertEvent.HISTORIC_BREACH, policy.historic
    if breach.kind is Kind.INCLUSION:
        return AlertEvent.BREACH, policy.inclusion
    rule = _rule_of_certainty(policy, breach.certainty, risk)
    if breach.kind is not Kind.CONTACT:
        return AlertEvent.BREACH, rule
    if POLITIE in rule.recipients and BESCHERMDE not in rule.recipients:
        rule = Rule(rule.priority, (*rule.recipients, BESCHERMDE))
    return AlertEvent.PROXIMITY, rule


def _rule_of_certainty(policy: Policy, certainty: Certainty, risk: Risk) -> Rule:
    if certainty is Certainty.CERTAIN:
        return policy.certain
    if certainty is Certainty.PROBABLE:
        return policy.probable_high_risk if risk is Risk.HIGH else policy.probable
    return policy.possible


def rule_for_device(policy: Policy, event: AlertEvent, risk: Risk) -> Rule:
    """The row of what a device said of itself, or shows. Raises ``KeyError`` for any other event."""
    tampers = (AlertEvent.STRAP_TAMPER, AlertEvent.CASE_TAMPER)
    if risk is Risk.HIGH and event in tampers:
        return policy.tamper_high_risk
    rows = {
        AlertEvent.STRAP_TAMPER: policy.strap_tamper,
        AlertEvent.CASE_TAMPER: policy.case_tamper,
        AlertEvent.BATTERY_LOW: policy.battery_low,
        AlertEvent.BATTERY_CRITICAL: policy.battery_critical,
        AlertEvent.PANIC: policy.panic,
        AlertEvent.COMMAND_UNANSWERED: policy.command_unanswered,
        AlertEvent.CLOCK_WRONG: policy.clock_wrong,
        AlertEvent.IMPLAUSIBLE_FIXES: policy.implausible_fixes,
        AlertEvent.CHARGING_MISSED: policy.charging_missed,
    }
    return rows[event]


def rule_for_trouble(policy: Policy, event: AlertEvent) -> Rule:
    """The row of what goes wrong with devices. Raises ``KeyError`` for any other event."""
    rows = {
        AlertEvent.SILENCE: policy.silence,
        AlertEvent.NO_POSITION: policy.no_position,
        AlertEvent.OUTAGE: policy.outage,
        AlertEvent.ORDER_WITHOUT_DEVICE: policy.order_without_device,
    }
    return rows[event]


def judge_change(
    policy: Policy, before: Breach | None, after: Breach, decision: Decision
) -> tuple[Breach, tuple[Alert, ...]]:
    """The breach with its memory brought up to date, and the alerts of this change, in order."""
    alerts: list[Alert] = []
    breach = after
    if not after.refuted and _is_due(policy, after, decision):
        event, rule = rule_for(policy, after, decision.risk)
        breach = _tell(breach, event, rule.priority, rule.recipients, decision, alerts)
    if _is_cleared(before, after):
        recipients = _all_told(breach)  # whom this very decision told too
        refuted_to_police = after.refuted and POLITIE in recipients
        priority = policy.cleared_refuted_priority if refuted_to_police else policy.cleared_priority
        breach = _tell(breach, AlertEvent.BREACH_CLEARED, priority, recipients, decision, alerts)
    return breach, tuple(alerts)


def _is_due(policy: Policy, breach: Breach, decision: Decision) -> bool:
    event, rule = rule_for(policy, breach, decision.risk)
    raised = [told for told in breach.told if told.event is not AlertEvent.BREACH_CLEARED]
    if event is AlertEvent.POSSIBLE_INCURSION:
        return not raised and decision.incursion_day not in decision.days_told
    if not raised:
        return True
    present = [told for told in raised if told.event in _PRESENT]
    if event in _PRESENT and not present:
        return True  # it became present: the alert of its certainty, once
    adds = bool(set(rule.recipients) - set(_all_told(breach)))
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


def _tell(
    breach: Breach,
    event: AlertEvent,
    priority: int,
    recipients: tuple[Party, ...],
    decision: Decision,
    alerts: list[Alert],
) -> Breach:
    alerts.append(
        Alert(
            id=derive_id("alert", breach.id, event, decision.at_us, len(breach.told)),
            event=event,
            priority=priority,
            at_us=decision.at_us,
            recipients=recipients,
            happened_at_us=breach.opened_at_us,
            received_at_us=decision.received_at_us,
            breach=breach.id,
            order=breach.order,
            condition=breach.condition,
            certainty=breach.certainty,
            device=breach.device,
        )
    )
    day = decision.incursion_day if event is AlertEvent.POSSIBLE_INCURSION else None
    open_still = breach.closed_at_us is None
    told = Told(event, breach.certainty, breach.historic, open_still, recipients, day)
    return replace(breach, told=(*breach.told, told))

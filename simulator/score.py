"""Compares the alerts that were raised with the truth a scenario states.

An expected alert is matched by one raised alert, and a raised alert matches one expected at most,
so that an alert told twice is unexpected the second time. Required entries are matched first, by
augmenting paths, so that an optional entry never takes the alert a required one needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emon.model.instant import SECOND_US, parse_instant
from simulator.scenario import Expected, Scenario


@dataclass(frozen=True, slots=True)
class Score:
    """``expected`` counts the required entries, ``raised`` every alert that was raised.

    ``missing`` holds one sentence a required alert that is not there or did not reach a recipient,
    ``unexpected`` one a raised alert that no entry allows.
    """

    expected: int
    raised: int
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.missing and not self.unexpected


def score(
    scenario: Scenario,
    start_us: int,
    alerts: Iterable[Mapping[str, Any]],
    deliveries: Iterable[Mapping[str, Any]] | None = None,
) -> Score:
    """Judge alerts (contract, section 5, lines of type ``alert``) against the scenario's truth.

    ``deliveries`` are mappings with ``alert`` (the alert's id), ``recipient`` and ``delivered_at``
    (None while undelivered); with None, only the alerts are judged. Raises ``KeyError`` or
    ``ValueError`` for an alert that is no such line.
    """
    raised = [dict(alert) for alert in alerts]
    for alert in raised:
        alert.setdefault("wearer", scenario.wearer_of_order(str(alert["order"])))
    raised.sort(key=lambda alert: (str(alert["at"]), str(alert["id"])))
    required = [entry for entry in scenario.expected if not entry.optional]
    allowed = [entry for entry in scenario.expected if entry.optional]
    due = _match(required, raised, start_us)
    taken = set(due.values())
    rest = [alert for number, alert in enumerate(raised) if number not in taken]
    also = set(_match(allowed, rest, start_us).values())
    missing = [_sentence(entry) for number, entry in enumerate(required) if number not in due]
    unexpected = [_told(alert, start_us) for number, alert in enumerate(rest) if number not in also]
    if deliveries is not None:
        arrived = {(d["alert"], d["recipient"]) for d in deliveries if d["delivered_at"] is not None}
        for number, found in sorted(due.items()):
            entry, alert_id = required[number], raised[found]["id"]
            lost = sorted(party for party in entry.recipients if (alert_id, party) not in arrived)
            if lost:
                missing.append(f"{_sentence(entry)}: not delivered to {', '.join(lost)}")
    return Score(len(required), len(raised), missing, unexpected)


def _match(entries: Sequence[Expected], alerts: Sequence[Mapping[str, Any]], start_us: int) -> dict[int, int]:
    """The largest assignment entry -> alert, each used once (Kuhn's augmenting paths)."""
    fits = [[n for n, alert in enumerate(alerts) if _is(entry, alert, start_us)] for entry in entries]
    holder: dict[int, int] = {}

    def place(entry: int, seen: set[int]) -> bool:
        for alert in fits[entry]:
            if alert not in seen:
                seen.add(alert)
                if alert not in holder or place(holder[alert], seen):
                    holder[alert] = entry
                    return True
        return False

    for entry in range(len(entries)):
        place(entry, set())
    return {entry: alert for alert, entry in holder.items()}


def _is(entry: Expected, alert: Mapping[str, Any], start_us: int) -> bool:
    after_us = parse_instant(str(alert["at"])) - start_us
    earliest_s, latest_s = entry.between_s
    return (
        alert["wearer"] == entry.wearer
        and alert["order"] == entry.order
        and alert["condition"] == entry.condition
        and alert["event"] == entry.event
        and (entry.certainty is None or alert["certainty"] == entry.certainty)
        and len(alert["recipients"]) == len(entry.recipients)
        and set(alert["recipients"]) == entry.recipients
        and round(earliest_s * SECOND_US) <= after_us <= round(latest_s * SECOND_US)
    )


def _sentence(entry: Expected) -> str:
    certainty = f" {entry.certainty}" if entry.certainty else ""
    earliest_s, latest_s = entry.between_s
    told = ", ".join(sorted(entry.recipients))
    return (
        f"{entry.wearer}: {entry.event}{certainty} of {entry.order}/{entry.condition} to {told}, "
        f"due between {earliest_s:g} and {latest_s:g} s"
    )


def _told(alert: Mapping[str, Any], start_us: int) -> str:
    after_s = (parse_instant(str(alert["at"])) - start_us) / SECOND_US
    certainty = f" {alert['certainty']}" if alert["certainty"] else ""
    told = ", ".join(sorted(str(party) for party in alert["recipients"]))
    return (
        f"{alert['wearer'] or alert['device']}: {alert['event']}{certainty} of {alert['order']}/"
        f"{alert['condition']} to {told}, at {after_s:.1f} s (alert {alert['id']})"
    )

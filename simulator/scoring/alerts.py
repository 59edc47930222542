"""Alerts as they leave a replay (contract, section 5), each with its line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from emon.model.instant import parse_instant
from emon.model.vocabulary import AlertEvent, Certainty, How, Party


@dataclass(frozen=True, slots=True)
class Told:
    """One alert. ``how``, ``opened_us`` and ``closed_us`` are its breach's, where the file has that line too;
    ``stands``: it has, and the breach was not refuted."""

    line: int
    id: str
    event: AlertEvent
    at_us: int
    recipients: tuple[Party, ...]
    breach: str
    order: str
    condition: str
    certainty: Certainty | None
    device: str
    wearer: str
    how: How | None = None
    opened_us: int | None = None
    closed_us: int | None = None
    stands: bool = False


class AlertsRefused(ValueError):
    """Lines that are no alerts: ``faults`` holds each with its file and line."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


def read_alerts(lines: Iterable[str], name: str) -> list[Told]:
    """The alerts of JSON Lines, in the order of their instants; other types of line are passed over.

    A line without ``type`` is an alert. Raises ``AlertsRefused``.
    """
    members: list[tuple[int, dict[str, Any]]] = []
    breaches: dict[str, dict[str, Any]] = {}
    faults: list[str] = []
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except ValueError as fault:
            faults.append(f"{name}:{number}: not JSON: {fault}")
            continue
        if not isinstance(value, dict):
            faults.append(f"{name}:{number}: must be an object")
        elif value.get("type", "alert") == "alert":
            members.append((number, value))
        elif value["type"] == "breach":
            breaches[str(value.get("id"))] = value
    alerts: list[Told] = []
    for number, value in members:
        try:
            alerts.append(_told(number, value, breaches.get(str(value.get("breach")), {})))
        except KeyError as fault:
            faults.append(f"{name}:{number}: an alert lacks {fault}")
        except (TypeError, ValueError) as fault:
            faults.append(f"{name}:{number}: {fault}")
    if faults:
        raise AlertsRefused(faults)
    return sorted(alerts, key=lambda alert: (alert.at_us, alert.id, alert.line))


def _told(number: int, value: dict[str, Any], breach: dict[str, Any]) -> Told:
    certainty = value["certainty"]
    return Told(
        number,
        _text(value, "id"),
        AlertEvent(value["event"]),
        parse_instant(_text(value, "at")),
        tuple(Party(party) for party in value["recipients"]),
        _text_or_none(value, "breach"),
        _text_or_none(value, "order"),
        _text_or_none(value, "condition"),
        None if certainty is None else Certainty(certainty),
        _text_or_none(value, "device"),
        _text_or_none(value, "wearer", required=False),
        How(breach["how"]) if breach.get("how") else None,
        parse_instant(str(breach["opened_at"])) if breach.get("opened_at") else None,
        parse_instant(str(breach["closed_at"])) if breach.get("closed_at") else None,
        bool(breach.get("opened_at")) and breach.get("refuted") is False,
    )


def _text(value: dict[str, Any], name: str) -> str:
    if not isinstance(value[name], str) or not value[name]:
        raise ValueError(f"{name} must be a text")
    return str(value[name])


def _text_or_none(value: dict[str, Any], name: str, *, required: bool = True) -> str:
    found = value[name] if required else value.get(name)
    if found is not None and not isinstance(found, str):
        raise ValueError(f"{name} must be a text or null")
    return found or ""

"""Facts and alerts in words, for findings."""

from __future__ import annotations

from emon.model.instant import SECOND_US, format_instant
from simulator.limits import DUE_DEPTH_MIN_M
from simulator.scoring.alerts import Told
from simulator.scoring.facts import INSIDE, NEAR, Ruling, Stay


def of_alert(alert: Told) -> str:
    """What an alert told, of what, to whom and when."""
    certainty = f" {alert.certainty}" if alert.certainty else ""
    place = f" of {alert.order}/{alert.condition}" if alert.order else ""
    whose = f" of {alert.device}" if alert.device and not alert.order else ""
    told = ", ".join(sorted(alert.recipients)) or "nobody"
    return f"{alert.event}{certainty}{place}{whose} to {told} at {format_instant(alert.at_us)}"


def of_fact(fact: Stay | Ruling) -> str:
    """What was due."""
    place = f"{fact.wearer}: {fact.order}/{fact.condition}" if fact.order else fact.wearer
    if isinstance(fact, Ruling):
        certainty = f" {fact.certainty}" if fact.certainty else ""
        told = ", ".join(sorted(fact.recipients))
        whose = f"{place}, " if place else ""
        return (
            f"{whose}{fact.event}{certainty} to {told} between {format_instant(fact.from_us)} and "
            f"{format_instant(fact.by_us)}"
        )
    what = {INSIDE: "inside", NEAR: "too near"}.get(fact.kind, "outside")
    lasted_s = (fact.to_us - fact.from_us) / SECOND_US
    least = f"plain at {DUE_DEPTH_MIN_M:g} m and more" if fact.shown_us is not None else "not plain"
    return (
        f"{place}, {what} from {format_instant(fact.from_us)} for {lasted_s:g} s, {fact.deepest_m:g} m deep, "
        f"{least}"
    )

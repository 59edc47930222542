"""docs/events.md: what each alert event is, when it begins and when it is over, for who knows the law and
not the code. The figures are the engine's own (``emon/limits.py``), the names those of messages.

.venv/bin/python -m scripts.events_page
"""

from __future__ import annotations

import sys
from pathlib import Path

from emon import limits
from emon.alerts.words import EN, NL
from emon.model.vocabulary import AlertEvent

PAGE = Path(__file__).resolve().parents[1] / "docs" / "events.md"
_BREACH, _MACHINES = "[Breach](state-machines.md#breach)", "state-machines.md"

_LIMITS = {
    "present": limits.PRESENT_AGE_MAX_S // 60,
    "gap": limits.CROSSING_GAP_MAX_S,
    "reach": limits.REACH_GAP_MAX_S // 60,
    "warning": limits.APPROACH_WARNING_S,
    "panic": limits.PANIC_AGAIN_S,
    "silence": (2 * limits.PLAN_S + limits.OWED_GRACE_S) // 60,
    "silence_max": limits.SILENCE_GRACE_MAX_S // 60,
    "no_position": limits.NO_POSITION_AFTER_S // 60,
    "still": limits.NO_POSITION_STILL_S // 3_600,
    "devices": limits.OUTAGE_DEVICES_MIN,
    "share": round(100 * limits.OUTAGE_SHARE_MIN),
    "within": limits.OUTAGE_WITHIN_S // 60,
    "answer": limits.COMMAND_ANSWER_S // 60,
    "low": limits.CHARGE_AFTER_LOW_S // 3_600,
    "critical": limits.CHARGE_AFTER_CRITICAL_S // 60,
    "each": limits.CHARGE_EACH_S // 3_600,
    "fixes": limits.IMPLAUSIBLE_FIXES,
    "fixes_within": limits.IMPLAUSIBLE_WITHIN_S // 60,
    "down": limits.RECIPIENT_DOWN_AFTER_S // 60,
}

_ROWS: dict[AlertEvent, tuple[str, str, str]] = {
    AlertEvent.APPROACH: (
        "the wearer comes into the warning ring of a ban, or heads for it so fast that he is there in"
        " {warning} s",
        "he is inside the zone (then a breach is told) or clearly outside the ring; nothing more is told",
        "[Approaches](approach.md)",
    ),
    AlertEvent.BREACH: (
        "positions show the wearer inside a ban or outside a required place while that holds; or a path of"
        " at most {gap} s between two positions runs through the ban; or a ban, or a duty to be somewhere,"
        " begins while he is on the wrong side",
        "two positions in a row show the right side, or the condition ceases to hold. Silence never ends it",
        _BREACH,
    ),
    AlertEvent.PROXIMITY: (
        "the wearer is closer to the protected person's device than the order allows",
        "as a breach",
        _BREACH,
    ),
    AlertEvent.HISTORIC_BREACH: (
        "a late position shows a breach that is over, or whose newest position is older than {present}"
        " minutes",
        "where a newer position shows that it goes on, it is told once more as a present breach",
        _BREACH,
    ),
    AlertEvent.POSSIBLE_INCURSION: (
        "both positions outside, more than {gap} s apart, and the straight path meets the ban; or"
        " positions were owed for at most {reach} minutes, in which it could be reached",
        "with the position after the gap",
        _BREACH,
    ),
    AlertEvent.BREACH_CLEARED: (
        "a breach that was told while open is over; or a breach that was told is refuted (withdrawn)",
        "it is itself an end",
        _BREACH,
    ),
    AlertEvent.STRAP_TAMPER: (
        "the device says that its strap is open or cut, where it was closed",
        "when a person closes the alert: that the strap is closed again proves nothing",
        "[Device words](#what-a-device-says)",
    ),
    AlertEvent.CASE_TAMPER: (
        "the device says that its case is open or cut, where it was closed",
        "when a person closes the alert",
        "[Device words](#what-a-device-says)",
    ),
    AlertEvent.PANIC: (
        "the protected person presses the button of her device; again after {panic} s",
        "when a person closes the alert",
        "[Device words](#what-a-device-says)",
    ),
    AlertEvent.BATTERY_LOW: (
        "the device says `low`, where it was `ok`",
        "when a person closes the alert",
        "[Device words](#what-a-device-says)",
    ),
    AlertEvent.BATTERY_CRITICAL: (
        "the device says `critical`, where it was `ok` or `low`",
        "when a person closes the alert",
        "[Device words](#what-a-device-says)",
    ),
    AlertEvent.CHARGING_MISSED: (
        "not plugged in {low} h after `low`, {critical} minutes after `critical`, or {each} h after it was"
        " unplugged",
        "it is plugged in, or its battery is `ok` again",
        f"[Charging]({_MACHINES}#charging)",
    ),
    AlertEvent.SILENCE: (
        "no message of any kind for {silence} minutes, up to {silence_max} where that hides little",
        "any message of the device",
        f"[Silence]({_MACHINES}#silence)",
    ),
    AlertEvent.NO_POSITION: (
        "messages come and no usable position for {no_position} minutes, {still} h of one who lies still;"
        " at once when positions are owed and the device says that it is jammed or shielded",
        "a usable position",
        f"[Position]({_MACHINES}#position)",
    ),
    AlertEvent.OUTAGE: (
        "at least {devices} devices, and {share} % of those expected, fall silent within {within} minutes",
        "most of them are heard again; the others are then counted one by one",
        f"[Outage]({_MACHINES}#outage)",
    ),
    AlertEvent.ORDER_WITHOUT_DEVICE: (
        "an order is in force and its device was never heard",
        "the device is heard",
        f"[Order without a device]({_MACHINES}#order-without-a-device)",
    ),
    AlertEvent.CLOCK_WRONG: (
        "positions whose time their receipt makes impossible",
        "a position whose time agrees with its receipt",
        f"[Clock]({_MACHINES}#clock)",
    ),
    AlertEvent.IMPLAUSIBLE_FIXES: (
        "{fixes} positions within {fixes_within} minutes that nobody can have travelled between",
        "usable positions for as long",
        f"[Plausibility]({_MACHINES}#plausibility)",
    ),
    AlertEvent.COMMAND_UNANSWERED: (
        "no position within {answer} minutes of being asked for one, of a device that has answered before",
        "a position taken after the question, or a reply",
        f"[Position on demand]({_MACHINES}#position-on-demand)",
    ),
    AlertEvent.RECIPIENT_DOWN: (
        "a recipient has taken nothing for {down} minutes; told to all others",
        "it takes messages again; told once",
        "[Recipients](recipients.md)",
    ),
    AlertEvent.PLATFORM: (
        "the system itself fails: no positions at all, no broker, no database, nothing judged",
        "the fault is over",
        "[Who watches the watcher](watch.md)",
    ),
}

_TEXT = """# What is told: when it begins and when it is over

Written by `make docs`; the figures are the engine's. Each name is the word on
the wire and in the database; beside it stands what messages call it, in Dutch and in English. Who hears of it
stands in the [decision table](policy-table.md), how the state machines work in
[state-machines.md](state-machines.md).

*Over* is what the system sees. It ends no alert: only a person's word closes one
([Alert](state-machines.md#alert)). All *breaches* are suspected ones; whether an order was violated a person
finds.

| event | in messages | begins when | is over when | table |
|---|---|---|---|---|
{rows}

## What a device says

A device repeats its state; only a change for the worse is news. Before its first word strap and case count as
closed, the battery as `ok`. A strap that is closed and opens again is told anew. Devices of protected persons
are judged by the same words, and the message then says that the device is hers.
"""


def events_page() -> str:
    """The page."""
    rows = []
    for event, (begins, ends, table) in _ROWS.items():
        names = f"{NL.events[event]} / {EN.events[event]}"
        rows.append(f"| `{event}` | {names} | {begins.format(**_LIMITS)} | {ends} | {table} |")
    return _TEXT.format(rows="\n".join(rows))


def main() -> int:
    PAGE.write_text(events_page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

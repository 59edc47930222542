"""Texts about devices from which nothing comes."""

from __future__ import annotations

from typing import Any

from emon.alerts.messages import texts
from emon.alerts.outbox import AlertView
from emon.limits import UNSEEN_LINES_MAX
from emon.model.instant import parse_instant
from emon.model.vocabulary import AlertEvent, Risk
from emon.model.watch import Cause, Unseen

AT_US = parse_instant("2026-06-01T12:03:00Z")


def view(event: AlertEvent, **changes: Any) -> AlertView:
    return AlertView("a-1", event, 3, AT_US, ("meldkamer_em",), AT_US, AT_US, **changes)


def test_a_silent_victim_s_device_reduces_the_protection_in_so_many_words() -> None:
    both = texts(view(AlertEvent.SILENCE, device="v-1", victim=True))
    assert "Protection is reduced to fixed zones" in both.en.body
    assert "De bescherming is beperkt tot de vaste gebieden" in both.nl.body
    assert "reduced" not in texts(view(AlertEvent.SILENCE, device="d-1")).en.body


def test_every_cause_has_its_words_in_both_languages() -> None:
    said = {texts(view(AlertEvent.NO_POSITION, device="d-1", cause=cause.value)).nl.body for cause in Cause}
    meant = {texts(view(AlertEvent.NO_POSITION, device="d-1", cause=cause.value)).en.body for cause in Cause}
    assert len(said) == len(meant) == len(Cause)
    assert "the satellite signal is being jammed" in " ".join(meant)


def test_an_outage_lists_who_is_unseen_in_its_order_and_says_how_many_more() -> None:
    unseen = tuple(
        Unseen(
            f"d-{n}",
            f"o-{n}",
            Risk.HIGH if n == 0 else Risk.MEDIUM,
            n == 1,
            120.4 * n if n < 9 else None,
            AT_US,
            None if n == 2 else f"w-{n}",
        )
        for n in range(UNSEEN_LINES_MAX + 5)
    )
    text = texts(view(AlertEvent.OUTAGE, unseen=unseen)).en
    assert text.subject == f"[P3] Outage: many devices without a signal: {len(unseen)} devices"
    lines = text.body.splitlines()
    first = lines.index("Unseen, the most urgent first:") + 1
    assert lines[first].startswith(
        "1. wearer w-0, d-0, order o-0, risk high, in an exclusion zone, last position 1 June 2026"
    )
    assert lines[first + 1].startswith(
        "2. d-1, order o-1, protected from wearer w-1, risk medium, victim's device, 121 m from"
    )
    assert lines[first + 2].startswith("3. d-2, order o-2, risk medium, ")  # of before
    assert lines[first + UNSEEN_LINES_MAX] == "… and 5 more: see the page"
    assert "Place:" not in text.body


def test_what_has_passed_since_is_said() -> None:
    text = texts(view(AlertEvent.SILENCE, device="d-1", cleared_at_us=AT_US)).en
    assert "has since passed: 1 June 2026, 14:03:00" in text.body

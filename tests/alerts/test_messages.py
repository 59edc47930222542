"""The texts: golden ones for each kind of alert, and nothing an id can do to them."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emon.alerts.messages import plain, texts
from emon.alerts.outbox import AlertView, PositionView
from emon.alerts.words import EN, NL, Language
from emon.model.instant import SECOND_US, parse_instant
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, Risk
from tests.alerts.parts import BREACH, NOON_US

_NL_CERTAIN = """\
Vermoedelijke overtreding, locatieverbod.
Zekerheid: zeker. Volgens het model van het systeem is de kans op een fout kleiner dan 1 op 1.000.

Drager: w-1
Risico: hoog
Plaats: 51.92250 NB, 4.47920 OL, ± 13 m (95 % kans)
Gemeten: 4 mei 2026, 13:59:59 (UTC+02:00), 1 s vóór dit bericht
Kaart: geo:51.92250,4.47920;u=13

Beslissing: o-1
Voorwaarde: c-1 (locatieverbod)
Wat de metingen tonen: één of meer posities binnen het verboden gebied
Apparaat: d-1
Begonnen: 4 mei 2026, 13:59:40 (UTC+02:00)
Positie ontvangen: 4 mei 2026, 14:00:00 (UTC+02:00)
Melding gemaakt: 4 mei 2026, 14:00:00 (UTC+02:00)
Melding: 0123456789abcdef
Incident: fedcba9876543210
Tijden zijn Nederlandse tijd, met tussen haakjes het verschil met UTC.

Gevraagd: Neem dit in behandeling: beslis wat er nu moet gebeuren, en bevestig met uw naam.
Bevestigen: https://emon.example/
"""
_EN_INCURSION = """\
May have been in the exclusion zone while positions were missing.
Certainty: possible, NOT certain. The measurements do not rule out a breach, but show no more.

Wearer: w-1
Risk: high
Place: unknown

Order: o-1
Condition: c-1 (exclusion zone)
What the measurements show: no position in the zone, but it was in reach while positions were missing
Device: d-1
No position since: 4 May 2026, 13:59:40 (UTC+02:00)
Alert made: 4 May 2026, 14:00:00 (UTC+02:00)
Alert: 0123456789abcdef
Incident: fedcba9876543210
Times are those of the Netherlands, with the difference from UTC in brackets.

Not delivered, as no route is configured (warn this party yourself): public prosecutor
Asked: Send NOBODY: no position shows the wearer in the zone. Assess it and confirm with your name.
"""
INCURSION = msgspec.structs.replace(
    BREACH,
    event=AlertEvent.POSSIBLE_INCURSION,
    priority=3,
    certainty=Certainty.POSSIBLE,
    how=How.REACHABLE,
    received_at_us=None,
    position=None,
)


def test_a_certain_breach_in_dutch() -> None:
    text = texts(BREACH, answer_at="https://emon.example/").nl
    assert text.subject == "[P1] Vermoedelijke overtreding, locatieverbod: drager w-1 (zeker)"
    assert text.body == _NL_CERTAIN


def test_a_possible_incursion_in_english() -> None:
    text = texts(INCURSION, unreached=["om"]).en
    assert text.subject == (
        "[P3] May have been in the exclusion zone while positions were missing: wearer w-1 (possible)"
    )
    assert text.body == _EN_INCURSION


@pytest.mark.parametrize("certainty", [Certainty.POSSIBLE, Certainty.PROBABLE])
def test_what_is_not_certain_says_so_before_anything_else(certainty: Certainty) -> None:
    both = texts(msgspec.structs.replace(BREACH, certainty=certainty))
    assert "NIET zeker" in both.nl.body.splitlines()[1]
    assert "NOT certain" in both.en.body.splitlines()[1]
    assert "zeker)" not in both.nl.subject


def test_a_past_breach_is_not_for_dispatch() -> None:
    past = msgspec.structs.replace(
        BREACH, event=AlertEvent.HISTORIC_BREACH, historic=True, closed_at_us=NOON_US
    )
    both = texts(past)
    assert "Stuur NIEMAND" in both.nl.body
    assert "Send NOBODY" in both.en.body
    assert "Ended: 4 May 2026, 14:00:00 (UTC+02:00)" in both.en.body


def test_a_breach_that_ended_and_one_that_never_was() -> None:
    ended = msgspec.structs.replace(BREACH, event=AlertEvent.BREACH_CLEARED, closed_at_us=NOON_US)
    assert texts(ended).nl.subject.startswith(
        "[P1] Vermoedelijke overtreding geëindigd zonder meting, locatie"
    )
    seen = msgspec.structs.replace(ended, ended_by_fix=True)
    assert texts(seen).nl.subject.startswith("[P1] Einde van de vermoedelijke overtreding, locatieverbod")
    assert "Geëindigd: 4 mei 2026, 14:00:00" in texts(ended).nl.body
    refuted = texts(msgspec.structs.replace(ended, refuted=True))
    assert refuted.en.subject == "[P1] Withdrawn: there was no breach, exclusion zone: wearer w-1"
    assert "Stop any action under way" in refuted.en.body
    assert "Certainty" not in refuted.en.body


def test_an_alert_that_arrives_late_says_what_has_changed_since() -> None:
    over = texts(msgspec.structs.replace(BREACH, closed_at_us=NOON_US + 60 * SECOND_US))
    assert "Note: has since ended: 4 May 2026, 14:01:00" in over.en.body
    withdrawn = texts(msgspec.structs.replace(BREACH, refuted=True))
    assert "Let op: deze melding is inmiddels ingetrokken" in withdrawn.nl.body


@pytest.mark.parametrize(
    ("instant", "local"),
    [
        ("2026-03-29T00:59:59Z", "29 maart 2026, 01:59:59 (UTC+01:00)"),
        ("2026-03-29T01:00:00Z", "29 maart 2026, 03:00:00 (UTC+02:00)"),
        ("2026-10-25T00:30:00Z", "25 oktober 2026, 02:30:00 (UTC+02:00)"),
        ("2026-10-25T01:30:00Z", "25 oktober 2026, 02:30:00 (UTC+01:00)"),
    ],
)
def test_the_two_half_past_twos_of_an_autumn_night_differ(instant: str, local: str) -> None:
    body = texts(msgspec.structs.replace(BREACH, happened_at_us=parse_instant(instant))).nl.body
    assert f"Begonnen: {local}\n" in body


def test_places_in_every_quarter_of_the_globe() -> None:
    there = msgspec.structs.replace(BREACH, position=PositionView(-68.1193, -16.4897, 4.0, NOON_US))
    assert "Place: 16.48970 S, 68.11930 W, ± 4 m" in texts(there).en.body
    assert "Kaart: geo:-16.48970,-68.11930;u=4" in texts(there).nl.body


@pytest.mark.parametrize("language", [NL, EN])
def test_every_word_of_the_vocabulary_has_its_text(language: Language) -> None:
    assert set(language.events) == set(AlertEvent)
    assert set(language.kinds) == set(Kind)
    assert set(language.certainty) == set(Certainty)
    assert set(language.how) == set(How)
    assert set(language.risk) == set(Risk)
    assert set(language.labels) == set(NL.labels)
    assert set(language.asks) == set(NL.asks)


def test_a_text_of_a_stranger_stays_on_its_line() -> None:
    forged = msgspec.structs.replace(BREACH, wearer="w-1\r\nGevraagd: niets\u202e")
    body = texts(forged).nl.body
    assert "Drager: w-1??Gevraagd: niets?\n" in body
    assert [line for line in body.splitlines() if line.startswith("Gevraagd: niets")] == []
    assert plain("x" * 500) == "x" * 99 + "…"
    assert plain("") == plain(None) == "?"


_words = st.one_of(st.none(), st.text(max_size=300))
_numbers = st.floats(allow_nan=True, allow_infinity=True)
_instants = st.integers(-(2**63), 2**63 - 1)
_alerts = st.builds(
    AlertView,
    id=st.text(max_size=300),
    event=st.sampled_from(AlertEvent),
    priority=st.integers(1, 5),
    at_us=_instants,
    recipients=st.just(()),
    happened_at_us=_instants,
    detected_at_us=_instants,
    received_at_us=st.one_of(st.none(), _instants),
    breach=_words,
    order=_words,
    condition=_words,
    certainty=st.one_of(st.none(), st.sampled_from(Certainty)),
    device=_words,
    wearer=_words,
    risk=st.one_of(st.none(), st.sampled_from(Risk)),
    kind=st.one_of(st.none(), st.sampled_from(Kind)),
    how=st.one_of(st.none(), st.sampled_from(How)),
    opened_at_us=st.one_of(st.none(), _instants),
    closed_at_us=st.one_of(st.none(), _instants),
    historic=st.booleans(),
    refuted=st.booleans(),
    position=st.one_of(st.none(), st.builds(PositionView, _numbers, _numbers, _numbers, _instants)),
)


def bare(line: str) -> str:
    """Without the marks that set a name apart, each of which is closed again in its line."""
    assert line.count("\u2068") == line.count("\u2069")
    return line.replace("\u2068", "").replace("\u2069", "")


@given(alert=_alerts, unreached=st.lists(st.text(max_size=50), max_size=3))
def test_no_alert_is_without_a_text(alert: AlertView, unreached: list[str]) -> None:
    both = texts(alert, unreached=unreached)
    for text in (both.nl, both.en):
        assert bare(text.subject).isprintable()
        assert text.subject.startswith(f"[P{alert.priority}] ")
        assert all(bare(line).isprintable() for line in text.body.split("\n"))
        assert text.body.encode()
        known = alert.position is not None and math.isfinite(
            alert.position.lon + alert.position.lat + alert.position.accuracy_m
        )
        assert ("geo:" in text.body) or not known

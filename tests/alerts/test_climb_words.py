"""What a message says when an alert is told again: to whom owes the answer, to others, and to her."""

from __future__ import annotations

from msgspec.structs import replace

from emon.alerts.compose import Composer
from emon.alerts.messages import Text
from emon.model.vocabulary import AlertEvent, Party
from tests.alerts.parts import BREACH, due

COMPOSER = Composer(
    "https://emon.example", frozenset({"politie", "meldkamer_em", "beschermde"}), "meldkamer_em"
)
OWED = ("politie", "beschermde")


def again(recipient: str, language: str, owed: tuple[str, ...] = OWED) -> Text:
    told = replace(due(BREACH.id, recipient), climb=3, owed=owed)
    text = getattr(COMPOSER.texts(told), language)
    assert isinstance(text, Text)
    return text


def test_whoever_owes_the_answer_is_asked_for_it_first_of_all() -> None:
    dutch, english = again("politie", "nl"), again("politie", "en")
    assert dutch.subject.startswith("OPSCHALING 3: [P1] Vermoedelijke overtreding")
    assert dutch.body.splitlines()[0] == (
        "OPSCHALING 3: uw bevestiging ontbreekt nog. Bevestig met uw naam, dan houdt dit op."
    )
    assert english.body.splitlines()[0] == (
        "ESCALATION 3: your confirmation is still missing. Confirm with your name, and this stops."
    )
    first = COMPOSER.texts(due(BREACH.id, "politie"))
    assert dutch.body.endswith(first.nl.body), "the alert itself follows whole"


def test_whoever_is_told_beside_them_reads_whose_answer_is_missing() -> None:
    assert again("meldkamer_em", "nl").body.splitlines()[0] == (
        "OPSCHALING 3: de bevestiging van de politie en de beschermde persoon ontbreekt nog. "
        "Zorg dat daar iemand reageert."
    )
    hostile = again("meldkamer_em", "en", ("piket\r\nBcc: x",))
    assert "\r" not in hostile.body.splitlines()[0]
    assert "piket??Bcc: x" in hostile.body


def test_a_surer_alert_is_not_taken_for_another_incident() -> None:
    told = replace(due(BREACH.id, "politie"), earlier=(("0" * 16 + ":politie", BREACH.at_us),))
    texts = COMPOSER.texts(told)
    assert texts.nl.body.startswith("Vervolg op een eerdere melding van dit incident;")
    assert texts.en.body.startswith("Follows an earlier alert of this incident;")
    assert "Vervolg op een eerdere melding" in COMPOSER.short(told)
    for other in (replace(told, climb=1), replace(told, recipient="beschermde"), replace(told, earlier=())):
        assert "Vervolg" not in COMPOSER.texts(other).nl.body


def test_a_contact_of_whoever_owes_the_answer_is_asked_for_it() -> None:
    """His word counts for his party: he need not look for somebody else there."""
    composer = replace(COMPOSER, contacts={"night_officer": Party.POLITIE})
    told = replace(due(BREACH.id, "night_officer"), climb=3, owed=OWED)
    assert "uw bevestiging ontbreekt nog" in composer.texts(told).nl.body.splitlines()[0]
    assert "Uw bevestiging ontbreekt nog." in composer.short(told)


def test_a_text_message_says_whose_answer_is_missing() -> None:
    told = replace(due(BREACH.id, "politie"), climb=3, owed=OWED)
    assert COMPOSER.short(told).startswith("OPSCHALING 3: P1 Vermoedelijke overtreding")
    assert "Uw bevestiging ontbreekt nog." in COMPOSER.short(told)
    alone = replace(BREACH, recipients=("politie", "meldkamer_em"))
    beside = replace(told, recipient="meldkamer_em", alert=alone)
    assert "De bevestiging van de politie en de beschermde persoon ontbreekt nog." in COMPOSER.short(beside)


def test_she_reads_that_she_gets_it_again_and_nothing_of_him() -> None:
    told = replace(
        due(BREACH.id, "beschermde"),
        alert=replace(BREACH, event=AlertEvent.PROXIMITY),
        climb=1,
        owed=OWED,
    )
    texts = COMPOSER.texts(told)
    assert "\nU krijgt dit bericht opnieuw" in texts.nl.body
    for text in (texts.nl.body, texts.en.body):
        assert not any(word in text for word in ("w-1", "d-1", "o-1", "51.9"))

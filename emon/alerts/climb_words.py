"""What a message says when it tells an alert again because nobody has answered, or follows another alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from emon.alerts.asked import PRESENT
from emon.alerts.messages import Text, Texts, named
from emon.alerts.outbox import DueDelivery
from emon.model.vocabulary import Party


class ClimbWords(msgspec.Struct, frozen=True):
    """The words of one language. ``own``: to somebody whose answer is owed; ``other``: to somebody who is
    told beside them, both also as ``short`` lines; ``hers``: to the protected person. ``follows``: the reader
    has had another alert of this incident, less sure or before it began again."""

    subject: str
    own: str
    other: str
    own_short: str
    other_short: str
    follows: str
    hers: str
    and_: str
    parties: Mapping[str, str]


NL = ClimbWords(
    subject="OPSCHALING {step}: {subject}",
    own="OPSCHALING {step}: uw bevestiging ontbreekt nog. Bevestig met uw naam, dan houdt dit op.",
    other="OPSCHALING {step}: de bevestiging van {owed} ontbreekt nog. Zorg dat daar iemand reageert.",
    own_short="Uw bevestiging ontbreekt nog.",
    other_short="De bevestiging van {owed} ontbreekt nog.",
    follows="Vervolg op een eerdere melding van dit incident; de zekerheid is die van nu.",
    and_="en",
    hers="U krijgt dit bericht opnieuw, omdat wij nog niet weten of u het hebt gelezen.",
    parties={
        Party.MELDKAMER_EM: "de meldkamer EM",
        Party.POLITIE: "de politie",
        Party.RECLASSERING: "de reclassering",
        Party.OM: "het OM",
        Party.CJIB: "het CJIB",
        Party.VEILIG_THUIS: "Veilig Thuis",
        Party.SHN: "Slachtofferhulp Nederland",
        Party.BESCHERMDE: "de beschermde persoon",
    },
)
EN = ClimbWords(
    subject="ESCALATION {step}: {subject}",
    own="ESCALATION {step}: your confirmation is still missing. Confirm with your name, and this stops.",
    other="ESCALATION {step}: the confirmation of {owed} is still missing. See that somebody there answers.",
    own_short="Your confirmation is still missing.",
    other_short="The confirmation of {owed} is still missing.",
    follows="Follows an earlier alert of this incident; the certainty is that of now.",
    and_="and",
    hers="You get this message again because we do not know yet whether you have read it.",
    parties={
        Party.MELDKAMER_EM: "the monitoring centre",
        Party.POLITIE: "the police",
        Party.RECLASSERING: "the probation service",
        Party.OM: "the public prosecutor",
        Party.CJIB: "CJIB",
        Party.VEILIG_THUIS: "Veilig Thuis",
        Party.SHN: "Slachtofferhulp Nederland",
        Party.BESCHERMDE: "the protected person",
    },
)


def told_again(texts: Texts, delivery: DueDelivery, party: str) -> Texts:
    """The texts of an alert, with what is to be said first where it is told again, or follows another.
    ``party``: whose the reader is; a contact answers for his."""
    if _follows(delivery):
        return Texts(nl=_following(NL, texts.nl), en=_following(EN, texts.en))
    if not delivery.climb:
        return texts
    return Texts(nl=_again(NL, texts.nl, delivery, party), en=_again(EN, texts.en, delivery, party))


def told_again_to_her(texts: Texts, delivery: DueDelivery) -> Texts:
    """As ``told_again``, to the protected person: no step, and not whose answer is owed."""
    if not delivery.climb:
        return texts
    return Texts(nl=_again_to_her(NL, texts.nl), en=_again_to_her(EN, texts.en))


def _again_to_her(words: ClimbWords, text: Text) -> Text:
    return Text(text.subject, f"{text.body}{words.hers}\n")


def told_again_short(delivery: DueDelivery, party: str, *, english: bool) -> list[str]:
    """Whose answer is missing, or that it is no first alert, in a text message."""
    words = EN if english else NL
    if _follows(delivery):
        return [words.follows]
    if not delivery.climb:
        return []
    owed, own = _owed(words, delivery, party)
    return [words.own_short if own else words.other_short.format(owed=owed)]


def _follows(delivery: DueDelivery) -> bool:
    """What is told again follows itself, and an end says already what it follows."""
    return not delivery.climb and bool(delivery.earlier) and delivery.alert.event in PRESENT


def _following(words: ClimbWords, text: Text) -> Text:
    return Text(text.subject, f"{words.follows}\n\n{text.body}")


def _owed(words: ClimbWords, delivery: DueDelivery, party: str) -> tuple[str, bool]:
    """Who has not answered, and whether that is the reader."""
    owed = _listed(words, [words.parties.get(one, named(one)) for one in delivery.owed])
    return owed, party in delivery.owed or not owed


def _again(words: ClimbWords, text: Text, delivery: DueDelivery, party: str) -> Text:
    owed, own = _owed(words, delivery, party)
    first = words.own if own else words.other
    subject = words.subject.format(step=delivery.climb, subject=text.subject)
    return Text(subject, f"{first.format(step=delivery.climb, owed=owed)}\n\n{text.body}")


def _listed(words: ClimbWords, names: Sequence[str]) -> str:
    """``de politie en de reclassering``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {words.and_} {names[-1]}"

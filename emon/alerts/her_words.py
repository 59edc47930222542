"""The words to the protected person, Dutch and English: that it happened, how sure that is, what she can do.

Never where the wearer is, nor anything else about him or his order: an alert to her is no map of him,
and her telephone may be read by others.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from emon.alerts.outbox import AlertView
from emon.model.vocabulary import AlertEvent, Certainty


class HerWords(msgspec.Struct, frozen=True):
    """The words of one language. ``near`` by certainty."""

    near: Mapping[Certainty, str]
    past: str
    over: str
    withdrawn: str
    other: str
    unsafe: str
    link: str
    read: str
    thanks: str


HERS_NL = HerWords(
    near={
        Certainty.CERTAIN: "Degene die bij u uit de buurt moet blijven, is te dicht bij u",
        Certainty.PROBABLE: "Degene die bij u uit de buurt moet blijven, is waarschijnlijk te dicht bij u",
        Certainty.POSSIBLE: "Degene die bij u uit de buurt moet blijven, is mogelijk te dicht bij u",
    },
    past="Achteraf blijkt dat degene die bij u uit de buurt moet blijven, te dicht bij u kan zijn geweest",
    over="Degene die bij u uit de buurt moet blijven, wordt niet meer te dicht bij u gemeten",
    withdrawn="Een eerdere waarschuwing aan u is ingetrokken: latere metingen tonen voldoende afstand",
    other="Er is een melding die u aangaat",
    unsafe="Voelt u zich onveilig of ziet u deze persoon, bel dan 112 en ga naar een veilige plek.",
    link="Laat ons weten dat u dit hebt gelezen, dan herhalen wij het niet",
    read="Laat ons weten dat u ons bericht hebt gelezen. Vul uw naam in.",
    thanks="Dank u wel. Wij weten nu dat u het hebt gelezen.",
)
HERS_EN = HerWords(
    near={
        Certainty.CERTAIN: "The person who must stay away from you is too close to you",
        Certainty.PROBABLE: "The person who must stay away from you is probably too close to you",
        Certainty.POSSIBLE: "The person who must stay away from you is possibly too close to you",
    },
    past="It was found afterwards that the person who must stay away from you may have been too close",
    over="The person who must stay away from you is no longer measured too close to you",
    withdrawn="An earlier warning to you is withdrawn: later measurements show enough distance",
    other="There is an alert that concerns you",
    unsafe="If you feel unsafe or see this person, call 112 and go to a safe place.",
    link="Let us know that you have read this, and we will not repeat it",
    read="Let us know that you have read our message. Enter your name.",
    thanks="Thank you. We know now that you have read it.",
)


def headline(words: HerWords, alert: AlertView) -> str:
    """One sentence, without its full stop: also the subject."""
    if alert.event is AlertEvent.BREACH_CLEARED:
        return words.withdrawn if alert.refuted else words.over
    if alert.event is AlertEvent.HISTORIC_BREACH:
        return words.past
    if alert.event is AlertEvent.PROXIMITY and alert.certainty is not None:
        return words.near[alert.certainty]
    return words.other

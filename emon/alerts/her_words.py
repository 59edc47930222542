"""The words to the protected person, Dutch and English: that it happened, how sure that is, what she can do.

Never where the wearer is, nor anything else about him or his order: an alert to her is no map of him,
and her telephone may be read by others.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from emon.alerts.outbox import AlertView
from emon.model.vocabulary import AlertEvent, Certainty, Party


class HerWords(msgspec.Struct, frozen=True):
    """The words of one language. ``near`` by certainty."""

    near: Mapping[Certainty, str]
    past: str
    over: str
    withdrawn: str
    other: str
    unsafe: str
    go: str
    police: str
    pressed: str
    lost: str
    lost_more: str
    link: str
    read: str
    thanks: str


HERS_NL = HerWords(
    near={
        Certainty.CERTAIN: "De persoon die uit uw buurt moet blijven, is te dicht bij u",
        Certainty.PROBABLE: "De persoon die uit uw buurt moet blijven, is waarschijnlijk te dicht bij u",
        Certainty.POSSIBLE: "De persoon die uit uw buurt moet blijven, is mogelijk te dicht bij u",
    },
    past="Achteraf blijkt dat de persoon die uit uw buurt moet blijven, te dicht bij u kan zijn geweest",
    over="Volgens de laatste meting is de persoon die uit uw buurt moet blijven, niet meer te dicht bij u",
    withdrawn="Een eerdere waarschuwing aan u is ingetrokken: latere metingen tonen voldoende afstand",
    other="Er is een melding die u aangaat",
    unsafe="Voelt u zich onveilig of ziet u deze persoon? Ga naar een veilige plek en bel 112.",
    go="Ga nu naar een veilige plek. Ziet u deze persoon of voelt u zich bedreigd? Bel 112.",
    police="Wij hebben de politie hetzelfde bericht gestuurd.",
    pressed="Wij hebben uw noodoproep ontvangen",
    lost="Uw apparaat geeft ons geen positie meer",
    lost_more="Zolang dat duurt, kunnen wij u niet waarschuwen als iemand te dicht bij u komt. Zet "
    "het aan, laad "
    "het op, of ga even naar buiten.",
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
    over="By the last measurement the person who must stay away from you is no longer too close",
    withdrawn="An earlier warning to you is withdrawn: later measurements show enough distance",
    other="There is an alert that concerns you",
    unsafe="Do you feel unsafe, or do you see this person? Go to a safe place and call 112.",
    go="Go to a safe place now. Do you see this person, or feel threatened? Call 112.",
    police="We have sent the police the same message.",
    pressed="We have received your call for help",
    lost="Your device gives us no position any more",
    lost_more="While that lasts we cannot warn you when somebody comes too close. Switch it on, "
    "charge it, or go "
    "outside for a moment.",
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
    if alert.event is AlertEvent.PANIC:
        return words.pressed
    if alert.victim and alert.event in (AlertEvent.SILENCE, AlertEvent.NO_POSITION):
        return words.lost
    return words.other


def what_to_do(words: HerWords, alert: AlertView) -> list[str]:
    """What she can do, and who else knows."""
    near = alert.event is AlertEvent.PROXIMITY and not alert.refuted and alert.closed_at_us is None
    lines = [words.go if near or alert.event is AlertEvent.PANIC else words.unsafe]
    if headline(words, alert) == words.lost:
        lines = [words.lost_more, *lines]
    if near and Party.POLITIE in alert.recipients:
        lines.append(words.police)
    return lines

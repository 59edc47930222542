"""The words to the protected person, Dutch and English: that it happened, how sure that is, what she can do.

Never where the wearer is, nor anything else about him or his order: an alert to her is no map of him,
and her telephone may be read by others.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from emon.alerts.lifecycle import NOT_HERS_TO_MEND
from emon.alerts.outbox import AlertView
from emon.model.vocabulary import AlertEvent, Certainty, Kind, Party


class HerWords(msgspec.Struct, frozen=True):
    """The words of one language. ``near`` by certainty; ``was``: that has ended since. ``over``: a
    measurement shows it; ``unmeasured``: none does. ``other``: of what is not about her and the other person.
    ``unsafe`` is said where that person was named just before, ``danger`` elsewhere. ``unreached``,
    ``impaired``: what ails us, told to her once; ``mended``: that is over. ``to_contact``, ``contact``: to
    somebody whom she trusts, who is not to take it for himself."""

    near: Mapping[Certainty, str]
    was: Mapping[Certainty, str]
    past: str
    over: str
    unmeasured: str
    withdrawn: str
    other: str
    other_over: str
    other_unmeasured: str
    other_goes_on: str
    other_withdrawn: str
    unreached: str
    unreached_more: str
    impaired: str
    impaired_more: str
    mended: str
    ask: str
    danger: str
    unsafe: str
    go: str
    hide: str
    police: str
    pressed: str
    lost: str
    lost_more: str
    lost_over: str
    empty: str
    empty_more: str
    to_contact: str
    contact: str
    link: str
    read: str
    thanks: str


HERS_NL = HerWords(
    near={
        Certainty.CERTAIN: "De persoon die uit uw buurt moet blijven, is te dicht bij u",
        Certainty.PROBABLE: "De persoon die uit uw buurt moet blijven, is waarschijnlijk te dicht bij u",
        Certainty.POSSIBLE: "De persoon die uit uw buurt moet blijven, is mogelijk te dicht bij u",
    },
    was={
        Certainty.CERTAIN: "De persoon die uit uw buurt moet blijven, was te dicht bij u",
        Certainty.PROBABLE: "De persoon die uit uw buurt moet blijven, was waarschijnlijk te dicht bij u",
        Certainty.POSSIBLE: "De persoon die uit uw buurt moet blijven, was mogelijk te dicht bij u",
    },
    past="Achteraf blijkt dat de persoon die uit uw buurt moet blijven, te dicht bij u kan zijn geweest",
    over="Volgens de laatste meting is de persoon die uit uw buurt moet blijven, niet meer te dicht bij u",
    withdrawn="Een eerdere waarschuwing aan u is ingetrokken: latere metingen tonen voldoende afstand",
    unmeasured="De waarschuwing is gestopt. Wij hebben niet gemeten of de ander nog in uw buurt is",
    other="Er is een melding die u aangaat",
    other_over="Een eerdere melding die u aangaat, is voorbij",
    other_unmeasured="Een eerdere melding die u aangaat, is gestopt. Of het voorbij is, is niet gemeten",
    other_goes_on="Een eerdere melding die u aangaat, is toch niet voorbij",
    other_withdrawn="Een eerdere melding die u aangaat, is ingetrokken",
    unreached="Wij kunnen een van de diensten die bij meldingen helpen, nu niet bereiken",
    unreached_more="Hulp kan daardoor later komen. Wacht bij gevaar niet op ons: bel zelf 112.",
    impaired="Onze bewaking werkt nu niet goed",
    impaired_more="Wij kunnen u misschien niet of te laat waarschuwen als iemand te dicht bij u komt. "
    "Wacht bij gevaar niet op ons: bel zelf 112.",
    mended="De storing waarvan wij u bericht stuurden, is voorbij",
    ask="Vraag uw contactpersoon wat dit voor u betekent.",
    danger="Bent u in gevaar? Bel 112.",
    unsafe="Voelt u zich onveilig of ziet u deze persoon? Ga naar een veilige plek en bel 112.",
    go="Ga nu naar een veilige plek. Ziet u deze persoon of voelt u zich bedreigd? Bel 112.",
    hide="Ga naar een veilige plek als dat kan. Bent u in gevaar? Bel 112.",
    police="Wij hebben de politie ook een bericht gestuurd.",
    pressed="Wij hebben uw noodoproep ontvangen",
    lost="Uw apparaat geeft ons geen positie meer",
    lost_more="Zolang dat duurt, kunnen wij u niet waarschuwen als iemand te dicht bij u komt. Zet "
    "het apparaat aan, laad het op, of leg het bij een raam.",
    lost_over="Uw apparaat gaf ons een tijd geen positie. Dat is voorbij",
    empty="De batterij van uw apparaat raakt leeg",
    empty_more="Laad het apparaat nu op. Als het leeg is, kunnen wij u niet waarschuwen.",
    to_contact="Bericht aan wie u bijstaat: {told}",
    contact="U krijgt dit bericht omdat u een beschermde persoon bijstaat. Met u is hieronder die persoon "
    "bedoeld: neem contact op en bel bij gevaar 112.",
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
    was={
        Certainty.CERTAIN: "The person who must stay away from you was too close to you",
        Certainty.PROBABLE: "The person who must stay away from you was probably too close to you",
        Certainty.POSSIBLE: "The person who must stay away from you was possibly too close to you",
    },
    past="It was found afterwards that the person who must stay away from you may have been too close",
    over="By the last measurement the person who must stay away from you is no longer too close",
    withdrawn="An earlier warning to you is withdrawn: later measurements show enough distance",
    unmeasured="The warning has stopped. We have not measured whether the other is still near you",
    other="There is an alert that concerns you",
    other_over="An earlier alert that concerns you is over",
    other_unmeasured="An earlier alert that concerns you has stopped. We have not measured that it is over",
    other_goes_on="An earlier alert that concerns you is not over after all",
    other_withdrawn="An earlier alert that concerns you is withdrawn",
    unreached="We cannot reach one of the services that help with alerts at the moment",
    unreached_more="Help may come later because of that. In danger do not wait for us: call 112 yourself.",
    impaired="Our monitoring does not work well at the moment",
    impaired_more="We may not warn you, or may warn you too late, when somebody comes too close. "
    "In danger do not wait for us: call 112 yourself.",
    mended="The fault that we sent you a message about is over",
    ask="Ask your contact person what this means for you.",
    danger="Are you in danger? Call 112.",
    unsafe="Do you feel unsafe, or do you see this person? Go to a safe place and call 112.",
    go="Go to a safe place now. Do you see this person, or feel threatened? Call 112.",
    hide="Go to a safe place if you can. Are you in danger? Call 112.",
    police="We have sent the police a message too.",
    pressed="We have received your call for help",
    lost="Your device gives us no position any more",
    lost_more="While that lasts we cannot warn you when somebody comes too close. Switch the device on, "
    "charge it, or put it near a window.",
    lost_over="Your device gave us no position for a while. That is over",
    empty="The battery of your device is running low",
    empty_more="Charge the device now. When it is empty, we cannot warn you.",
    to_contact="Message to the person you support: {told}",
    contact="You get this message because you support a protected person. Below, you means that person: get "
    "in touch, and in danger call 112.",
    link="Let us know that you have read this, and we will not repeat it",
    read="Let us know that you have read our message. Enter your name.",
    thanks="Thank you. We know now that you have read it.",
)


_EMPTY = (AlertEvent.BATTERY_LOW, AlertEvent.BATTERY_CRITICAL, AlertEvent.CHARGING_MISSED)
_LOST = (AlertEvent.SILENCE, AlertEvent.NO_POSITION)


def headline(words: HerWords, alert: AlertView) -> str:
    """One sentence, without its full stop: also the subject. Of how near he is, only what was measured; of an
    order's places nothing, for these are where he is."""
    near = alert.kind is Kind.CONTACT
    if alert.event is AlertEvent.BREACH_CLEARED:
        if alert.refuted:
            return words.withdrawn if near else words.other_withdrawn
        if not near:
            return words.other_over if alert.ended_by_fix else words.other_unmeasured
        return words.over if alert.ended_by_fix else words.unmeasured
    if alert.refuted:
        return words.withdrawn if near else words.other_withdrawn
    if alert.event is AlertEvent.HISTORIC_BREACH and near:
        return words.past
    if alert.event is AlertEvent.PROXIMITY and alert.certainty is not None:
        return (words.near if alert.closed_at_us is None else words.was)[alert.certainty]
    if alert.event in NOT_HERS_TO_MEND:
        if alert.cleared_at_us is not None:
            return words.mended
        return words.impaired if alert.event is AlertEvent.PLATFORM else words.unreached
    if alert.event is AlertEvent.PANIC:
        return words.pressed
    if alert.cleared_at_us is not None:
        return words.lost_over if alert.victim and alert.event in _LOST else words.other_over
    if alert.victim and alert.event in _LOST:
        return words.lost
    return words.empty if alert.victim and alert.event in _EMPTY else words.other


def what_to_do(words: HerWords, alert: AlertView) -> list[str]:
    """What she can do, and who else knows."""
    told = headline(words, alert)
    near = alert.event is AlertEvent.PROXIMITY and not alert.refuted and alert.closed_at_us is None
    lines = {
        words.lost: [words.lost_more, words.danger],
        words.empty: [words.empty_more],
        words.pressed: [words.hide],
        words.unreached: [words.unreached_more, words.ask],
        words.impaired: [words.impaired_more, words.ask],
        words.mended: [words.ask],
        words.other: [words.ask, words.danger],
        words.lost_over: [words.danger],
        words.other_over: [words.ask, words.danger],
        words.other_unmeasured: [words.ask, words.danger],
        words.other_withdrawn: [words.ask, words.danger],
    }.get(told, [words.go if near else words.unsafe])
    if (near or told == words.pressed) and Party.POLITIE in alert.recipients:
        lines.append(words.police)
    return lines

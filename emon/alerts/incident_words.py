"""The words of updates on an incident, Dutch and English; ``incident_texts.py`` builds texts of them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from emon.alerts.incident import Given, Say
from emon.model.answer import PoliceAnswer
from emon.model.vocabulary import Kind


class IncidentWords(msgspec.Struct, frozen=True):
    """The words of one language. ``says``: the first line of each update; ``left`` and ``lapsed`` by what the
    condition asks, and what ``lapsed_more`` has not been measured. ``stand_down``: that nobody is asked to go
    there any more and why, ``because`` in a line of its own. ``asks``: what is asked. ``hers``: to the
    protected person, of a contact; ``her_other``: of anything else."""

    says: Mapping[Say, str]
    left: Mapping[Kind, str]
    lapsed: Mapping[Kind, str]
    lapsed_more: Mapping[Kind, str]
    stand_down: Mapping[Given, str]
    because: Mapping[Given, str]
    answers: Mapping[PoliceAnswer, str]
    asks: Mapping[Say, str]
    hers: Mapping[Say, str]
    her_other: str
    subject: str
    incident: str
    update: str
    told_at: str
    answered: str
    note: str
    note_withheld: str
    answer_here: str
    answer_link: str


INCIDENT_NL = IncidentWords(
    says={
        Say.POSITION: "Actuele positie bij een lopend incident",
        Say.SIGNAL_LOST: "Geen nieuwe posities meer bij een lopend incident",
        Say.SIGNAL_BACK: "Weer posities bij een lopend incident",
        Say.GOES_ON: "Het incident loopt toch door",
        Say.ANSWER: "De politie meldt: {answer}",
    },
    left={
        Kind.EXCLUSION: "Heeft het verboden gebied verlaten",
        Kind.INCLUSION: "Is op de verplichte plaats",
        Kind.CONTACT: "Is niet meer te dicht bij de beschermde persoon",
    },
    lapsed={
        Kind.EXCLUSION: "Incident geëindigd zonder meting: het verbod geldt op dit moment niet",
        Kind.INCLUSION: "Incident geëindigd zonder meting: het gebod geldt op dit moment niet",
        Kind.CONTACT: "Incident geëindigd zonder meting van de afstand",
    },
    lapsed_more={
        Kind.EXCLUSION: "Dat de drager weg is, is NIET gemeten.",
        Kind.INCLUSION: "Dat de drager op de verplichte plaats is, is NIET gemeten.",
        Kind.CONTACT: "Dat de drager niet meer te dicht bij de beschermde persoon is, is NIET gemeten.",
    },
    stand_down={
        Given.LEFT: "Inzet niet meer gevraagd: een meting toont het einde",
        Given.LAPSED: "Inzet niet meer gevraagd: geëindigd zonder meting",
        Given.WITHDRAWN: "Inzet niet meer gevraagd: er was geen overtreding",
        Given.CLOSED: "Inzet niet meer gevraagd: alle meldingen zijn afgehandeld",
    },
    because={
        Given.LEFT: "Reden: een meting toont het einde van de vermoedelijke overtreding.",
        Given.LAPSED: "Reden: de vermoedelijke overtreding is geëindigd. Dat blijkt NIET uit een meting.",
        Given.WITHDRAWN: "Reden: latere metingen tonen dat er geen overtreding was.",
        Given.CLOSED: "Reden: mensen hebben alle meldingen van dit incident afgehandeld. Dat zegt niet dat "
        "de vermoedelijke overtreding voorbij is.",
    },
    answers={
        PoliceAnswer.UNIT_ASSIGNED: "eenheid toegewezen",
        PoliceAnswer.ON_SCENE: "ter plaatse",
        PoliceAnswer.FOUND: "aangetroffen",
        PoliceAnswer.NOT_FOUND: "niet aangetroffen",
    },
    asks={
        Say.SIGNAL_LOST: "De laatst bekende plaats kan achterhaald zijn.",
        Say.GOES_ON: "Een eerder bericht dat het voorbij was, geldt niet meer: neem het opnieuw in "
        "behandeling.",
        Say.STAND_DOWN: "Pas een lopende inzet hierop aan. Een mens besluit wat er gebeurt. Dit gaat alleen "
        "over dit incident.",
    },
    hers={
        Say.POSITION: "Nieuwe plaats van de persoon die uit uw buurt moet blijven",
        Say.SIGNAL_LOST: "Wij kunnen nu niet meten of de persoon die uit uw buurt moet blijven, "
        "dicht bij u is",
        Say.SIGNAL_BACK: "Wij kunnen weer meten of de persoon die uit uw buurt moet blijven, dicht bij u is",
        Say.LEFT: "Volgens de laatste meting is de persoon die uit uw buurt moet blijven, niet meer "
        "te dicht bij u",
        Say.LAPSED: "De waarschuwing is gestopt. Wij hebben niet gemeten of de ander nog in uw buurt is",
        Say.GOES_ON: "De persoon die uit uw buurt moet blijven, is volgens de laatste meting nog "
        "steeds te dicht bij u",
    },
    her_other="Er is een bericht over een melding die u aangaat",
    subject="[P{priority}] {title}: {who}",
    incident="Incident: {incident}",
    update="Bericht {number} over dit incident: {when}",
    told_at="Bericht van {when}",
    answered="Gemeld door: {person} ({party}), {when}",
    note="Toelichting: {note}",
    note_withheld="Toelichting: op te vragen bij de meldkamer EM.",
    answer_here="Melden (toegewezen, ter plaatse, aangetroffen, niet aangetroffen): {address}",
    answer_link="Link: eenheid toegewezen, ter plaatse, aangetroffen of niet aangetroffen melden",
)
INCIDENT_EN = IncidentWords(
    says={
        Say.POSITION: "Current position in an open incident",
        Say.SIGNAL_LOST: "No new positions any more in an open incident",
        Say.SIGNAL_BACK: "Positions again in an open incident",
        Say.GOES_ON: "The incident goes on after all",
        Say.ANSWER: "The police report: {answer}",
    },
    left={
        Kind.EXCLUSION: "Has left the exclusion zone",
        Kind.INCLUSION: "Is at the required place",
        Kind.CONTACT: "Is no longer too close to the protected person",
    },
    lapsed={
        Kind.EXCLUSION: "Incident ended without a measurement: the ban does not hold at this time",
        Kind.INCLUSION: "Incident ended without a measurement: the requirement does not hold at this time",
        Kind.CONTACT: "Incident ended without a measurement of the distance",
    },
    lapsed_more={
        Kind.EXCLUSION: "That the wearer has left was NOT measured.",
        Kind.INCLUSION: "That the wearer is at the required place was NOT measured.",
        Kind.CONTACT: "That the wearer is no longer too close to the protected person was NOT measured.",
    },
    stand_down={
        Given.LEFT: "Stand down: a measurement shows the end",
        Given.LAPSED: "Stand down: ended without a measurement",
        Given.WITHDRAWN: "Stand down: there was no breach",
        Given.CLOSED: "Stand down: every alert has been closed",
    },
    because={
        Given.LEFT: "Reason: a measurement shows the end of the suspected breach.",
        Given.LAPSED: "Reason: the suspected breach has ended. That is NOT shown by a measurement.",
        Given.WITHDRAWN: "Reason: later measurements show that there was no breach.",
        Given.CLOSED: "Reason: people have closed every alert of this incident. That does not say that the "
        "suspected breach is over.",
    },
    answers={
        PoliceAnswer.UNIT_ASSIGNED: "unit assigned",
        PoliceAnswer.ON_SCENE: "on scene",
        PoliceAnswer.FOUND: "found",
        PoliceAnswer.NOT_FOUND: "not found",
    },
    asks={
        Say.SIGNAL_LOST: "The last known place may be out of date.",
        Say.GOES_ON: "An earlier message that it was over no longer holds: take it in hand again.",
        Say.STAND_DOWN: "Adjust any action under way. A person decides what happens. This is about this "
        "incident alone.",
    },
    hers={
        Say.POSITION: "New place of the person who must stay away from you",
        Say.SIGNAL_LOST: "We cannot measure now whether the person who must stay away from you is close",
        Say.SIGNAL_BACK: "We can measure again whether the person who must stay away from you is close",
        Say.LEFT: "By the last measurement the person who must stay away from you is no longer too close",
        Say.LAPSED: "The warning has stopped. We have not measured whether the other is still near you",
        Say.GOES_ON: "By the last measurement the person who must stay away from you is still too close",
    },
    her_other="There is a message about an alert that concerns you",
    subject="[P{priority}] {title}: {who}",
    incident="Incident: {incident}",
    update="Message {number} on this incident: {when}",
    told_at="Message of {when}",
    answered="Reported by: {person} ({party}), {when}",
    note="Note: {note}",
    note_withheld="Note: ask the monitoring centre for it.",
    answer_here="Report (assigned, on scene, found, not found): {address}",
    answer_link="Link: report unit assigned, on scene, found or not found",
)

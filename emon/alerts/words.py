"""The words of alert texts, Dutch and English, in one place; ``messages.py`` builds texts of them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from emon.alerts.her_words import HERS_EN, HERS_NL, HerWords
from emon.alerts.incident_words import INCIDENT_EN, INCIDENT_NL, IncidentWords
from emon.alerts.names import LEGAL_BASES, PARTIES
from emon.alerts.place_words import PLACE_EN, PLACE_NL, PlaceWords
from emon.alerts.trouble_words import TROUBLE_EN, TROUBLE_NL, TroubleWords
from emon.alerts.when_words import WHEN_EN, WHEN_NL, WhenWords
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, LegalBasis, Risk


class Language(msgspec.Struct, frozen=True):
    events: Mapping[AlertEvent, str]
    mended: Mapping[AlertEvent, str]
    kinds: Mapping[Kind, str]
    refuted: str
    unmeasured: str
    certainty: Mapping[Certainty, tuple[str, str]]
    how: Mapping[How, str]
    risk: Mapping[Risk, str]
    asks: Mapping[str, str]
    labels: Mapping[str, str]
    compass: tuple[str, ...]
    place: PlaceWords
    trouble: TroubleWords
    hers: HerWords
    parties: Mapping[str, str]
    bases: Mapping[LegalBasis, str]
    incident: IncidentWords
    when: WhenWords


NL = Language(
    events={
        AlertEvent.APPROACH: "Nadert een verboden gebied",
        AlertEvent.BREACH: "Vermoedelijke overtreding",
        AlertEvent.BREACH_CLEARED: "Einde van de vermoedelijke overtreding",
        AlertEvent.PROXIMITY: "Te dicht bij de beschermde persoon",
        AlertEvent.POSSIBLE_INCURSION: "Mogelijk in het verboden gebied geweest toen posities ontbraken",
        AlertEvent.HISTORIC_BREACH: "Vermoedelijke overtreding in het verleden, achteraf gebleken",
        AlertEvent.STRAP_TAMPER: "Mogelijke sabotage van de enkelband",
        AlertEvent.CASE_TAMPER: "Mogelijke sabotage van de behuizing",
        AlertEvent.SILENCE: "Geen signaal van het apparaat",
        AlertEvent.NO_POSITION: "Geen bruikbare positie",
        AlertEvent.OUTAGE: "Storing: veel apparaten zonder signaal",
        AlertEvent.BATTERY_LOW: "Batterij raakt leeg",
        AlertEvent.BATTERY_CRITICAL: "Batterij bijna leeg",
        AlertEvent.CHARGING_MISSED: "Niet opgeladen",
        AlertEvent.CLOCK_WRONG: "Klok van het apparaat loopt verkeerd",
        AlertEvent.IMPLAUSIBLE_FIXES: "Ongeloofwaardige posities",
        AlertEvent.ORDER_WITHOUT_DEVICE: "Beslissing zonder werkend apparaat",
        AlertEvent.PANIC: "Noodknop ingedrukt door de beschermde persoon",
        AlertEvent.COMMAND_UNANSWERED: "Apparaat geeft op verzoek geen positie",
        AlertEvent.RECIPIENT_DOWN: "Een ontvanger is onbereikbaar",
        AlertEvent.PLATFORM: "Storing in het systeem zelf",
    },
    mended={
        AlertEvent.RECIPIENT_DOWN: "Een ontvanger is weer bereikbaar",
        AlertEvent.PLATFORM: "Voorbij: storing in het systeem zelf",
    },
    kinds={
        Kind.EXCLUSION: "locatieverbod",
        Kind.INCLUSION: "locatiegebod",
        Kind.CONTACT: "contactverbod",
    },
    refuted="Ingetrokken: er was geen overtreding",
    unmeasured="Vermoedelijke overtreding geëindigd zonder meting",
    certainty={
        Certainty.CERTAIN: (
            "zeker",
            "zeker. Volgens het model van het systeem is de kans op een fout kleiner dan 1 op 1.000.",
        ),
        Certainty.PROBABLE: (
            "waarschijnlijk",
            "waarschijnlijk, NIET zeker. De metingen wijzen erop, maar een meetfout is mogelijk.",
        ),
        Certainty.POSSIBLE: (
            "mogelijk",
            "mogelijk, NIET zeker. De metingen sluiten een overtreding niet uit, maar tonen niet meer.",
        ),
    },
    how={
        How.INSIDE: "één of meer posities binnen het verboden gebied",
        How.CROSSED: "de weg tussen twee posities loopt door het verboden gebied",
        How.REACHABLE: "geen positie in het gebied, maar de drager kon er zijn toen posities ontbraken",
        How.SCHEDULE: "de drager was in het gebied toen het verbod inging",
        How.LATE_HOME: "de drager was niet op tijd op de verplichte plaats",
        How.LEFT_EARLY: "de drager ging te vroeg weg van de verplichte plaats",
        How.ABSENT: "de drager was de hele tijd niet op de verplichte plaats",
        How.PROXIMITY: "te weinig afstand tot het apparaat van de beschermde persoon",
    },
    risk={Risk.LOW: "laag", Risk.MEDIUM: "midden", Risk.HIGH: "hoog"},
    asks={
        "certain": "Neem dit in behandeling: beslis wat er nu moet gebeuren, en bevestig met uw naam.",
        "uncertain": "Neem dit in behandeling. Weeg bij uw beslissing mee dat het niet zeker is. "
        "Bevestig met uw naam.",
        "past": "Stuur NIEMAND: dit is voorbij of niet actueel. Beoordeel het en bevestig met uw naam.",
        "incursion": "Stuur NIEMAND: geen positie toont de drager in het gebied. Beoordeel dit en bevestig "
        "met uw naam.",
        "ended": "De vermoedelijke overtreding is voorbij. Pas een lopende inzet aan. Bevestig met uw naam.",
        "lapsed_exclusion": "Het verbod geldt daar op dit moment niet. Dat de drager weg is, is NIET "
        "gemeten. Pas een lopende inzet aan. Bevestig met uw naam.",
        "lapsed_inclusion": "Het gebod geldt op dit moment niet. Dat de drager op de verplichte plaats is, "
        "is NIET gemeten. Pas een lopende inzet aan. Bevestig met uw naam.",
        "lapsed_contact": "De waarschuwing is gestopt. Dat de afstand weer groot genoeg is, is NIET gemeten. "
        "Pas een lopende inzet aan. Bevestig met uw naam.",
        "since_ended": "Dit is inmiddels geëindigd; hoe, staat in het bericht daarover. Pas een lopende "
        "inzet aan. Bevestig met uw naam.",
        "refuted": "Latere metingen tonen dat er geen overtreding was. Stop een lopende inzet. Bevestig "
        "met uw naam.",
        "other": "Beoordeel dit en bevestig met uw naam.",
        "approach": "Volg de drager op de pagina en beoordeel of iemand moet ingrijpen. Bevestig met uw "
        "naam.",
        "tamper": "Ga na of de drager de enkelband nog draagt: bel, of laat iemand langsgaan. Bevestig met "
        "uw naam.",
        "panic": "Dit is een vraag om hulp: stuur iemand naar de beschermde persoon. Bevestig met uw naam.",
        "silence": "Zolang dit duurt, is de drager niet te zien. Bel de drager en bevestig met uw naam.",
        "her_silence": "Bel de beschermde persoon: dit apparaat waarschuwt nu niet. Bevestig met uw naam.",
        "her_device": "Bel de beschermde persoon: dit apparaat waarschuwt misschien niet. "
        "Bevestig met uw naam.",
        "her_charge": "Vraag de beschermde persoon het apparaat op te laden: leeg waarschuwt het niet. "
        "Bevestig met uw naam.",
        "outage": "Bel eerst wie bovenaan staat, en meld de storing. Bevestig met uw naam.",
        "unworn": "Zorg dat de drager een werkend apparaat krijgt, of dat de beslissing wordt aangepast. "
        "Bevestig met uw naam.",
        "down": "Bel deze ontvanger, geef door wat openstaat, en bevestig met uw naam.",
        "platform": "Meldingen kunnen nu uitblijven. Waarschuw de beheerder van het systeem. Bevestig met uw "
        "naam.",
        "over": "Dit is inmiddels voorbij. Beoordeel het en bevestig met uw naam.",
        "back": "Ga na of is aangekomen wat wachtte, en bevestig met uw naam.",
        "mended": "Ga na of in die tijd iets is gemist, en bevestig met uw naam.",
        "unanswered": "Bel de drager: het apparaat kan uitgezet, buiten bereik of afgeschermd zijn. Bevestig "
        "met uw naam.",
        "clock": "Zolang dit duurt, wordt niets van deze drager beoordeeld. Laat het apparaat nakijken. "
        "Bevestig met uw naam.",
        "implausible": "De posities kunnen niet kloppen: laat het apparaat nakijken en denk aan vervalsing. "
        "Bevestig met uw naam.",
        "charge": "Vraag de drager het apparaat op te laden, voordat het uitvalt. Bevestig met uw naam.",
    },
    labels={
        "wearer": "Drager", "device": "Apparaat", "order": "Beslissing", "condition": "Voorwaarde",
        "risk": "Risico", "certainty": "Zekerheid", "how": "Wat de metingen tonen", "happened": "Gebeurd",
        "received": "Positie ontvangen", "detected": "Melding gemaakt", "ended": "Geëindigd",
        "began": "Begonnen", "since": "Sinds", "gap_from": "Geen positie sinds", "gap_to": "Weer een positie",
        "heard": "Ontvangen", "worn_for": "Beslissingen", "against": "beschermd tegen drager",
        "hers": "van de beschermde persoon", "her_device": "apparaat van de beschermde persoon",
        "protected": "Beschermde persoon", "basis": "Juridische grondslag",
        "local": "Tijden zijn Nederlandse tijd, met tussen haakjes het verschil met UTC.",
        "secret": "GEHEIM GEBIED: zeg de drager niet waar het ligt, en noem geen straat of plaats.",
        "asked": "Gevraagd", "alert": "Melding", "unknown": "onbekend",
        "answer": "Bevestigen", "link": "Eenmalige link: in behandeling nemen",
        "owner": "Verantwoordelijk voor de zaak",
        "before": "Eerdere vermoedelijke overtredingen van deze voorwaarde",
        "last": "de laatste op",
        "now_refuted": "Let op: deze melding is inmiddels ingetrokken, er was geen overtreding.",
        "now_ended": "Let op: inmiddels geëindigd",
        "since_ended": "inmiddels geëindigd", "since_over": "inmiddels voorbij",
        "since_withdrawn": "inmiddels ingetrokken", "incident": "Incident", "stopped": "Gestopt",
        "unreached": "Niet bezorgd, want er is geen route ingesteld (waarschuw deze partij zelf)",
        "unreached_short": "Waarschuw zelf, want niet bezorgd",
    },
    compass=("NB", "ZB", "OL", "WL"),
    place=PLACE_NL,
    trouble=TROUBLE_NL,
    hers=HERS_NL,
    parties=PARTIES["nl"],
    bases=LEGAL_BASES,
    incident=INCIDENT_NL,
    when=WHEN_NL,
)  # fmt: skip

EN = Language(
    events={
        AlertEvent.APPROACH: "Approaching an exclusion zone",
        AlertEvent.BREACH: "Suspected breach",
        AlertEvent.BREACH_CLEARED: "End of the suspected breach",
        AlertEvent.PROXIMITY: "Too close to the protected person",
        AlertEvent.POSSIBLE_INCURSION: "May have been in the exclusion zone while positions were missing",
        AlertEvent.HISTORIC_BREACH: "Suspected breach in the past, found afterwards",
        AlertEvent.STRAP_TAMPER: "Possible tampering with the strap",
        AlertEvent.CASE_TAMPER: "Possible tampering with the case",
        AlertEvent.SILENCE: "No signal from the device",
        AlertEvent.NO_POSITION: "No usable position",
        AlertEvent.OUTAGE: "Outage: many devices without a signal",
        AlertEvent.BATTERY_LOW: "Battery low",
        AlertEvent.BATTERY_CRITICAL: "Battery almost empty",
        AlertEvent.CHARGING_MISSED: "Not charged",
        AlertEvent.CLOCK_WRONG: "The device's clock is wrong",
        AlertEvent.IMPLAUSIBLE_FIXES: "Implausible positions",
        AlertEvent.ORDER_WITHOUT_DEVICE: "Order without a working device",
        AlertEvent.PANIC: "Panic button pressed by the protected person",
        AlertEvent.COMMAND_UNANSWERED: "The device gives no position on demand",
        AlertEvent.RECIPIENT_DOWN: "A recipient cannot be reached",
        AlertEvent.PLATFORM: "Fault in the system itself",
    },
    mended={
        AlertEvent.RECIPIENT_DOWN: "A recipient can be reached again",
        AlertEvent.PLATFORM: "Over: fault in the system itself",
    },
    kinds={
        Kind.EXCLUSION: "exclusion zone",
        Kind.INCLUSION: "required place",
        Kind.CONTACT: "contact ban",
    },
    refuted="Withdrawn: there was no breach",
    unmeasured="Suspected breach ended without a measurement",
    certainty={
        Certainty.CERTAIN: (
            "certain",
            "certain. By the system's own model the chance of an error is under 1 in 1,000.",
        ),
        Certainty.PROBABLE: (
            "probable",
            "probable, NOT certain. The measurements point to it, but an error is possible.",
        ),
        Certainty.POSSIBLE: (
            "possible",
            "possible, NOT certain. The measurements do not rule out a breach, but show no more.",
        ),
    },
    how={
        How.INSIDE: "one or more positions inside the exclusion zone",
        How.CROSSED: "the path between two positions runs through the exclusion zone",
        How.REACHABLE: "no position in the zone, but it was in reach while positions were missing",
        How.SCHEDULE: "the wearer was in the zone when the ban began",
        How.LATE_HOME: "the wearer was not at the required place in time",
        How.LEFT_EARLY: "the wearer left the required place too early",
        How.ABSENT: "the wearer was not at the required place at any time",
        How.PROXIMITY: "too little distance to the protected person's device",
    },
    risk={Risk.LOW: "low", Risk.MEDIUM: "medium", Risk.HIGH: "high"},
    asks={
        "certain": "Take this in hand: decide what must be done now, and confirm with your name.",
        "uncertain": "Take this in hand. Bear in mind in your decision that it is not certain. Confirm with "
        "your name.",
        "past": "Send NOBODY: this is over or not current. Assess it and confirm with your name.",
        "incursion": "Send NOBODY: no position shows the wearer in the zone. Assess it and confirm with "
        "your name.",
        "ended": "The suspected breach is over. Adjust any action under way. Confirm with your name.",
        "lapsed_exclusion": "The ban does not hold there at this time. That the wearer has left was NOT "
        "measured. Adjust any action under way. Confirm with your name.",
        "lapsed_inclusion": "The requirement does not hold at this time. That the wearer is at the required "
        "place was NOT measured. Adjust any action under way. Confirm with your name.",
        "lapsed_contact": "The warning has stopped. That the distance is large enough again was NOT "
        "measured. Adjust any action under way. Confirm with your name.",
        "since_ended": "This has ended since; how, the message on its end says. Adjust any action under way. "
        "Confirm with your name.",
        "refuted": "Later measurements show that there was no breach. Stop any action under way. Confirm "
        "with your name.",
        "other": "Assess this and confirm with your name.",
        "approach": "Follow the wearer on the page and judge whether somebody must step in. Confirm with "
        "your name.",
        "tamper": "Find out whether the wearer still wears it: call, or have somebody visit. Confirm with "
        "your name.",
        "panic": "This is a call for help: send somebody to the protected person. Confirm with your name.",
        "silence": "While this lasts, the wearer is not seen. Call the wearer and confirm with your name.",
        "her_silence": "Call the protected person: this device gives no warning now. Confirm with your name.",
        "her_device": "Call the protected person: this device may give no warning. Confirm with your name.",
        "her_charge": "Ask the protected person to charge the device: empty it gives no warning. Confirm "
        "with your name.",
        "outage": "Call those at the top of the list first, and report the fault. Confirm with your name.",
        "unworn": "See that the wearer gets a working device, or that the order is changed. Confirm with "
        "your name.",
        "down": "Call this recipient, pass on what is open, and confirm with your name.",
        "platform": "Alerts may fail to come now. Warn whoever runs the system. Confirm with your name.",
        "over": "This has since passed. Assess it and confirm with your name.",
        "back": "See whether what waited has arrived, and confirm with your name.",
        "mended": "See whether anything was missed in that time, and confirm with your name.",
        "unanswered": "Call the wearer: the device may be off, out of coverage or shielded. Confirm with "
        "your name.",
        "clock": "While this lasts, nothing of this wearer is judged. Have the device looked at. Confirm "
        "with your name.",
        "implausible": "The positions cannot be right: have the device looked at, and think of forgery. "
        "Confirm with your name.",
        "charge": "Ask the wearer to charge the device before it fails. Confirm with your name.",
    },
    labels={
        "wearer": "Wearer", "device": "Device", "order": "Order", "condition": "Condition",
        "risk": "Risk", "certainty": "Certainty", "how": "What the measurements show",
        "happened": "Happened",
        "received": "Position received", "detected": "Alert made", "ended": "Ended",
        "began": "Began", "since": "Since", "gap_from": "No position since", "gap_to": "Position again",
        "heard": "Received", "worn_for": "Orders", "against": "protected from wearer",
        "hers": "of the protected person", "her_device": "device of the protected person",
        "protected": "Protected person", "basis": "Legal basis",
        "local": "Times are those of the Netherlands, with the difference from UTC in brackets.",
        "secret": "SECRET ZONE: do not tell the wearer where it lies, and name no street or place.",
        "asked": "Asked", "alert": "Alert", "unknown": "unknown",
        "answer": "Confirm", "link": "Link for one use: take in hand",
        "owner": "Responsible for the case", "before": "Earlier suspected breaches of this condition",
        "last": "the last on",
        "now_refuted": "Note: this alert has since been withdrawn, there was no breach.",
        "now_ended": "Note: has since ended",
        "since_ended": "ended since", "since_over": "over since", "since_withdrawn": "withdrawn since",
        "incident": "Incident", "stopped": "Stopped",
        "unreached": "Not delivered, as no route is configured (warn this party yourself)",
        "unreached_short": "Warn yourself, as not delivered",
    },
    compass=("N", "S", "E", "W"),
    place=PLACE_EN,
    trouble=TROUBLE_EN,
    hers=HERS_EN,
    parties=PARTIES["en"],
    bases=LEGAL_BASES,
    incident=INCIDENT_EN,
    when=WHEN_EN,
)  # fmt: skip

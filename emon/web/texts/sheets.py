"""The pages of text and tables beside the desk, but for the report of feedback and the policy."""

from __future__ import annotations

from collections.abc import Mapping

SHEETS_WORDS: Mapping[str, tuple[str, str]] = {
    "sheet.back": ("Terug naar de kaart", "Back to the map"),
    "sheet.blind": ("Blinde tijd", "Blind time"),
    "sheet.device": ("Een apparaat bevragen", "Ask a device"),
    "sheet.feedback": ("Waarmee meldingen zijn afgehandeld", "What alerts were closed with"),
    "sheet.policy": ("Wie hoort wat", "Who is told what"),
    "sheet.suspensions": ("Opschortingen", "Suspensions"),
    # columns of several pages
    "col.order": ("beslissing", "order"),
    "col.wearer": ("drager", "wearer"),
    "col.from": ("vanaf", "from"),
    "col.why": ("waarom", "why"),
    "col.when": ("wanneer", "when"),
    "col.what": ("wat", "what"),
    # blind time
    "blind.lead": (
        "Tijd waarin een voorwaarde gold, en het apparaat posities had moeten geven die niet kwamen. Wat een"
        " apparaat bewaart en later stuurt, is dan toch gezien en verdwijnt uit deze lijst.",
        "Time in which a condition held and its device owed positions that did not come. What a device stored"
        " and sends later is seen after all, and leaves this list.",
    ),
    "blind.span": ("Over de laatste", "Over the last"),
    "blind.span_1": ("dag", "day"),
    "blind.span_2": ("2 dagen", "2 days"),
    "blind.span_7": ("7 dagen", "7 days"),
    "blind.worst": ("Het langst niet gezien", "Blind for longest"),
    "blind.none": (
        "Niemand was langer ongezien dan een apparaat mag zijn.",
        "Nobody was unseen for longer than a device may be.",
    ),
    "blind.some": (
        "De {read} beslissingen waarvan de apparaten het langst niets lieten weten, van de {all} met zo'n "
        "apparaat.",
        "The {read} orders whose devices gave no sign for longest, of the {all} with such a device.",
    ),
    "blind.col.condition": ("voorwaarde", "condition"),
    "blind.col.blind": ("blind", "blind"),
    "blind.col.of": ("van", "of"),
    "blind.col.cause": ("door", "by cause"),
    "blind.col.now": ("nu", "now"),
    "blind.outages": ("Wie nu ongezien is door een storing", "Who is unseen in an outage now"),
    "blind.no_outage": ("Er is geen storing.", "There is no outage."),
    "blind.of_one": ("Eén beslissing", "One order"),
    "blind.order": ("Beslissing", "Order"),
    "blind.show": ("Toon het overzicht", "Show its ledger"),
    "blind.share": ("{time} ({percent} %)", "{time} ({percent} %)"),
    "blind.by": ("{time} {cause}", "{time} {cause}"),
    "blind.hers": (
        "daarvan {time} alleen van het apparaat van de beschermde persoon",
        "of it {time} of the protected person's device alone",
    ),
    "blind.seen": ("gezien", "seen"),
    "blind.since": ("blind sinds {when}", "blind since {when}"),
    "blind.kind": ("{condition} ({kind})", "{condition} ({kind})"),
    "blind.never_held": ("De voorwaarde gold niet in deze tijd.", "It did not hold in this time."),
    "blind.ledger": (
        "Blind {blind} van {share}; gezien {seen}; de dienst zelf lag stil {stopped}. Nu: {now}.",
        "Blind {blind} of {share}; seen {seen}; the service itself was down {stopped}. Now: {now}.",
    ),
    "blind.part": ("{from} tot {to}: {cause}", "{from} to {to}: {cause}"),
    "blind.part_hers": (
        "{from} tot {to}: {cause}, het apparaat van de beschermde persoon",
        "{from} to {to}: {cause}, the protected person's device",
    ),
    "blind.cause.jamming": (
        "satellieten gestoord, meldde het apparaat",
        "satellites jammed, as the device said",
    ),
    "blind.cause.shielding": ("afgeschermd, meldde het apparaat", "shielded, as the device said"),
    "blind.cause.implausible": ("alleen ongeloofwaardige posities", "only implausible positions"),
    "blind.cause.clock": (
        "alleen posities met een onmogelijke tijd",
        "only positions with an impossible time",
    ),
    "blind.cause.indoors": ("lag stil, vermoedelijk binnen", "lay still, presumably indoors"),
    "blind.cause.no_fix": ("gehoord, maar vond geen positie", "heard, but found no position"),
    "blind.cause.silence": ("niets gehoord", "not heard at all"),
    "blind.cause.no_device": ("geen apparaat gedragen", "no device worn"),
    # asking a device
    "device.lead": (
        "Een apparaat wordt stil bevraagd: het trilt niet en toont niets, en verraadt dus geen gebied. Waarom"
        " u het vraagt, blijft hier en in het logboek.",
        "A device is asked silently: it does not vibrate and shows nothing, so it gives no area away. Why you"
        " ask stays here and in the audit trail.",
    ),
    "device.device": ("Apparaat", "Device"),
    "device.why": ("Waarom", "Why"),
    "device.fix": ("Positie nu", "Position now"),
    "device.pursuit": ("Een half uur van dichtbij volgen", "Follow closely for half an hour"),
    "device.plan": ("Terug naar het gewone tempo", "Back to the usual pace"),
    "device.note": (
        "Geen antwoord binnen 3 minuten is een melding aan de meldkamer EM. Volgen maakt de batterij vier"
        " keer zo snel leeg.",
        "No answer in 3 minutes is an alert to the monitoring centre. Following empties the battery four"
        " times as fast.",
    ),
    "device.asked": ("Wat er is gevraagd", "What it was asked"),
    "device.none": ("Nog niets.", "Nothing yet."),
    "device.col.who": ("door wie, en waarom", "by whom, and why"),
    "device.col.sent": ("verstuurd", "sent"),
    "device.col.fate": ("wat ervan werd", "what became of it"),
    "device.by_person": ("{person}: {why}", "{person}: {why}"),
    "device.by_engine": ("het systeem: {why}", "the engine: {why}"),
    "device.what.fix": ("positie nu", "position now"),
    "device.what.vibrate": ("trillen", "vibrate"),
    "device.what.message": ("een bericht tonen", "show a message"),
    "device.what.rate": ("voortaan elke {rate_s} s een positie", "a position each {rate_s} s from now on"),
    "device.what.rate_for": (
        "elke {rate_s} s een positie, {minutes} min lang",
        "a position each {rate_s} s for {minutes} min",
    ),
    "device.reason.edge_by_an_old_fix": ("oude positie bij een tijdgrens", "edge by an old fix"),
    "device.reason.doubt": ("twijfel over de positie", "doubt about the position"),
    "device.reason.pursuit": ("vermoedelijke overtreding duurt voort", "the suspected breach goes on"),
    "device.reason.plan": ("terug naar het gewone tempo", "back to the usual pace"),
    "device.reason.staff": ("gevraagd door een medewerker", "asked for by staff"),
    "device.reason.staff_pursuit": ("gevraagd door een medewerker", "asked for by staff"),
    "device.reason.certain_breach": ("vermoedelijke overtreding, zeker", "suspected breach, certain"),
    "device.reason.probable_breach": (
        "vermoedelijke overtreding, waarschijnlijk",
        "suspected breach, probable",
    ),
    "device.reason.possible_breach": ("vermoedelijke overtreding, mogelijk", "suspected breach, possible"),
    "device.answered": ("antwoordde {when} ({after})", "answered {when} ({after})"),
    "device.lapsed": ("geen antwoord vóór {when}", "no answer by {when}"),
    "device.lapsed_then": ("geen antwoord vóór {when}; {answer}", "no answer by {when}; {answer}"),
    "device.refused": ("geweigerd {when}", "refused {when}"),
    "device.expired": (
        "niet op tijd verstuurd: er was geen verbinding met de apparaten",
        "not sent in time: the broker was away",
    ),
    "device.waiting": ("wordt verstuurd", "being sent"),
    "device.sent": ("wacht op antwoord", "waiting for its answer"),
    # suspensions
    "suspend.lead": (
        "Zolang een beslissing is opgeschort, gelden haar verboden gebieden en verplichte plaatsen niet."
        " Contactverboden, enkelbanden, behuizingen en noodknoppen gelden altijd. Een opschorting eindigt"
        " vanzelf op haar eindtijd.",
        "While an order is suspended, its exclusion zones and required places do not hold. Contact bans,"
        " straps, cases and panic buttons always do. A suspension ends by itself at its end.",
    ),
    "suspend.holding": ("Geldt nu, of binnenkort", "In force, or soon"),
    "suspend.none": ("Er is geen beslissing opgeschort.", "No order is suspended."),
    "suspend.col.ends": ("eindigt", "ends"),
    "suspend.col.by": ("besloten door", "decided by"),
    "suspend.col.until": ("tot", "until"),
    "suspend.col.asked_by": ("gevraagd door", "asked by"),
    "suspend.col.heard": ("wie het heeft ontvangen", "who has heard of it"),
    "suspend.waiting": ("Wacht op een tweede persoon", "Waiting for a second person"),
    "suspend.ask": ("Een beslissing opschorten", "Suspend an order"),
    "suspend.order": ("Beslissing", "Order"),
    "suspend.until": ("Tot (Nederlandse tijd)", "Until (Dutch time)"),
    "suspend.why": ("Waarom", "Why"),
    "suspend.do": ("Opschorten vanaf nu", "Suspend from now on"),
    "suspend.note": (
        "Tot 2 uur per dag geldt meteen. Meer wacht op bevestiging door een tweede persoon.",
        "Up to 2 hours in a day hold at once. More waits for a second person to confirm.",
    ),
    "suspend.told": ("Begonnen en voorbij", "Begun and over"),
    "suspend.told_lead": (
        "De meldkamer EM, Reclassering, de politie en de verantwoordelijke voor de beslissing horen één keer"
        " dat een opschorting begint, en één keer dat zij voorbij is. Niemand hoeft te reageren.",
        "The monitoring centre, Reclassering, the police and the order's owner are told once when a"
        " suspension begins, and once when it is over. Nobody has to answer.",
    ),
    "suspend.end_now": ("Nu beëindigen", "End now"),
    "suspend.not_yet": ("nog niet", "not yet"),
    "suspend.confirm": ("Bevestigen", "Confirm"),
    "suspend.withdraw": ("Intrekken", "Withdraw"),
    "suspend.said.begun": (
        "{order} ({wearer}) opgeschort tot {when}: {why}",
        "{order} ({wearer}) suspended until {when}: {why}",
    ),
    "suspend.said.by_itself": (
        "{order} ({wearer}) voorbij: de eindtijd was bereikt",
        "{order} ({wearer}) over: its end had come",
    ),
    "suspend.said.ended": (
        "{order} ({wearer}) voorbij: beëindigd door een persoon",
        "{order} ({wearer}) over: ended by a person",
    ),
    "suspend.got": ("{party} {when}", "{party} {when}"),
    "suspend.nobody": ("niemand kan het horen", "nobody can be told"),
}

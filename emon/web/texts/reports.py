"""The report of feedback, its proposals, and the page of the policy."""

from __future__ import annotations

from collections.abc import Mapping

REPORTS: Mapping[str, tuple[str, str]] = {
    "feedback.lead": (
        "Waarmee mensen meldingen afhandelden, en hoeveel het er waren. Voorstellen zijn er om af te wegen:"
        " niets hier maakt iemand stil.",
        "What people closed alerts with, and how many there were. Proposals are for people to weigh: nothing"
        " here silences anybody.",
    ),
    "feedback.from": ("Vanaf (Nederlandse tijd)", "From (Dutch time)"),
    "feedback.to": ("Tot", "To"),
    "feedback.show": ("Toon", "Show"),
    "feedback.load": ("Werklast", "Load"),
    "feedback.col.shift": ("rooster", "shift"),
    "feedback.col.turn": ("dienst", "turn"),
    "feedback.col.hours": ("uren", "hours"),
    "feedback.col.alerts": ("meldingen", "alerts"),
    "feedback.col.an_hour": ("per uur", "an hour"),
    "feedback.precision": ("Hoe vaak het klopte", "Precision"),
    "feedback.precision_lead": (
        "Van de gevallen die mensen waar of onwaar vonden: het deel dat waar was, en de marge waarin het met"
        " 95 % zekerheid ligt. Een vermoedelijke overtreding is één geval, ook met veel meldingen.",
        "Of the cases that people found true or false, the share that was true, and the interval in which it"
        " lies at 95 %. A breach is one case, however many alerts told it.",
    ),
    "feedback.col.by": ("naar", "by"),
    "feedback.col.cases": ("gevallen", "cases"),
    "feedback.col.true": ("waar", "true"),
    "feedback.col.false": ("onwaar", "false"),
    "feedback.col.unknown": ("onbekend", "unknown"),
    "feedback.col.open": ("open", "open"),
    "feedback.col.precision": ("deel waar", "precision"),
    "feedback.closed": ("Afgehandeld met", "Closed with"),
    "feedback.col.cause": ("oorzaak", "cause"),
    "feedback.col.share": ("van alle afgehandelde", "of all closed"),
    "feedback.wearers": ("Dragers met de meeste meldingen", "Noisiest wearers"),
    "feedback.zones": ("Gebieden met de meeste meldingen", "Noisiest zones"),
    "feedback.devices": ("Apparaten met de meeste meldingen", "Noisiest devices"),
    "feedback.all": ("alles", "all"),
    "feedback.by.event": ("gebeurtenis", "event"),
    "feedback.by.how": ("hoe", "how"),
    "feedback.by.certainty": ("zekerheid", "certainty"),
    "feedback.by.source": ("bron", "source"),
    "feedback.by.model": ("type apparaat", "device model"),
    "feedback.by.edge": ("rand van het gebied", "zone's edge"),
    "feedback.share": ("{of_true} % ({low} % tot {high} %)", "{of_true} % ({low} % to {high} %)"),
    "feedback.alerts.one": ("{count} melding", "{count} alert"),
    "feedback.alerts.other": ("{count} meldingen", "{count} alerts"),
    "feedback.wearers_worn.one": ("{count} drager", "{count} wearer"),
    "feedback.wearers_worn.other": ("{count} dragers", "{count} wearers"),
    "feedback.load_text": (
        "{alerts}, waarvan {to_centre} aan de meldkamer EM. Per uur en medewerker: {hour}, {hours_from}."
        " Per drager en dag: {day}.",
        "{alerts}, {to_centre} of them to the monitoring centre. Per operator-hour: {hour}, {hours_from}."
        " Per wearer and day: {day}.",
    ),
    "feedback.not_known": ("onbekend", "not known"),
    "feedback.nobody_wore": ("onbekend, niemand droeg een apparaat", "not known, nobody wore a device"),
    "feedback.per_day": ("{count} ({wearers})", "{count} ({wearers})"),
    "feedback.hours.shifts": ("volgens de diensten in de regels", "by the policy's shifts"),
    "feedback.hours.sessions": ("volgens wie was ingelogd", "by the sessions of its people"),
    "feedback.hours.nowhere": ("van niemand staan uren vast", "nobody's hours are on file"),
    "feedback.noisy": (
        "{id}: {false} als onwaar afgehandeld, van {alerts}",
        "{id}: {false} closed as false of {alerts}",
    ),
    "feedback.proposed": ("Voorstel: {words}", "Proposed: {words}"),
    "remedy.home_at_edge": (
        "een verplichte plaats van {wearer} ligt {home_m} m van de rand van {zone}:"
        " vraag de rechter of de rand kan worden verlegd",
        "a required place of {wearer} lies {home_m} m from the edge of {zone}:"
        " ask the court whether the edge can be moved",
    ),
    "remedy.exchange": (
        "{count} posities zeiden op {claimed_m} m te kloppen en zaten er {erred_m} m of meer naast (mediaan):"
        " vervang {device}",
        "{count} positions claimed {claimed_m} m and erred by {erred_m} m or more (medians):"
        " exchange {device}",
    ),
    "remedy.coarse_positions": (
        "{count} daarvan berusten op zendmasten of wifi: zoek uit waar satellieten niet te zien zijn;"
        " een baken zou helpen",
        "{count} of them rest on masts or Wi-Fi: find where satellites are not seen; a beacon would help",
    ),
    "remedy.edge_within_error": (
        "{count} liggen {distance_m} m van {edge} van {zone}, en zeggen op {claimed_m} m te kloppen"
        " (mediaan): vraag de rechter of de rand daar kan worden verlegd",
        "{count} lie {distance_m} m from {edge} of {zone}, and claim {claimed_m} m (medians):"
        " ask the court whether the edge can be moved there",
    ),
    "remedy.not_charged": (
        "op {days} dagen is het apparaat niet op tijd opgeladen: bespreek wanneer en waar dat gebeurt",
        "on {days} days it was not charged in time: talk about when and where it is charged",
    ),
    "remedy.permit_on_file": (
        "{count} waren door iemand toegestaan: laat de toestemming in de beslissing opnemen",
        "{count} were permitted by somebody: have the permits written into the order",
    ),
    "remedy.correct_zone": (
        "{count} zeggen dat het gebied niet is wat de rechter besloot: laat het verbeteren",
        "{count} say that the area is not what the court decided: have it corrected",
    ),
    "remedy.correct_hours": (
        "{count} zeggen dat de tijden niet zijn wat de rechter besloot: laat ze verbeteren",
        "{count} say that the hours are not what the court decided: have them corrected",
    ),
    "remedy.explain_again": (
        "{count} komen doordat het apparaat verkeerd wordt gedragen of bewaard: leg het opnieuw uit,"
        " en kijk of het past",
        "{count} come of how it is worn or kept: explain it again, and look at the fit",
    ),
    "remedy.repair": (
        "{count} komen door een defect apparaat: vervang {device}",
        "{count} come of a broken device: exchange {device}",
    ),
    "remedy.coverage": (
        "{count} komen doordat er geen netwerk of geen satelliet was: een kaart van een ander netwerk,"
        " of een baken op die plaats",
        "{count} come of no network or no satellites: another network's card, or a beacon where it happens",
    ),
    "remedy.own_fault": (
        "{count} waren onze eigen fout: naar de beheerder van het systeem",
        "{count} were our own fault: to whoever runs the platform",
    ),
    "remedy.strap": (
        "{count} waren sabotage: bekijk de enkelband; Reclassering moet het patroon kennen",
        "{count} were tampering: inspect the strap; Reclassering is to know of the pattern",
    ),
    "remedy.no_noise": (
        "{count} klopten: geen ruis, maar een patroon dat Reclassering en OM moeten kennen",
        "{count} were so: no noise, but a pattern that Reclassering and OM are to know of",
    ),
    "remedy.look_closer": (
        "van {count} vond niemand wat erachter zat: spreek af wie dat uitzoekt, en hoe",
        "of {count} nobody found out what was behind them: agree who looks, and how",
    ),
    "remedy.close_first": (
        "{open} van {alerts} wachten op afhandeling door een mens: handel die eerst af",
        "{open} of {alerts} wait for a person's closing: close them first",
    ),
    "policy.lead": (
        "Lees de tabel van boven naar beneden; de eerste rij die past, beslist. Een melding die niemand op"
        " tijd in behandeling neemt, wordt opgeschaald, net zo lang tot iemand reageert.",
        "The table is read from above; the first row that fits decides. An alert that nobody acknowledges in"
        " time climbs, for ever.",
    ),
    "policy.table": ("Beslistabel", "Decision table"),
    "policy.uses": ("Sinds wanneer welke regels gelden", "Since when each policy holds"),
    "policy.version": ("Versie {version}", "Version {version}"),
    "policy.version_since": (
        "Versie {version}, geldt sinds {when}",
        "Version {version}, in force from {when}",
    ),
    "policy.use": ("{version} vanaf {when}", "{version} from {when}"),
}

"""Refusals of the API: Dutch for whoever asks in Dutch, else English, which programs and their logs know."""

from __future__ import annotations

from collections.abc import Mapping

FAULTS: Mapping[str, tuple[str, str]] = {
    # of every request
    "fault.log_in": ("log eerst in", "log in first"),
    "fault.host": ("deze dienst luistert niet naar die naam", "this service does not answer to that name"),
    "fault.origin": (
        "een pagina van een andere herkomst mag hier niets veranderen",
        "a page of another origin may change nothing here",
    ),
    "fault.database": ("de database is nu niet bereikbaar", "the database cannot be reached now"),
    "fault.too_large": ("het verzoek is groter dan {bytes} bytes", "the body is larger than {bytes} bytes"),
    "fault.json": ("het verzoek moet application/json zijn", "the body must be application/json"),
    "fault.unreadable": ("het verzoek is niet te lezen: {fault}", "the body cannot be read: {fault}"),
    "fault.party": (
        "deze pagina toont waar dragers zijn: zij is niet voor {party}",
        "the page shows where wearers are: it is not for {party}",
    ),
    # log in
    "fault.login_size": (
        "naam en wachtwoord: elk van gewone lengte",
        "name and password: each of a usual length",
    ),
    "fault.login_wait": (
        "te veel verkeerde pogingen: probeer het over {seconds} s opnieuw",
        "too many wrong tries: again in {seconds} s",
    ),
    "fault.login_busy": (
        "te veel mensen loggen tegelijk in: probeer het opnieuw",
        "too many log-ins at once: try again",
    ),
    "fault.login_wrong": ("naam of wachtwoord klopt niet", "name or password is wrong"),
    # what is not there
    "fault.no_alert": ("deze melding bestaat niet", "there is no such alert"),
    "fault.no_breach": ("deze vermoedelijke overtreding bestaat niet", "there is no such breach"),
    "fault.no_breach_alert": (
        "er is geen melding van deze vermoedelijke overtreding",
        "there is no alert of such a breach",
    ),
    "fault.no_incident": ("dit incident bestaat niet", "there is no such incident"),
    "fault.no_order": ("deze beslissing bestaat niet", "there is no such order"),
    "fault.no_device": ("dit apparaat bestaat niet", "there is no such device"),
    "fault.no_policy": (
        "er is nog geen dienst met regels gestart",
        "no service has started with a policy yet",
    ),
    "fault.no_version": (
        "geen melding is ooit volgens deze versie beslist",
        "no alert was ever decided by this version",
    ),
    # whose word does not count
    "fault.not_theirs.alert": ("deze melding was niet voor {party}", "the alert was not for {party}"),
    "fault.not_theirs.breach": (
        "geen open melding van deze vermoedelijke overtreding was voor {party}",
        "no open alert of the breach was for {party}",
    ),
    "fault.not_theirs.close": (
        "{party} mag een melding in behandeling nemen, en niet afhandelen",
        "{party} may acknowledge an alert, and not close it",
    ),
    "fault.not_theirs.answers": (
        "dit zijn antwoorden van politie, niet van {party}",
        "these are the answers of politie, not of {party}",
    ),
    "fault.not_theirs.incident": (
        "dit incident is niet aan {party} gemeld",
        "the incident was not told to {party}",
    ),
    "fault.said": ("{fault}", "{fault}"),
    # closing
    "fault.closing.hers": (
        "deze melding gaat ook over een beschermde persoon: zeg hoe het met deze persoon is",
        "victim_outcome: this alert concerns a protected person: say how she is",
    ),
    "fault.closing.cause": (
        "schrijf bij de toelichting wat er is geprobeerd",
        "note: cause not_found needs a note",
    ),
    "fault.closing.outcome": (
        "schrijf bij de toelichting aan wie het is overgedragen",
        "note: outcome handed_over needs a note",
    ),
    "fault.closing.victim_outcome": (
        "schrijf bij de toelichting waarom de beschermde persoon niet is ingelicht",
        "note: victim_outcome safe_not_informed needs a note",
    ),
    "fault.closed_before": (
        "deze melding is al afgehandeld door {person} ({party}): {cause}; {outcome}",
        "closed before by {person} of {party}: {cause}, {outcome}",
    ),
    "fault.note_long": ("toelichting: hoogstens {count} tekens", "note: at most {count} characters"),
    # files and reports
    "fault.as": ("as: json of html", "as: json or html"),
    "fault.language": ("language: één van {languages}", "language: one of {languages}"),
    "fault.report": ("dit overzicht is voor {party}", "the report is for {party}"),
    "fault.report_large": (
        "er zijn te veel meldingen in deze tijd: vraag een kortere tijd ({fault})",
        "{fault}",
    ),
    "fault.span": ("van en tot: {fault}", "from and to: {fault}"),
    "fault.span_long": (
        "van moet vóór tot liggen, met hoogstens {days} dagen ertussen",
        "from must lie before to, by at most {days} days",
    ),
    "fault.no_positions": (
        "hierin staan posities van de drager, en die mag uw partij volgens de regels niet zien",
        "it holds the wearer's fixes, and the policy shows your party no positions",
    ),
    "fault.not_explained": (
        "wat is vastgelegd, geeft met de regels van vandaag niet deze vermoedelijke overtreding",
        "what is on file does not give this breach by today's rules",
    ),
    "fault.secret": (
        "het gebied is geheim: posities en gebied zouden het verraden",
        "its place is secret: positions and zone would give it away",
    ),
    "fault.protected": (
        "waar een beschermde persoon is, mag uw partij niet zien",
        "where a protected person is, is not for your party",
    ),
    "fault.status": ("status: één van {words}", "status: one of {words}"),
    "fault.order": ("order: één van {words}", "order: one of {words}"),
    "fault.order_of": (
        "order=urgency gaat over meldingen die niet zijn afgehandeld: status {words}",
        "order=urgency is of alerts that nobody has closed: status {words}",
    ),
    "fault.limit": ("limit: een geheel getal vanaf 1", "limit: a whole number from 1 on"),
    "fault.before": (
        "before: wat het vorige antwoord als next gaf",
        "before: what the last answer gave as next",
    ),
    "fault.pages": ("er zijn te veel pagina's open", "too many pages are open"),
    "fault.event_id": (
        "Last-Event-ID of after: een id uit deze stroom",
        "Last-Event-ID or after: an id that this stream gave",
    ),
    # asking a device
    "fault.may_ask": ("alleen {parties} mag een apparaat bevragen", "only {parties} may ask a device"),
    "fault.why": (
        "schrijf waarom, in {least} tot {most} tekens",
        "must say why, in {least} to {most} characters",
    ),
    "fault.not_worn": (
        "in geen beslissing die nu geldt, wordt dit apparaat gedragen",
        "no order in force has such a device worn or carried",
    ),
    "fault.asked": (
        "dat is net al gevraagd: het apparaat heeft {minutes} minuten om te antwoorden",
        "it was asked that a moment ago and has {minutes} minutes to answer",
    ),
    "fault.asked_often": (
        "dat is dit uur al {count} keer gevraagd: spaar de batterij",
        "it was asked that {count} times within the hour: spare its battery",
    ),
    # suspensions
    "fault.nothing_suspended": (
        "deze beslissing is nu niet opgeschort",
        "nothing suspends such an order now",
    ),
    "fault.may_arm": (
        "alleen {parties} mag een beslissing van kracht maken",
        "only {parties} may put an order into force",
    ),
    "fault.may_suspend": (
        "alleen {parties} mag een beslissing opschorten",
        "only {parties} may suspend an order",
    ),
    "fault.no_request": (
        "deze beslissing of aanvraag bestaat niet",
        "there is no such order or request",
    ),
    "fault.second_person": (
        "de tweede persoon moet een ander zijn dan de eerste",
        "the second person must be another than the first",
    ),
    "fault.settled": (
        "dit is al bevestigd of ingetrokken, of de eindtijd is voorbij",
        "it was armed or withdrawn before, or its end has passed",
    ),
    "fault.past": (
        "ligt in het verleden: wat is beoordeeld, blijft zo",
        "lies in the past: what was judged stays judged",
    ),
    "fault.not_after": ("het einde ligt niet na het begin", "is not after from"),
    "fault.too_far": (
        "het einde ligt meer dan {days} dagen vooruit: dat is een wijziging van de beslissing",
        "lies more than {days} days ahead: that is a variation of the order",
    ),
}

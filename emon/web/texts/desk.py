"""The desk: log in, the bar, the map, the lists. Each text in Dutch, then in English."""

from __future__ import annotations

from collections.abc import Mapping

DESK: Mapping[str, tuple[str, str]] = {
    "lang": ("nl", "en"),
    "language.other": ("English", "Nederlands"),
    "language.other_code": ("en", "nl"),
    "language.switch": ("Show this page in English", "Toon deze pagina in het Nederlands"),
    "noscript": (
        "Deze pagina heeft JavaScript nodig. Er wordt niets van buiten geladen.",
        "This page needs JavaScript. Nothing is loaded from outside.",
    ),
    # log in
    "login.lead": (
        "Elektronische monitoring. Voor medewerkers met een account.",
        "Electronic monitoring. For staff who were given an account.",
    ),
    "login.name": ("Naam", "Name"),
    "login.password": ("Wachtwoord", "Password"),
    "login.do": ("Inloggen", "Log in"),
    "login.first": ("Het eerste account maakt u op de server:", "The first account is made on the server:"),
    "login.command": ("emon user add NAAM", "emon user add NAME"),
    "logout": ("Uitloggen", "Log out"),
    # the bar
    "tally": ("Open meldingen", "Open alerts"),
    "tally.priority": ("Prioriteit {priority}: {words}", "Priority {priority}: {words}"),
    "nav.blind": ("Blinde tijd", "Blind time"),
    "nav.suspensions": ("Opschortingen", "Suspensions"),
    "nav.feedback": ("Terugblik", "Feedback"),
    "nav.policy": ("Wie hoort wat", "Who is told what"),
    "theme.day": ("Dag", "Day"),
    "theme.night": ("Nacht", "Night"),
    "theme.to_light": ("Toon de pagina in lichte kleuren", "Show the page in light colours"),
    "theme.to_dark": ("Toon de pagina in donkere kleuren", "Show the page in dark colours"),
    # is it well
    "connection.connecting": ("Verbinden …", "Connecting …"),
    "connection.live": ("Actueel", "Live"),
    "connection.reconnecting": ("Opnieuw verbinden …", "Reconnecting …"),
    "connection.fault": ("Verbonden, maar het systeem is verstoord", "Live, engine disturbed"),
    "stale.lost": (
        "Geen verbinding: deze pagina toont wat om {when} bekend was. Zij gaat vanzelf verder.",
        "Not connected: this page shows what was known at {when}. It goes on by itself.",
    ),
    "stale.database": (
        "De database is sinds {when} onbereikbaar: posities en meldingen zijn niet actueel.",
        "The database cannot be reached since {when}: positions and alerts are not up to date.",
    ),
    "stale.engine": (
        "Het systeem ontvangt of bewaart nu geen posities: meldingen kunnen te laat komen.",
        "The engine does not receive or store positions now: alerts may be late.",
    ),
    "stale.down": (
        "Neemt geen berichten aan: {who}. Wij blijven het proberen; bel als het dringend is.",
        "Does not take messages: {who}. It is tried on; call where it is urgent.",
    ),
    "stale.down_since": ("{party} sinds {when}", "{party} since {when}"),
    "stale.waiting": (
        "{count} nagekomen posities wachten op beoordeling, de oudste sinds {when}; nieuwe gaan voor.",
        "{count} stored positions wait to be judged, the oldest since {when}; new ones go first.",
    ),
    "stale.noisy.one": (
        "{count} apparaat stuurt meer dan afgesproken.",
        "{count} device sends more than agreed.",
    ),
    "stale.noisy.other": (
        "{count} apparaten sturen meer dan afgesproken.",
        "{count} devices send more than agreed.",
    ),
    # the map
    "map.name": ("Kaart", "Map"),
    "map.fit": ("Toon alles", "Show all"),
    "map.trails": ("Sporen", "Trails"),
    "map.fault": (
        "De kaart kan niet worden getekend ({fault}). De lijsten werken wel.",
        "The map cannot be drawn ({fault}). The lists go on working.",
    ),
    "map.zoom_in": ("Inzoomen", "Zoom in"),
    "map.zoom_out": ("Uitzoomen", "Zoom out"),
    "map.attribution": ("Bronnen van de kaart", "Sources of the map"),
    "map.close_card": ("Sluit dit kader", "Close this card"),
    "map.not_now": ("geldt nu niet", "not now"),
    "map.secret": ("geheim", "secret"),
    "map.hers": ("beschermde persoon, {age} geleden", "protected person, {age} ago"),
    "legend": ("Uitleg van de kaart", "Legend"),
    "legend.active": ("verbod dat nu geldt", "ban in force"),
    "legend.inactive": ("verbod dat nu niet geldt", "ban outside its hours"),
    "legend.buffer": ("waarschuwingszone", "warning ring"),
    "legend.wearer": ("drager, cirkel van 95 %", "wearer, 95 % circle"),
    "legend.breach": ("vermoedelijke overtreding, duurt voort", "suspected breach, open"),
    "legend.stale": ("positie ouder dan 5 min", "fix over 5 min old"),
    "legend.gap": ("meer dan 5 min geen positie", "no fix for over 5 min"),
    "legend.contact": (
        "contactverbod rond de beschermde persoon",
        "contact ban around the protected person",
    ),
    # the lists
    "side": ("Meldingen en dragers", "Alerts and wearers"),
    "tabs": ("Lijsten", "Lists"),
    "tab.open": ("Open", "Open"),
    "tab.acknowledged": ("In behandeling", "In hand"),
    "tab.resolved": ("Afgehandeld", "Closed"),
    "tab.all": ("Alle", "All alerts"),
    "tab.wearers": ("Dragers", "Wearers"),
    "newest": (
        "Laatst binnengekomen P{priority} zonder antwoord: {what}, {who}, {age} geleden. Ga erheen",
        "Last unanswered P{priority} to come in: {what}, {who}, {age} ago. Go there",
    ),
    "older": ("Toon oudere meldingen", "Show older alerts"),
    "empty.open": (
        "Er wacht niets. Nieuwe meldingen verschijnen hier vanzelf.",
        "Nothing waits. New alerts appear here by themselves.",
    ),
    "empty.acknowledged": (
        "Er is niets in behandeling. Wat iemand in behandeling neemt, staat hier tot een mens het afhandelt.",
        "Nothing is in hand. What somebody has acknowledged stands here until a person closes it.",
    ),
    "empty.resolved": ("Er is nog geen melding afgehandeld.", "No alert has been closed yet."),
    "empty.all": ("Er is nog geen melding gemaakt.", "No alert has been raised yet."),
    "empty.wearers": (
        "Geen beslissing die nu geldt, noemt een drager. Zet er een in werking:",
        "No order in force names a wearer. Arm one:",
    ),
    "announce": (
        "Nieuwe melding, prioriteit {priority}: {what}, {who}",
        "New alert, priority {priority}: {what}, {who}",
    ),
    # a wearer
    "wearer.breach": ("vermoedelijke overtreding", "suspected breach"),
    "wearer.offline": ("apparaat zonder verbinding", "device offline"),
    "wearer.no_device": (
        "geen apparaat: niet elektronisch bewaakt",
        "no device: not electronically watched",
    ),
    "wearer.no_position": ("{devices}: nog geen positie", "{devices}: no position yet"),
    "wearer.fix": ("positie {age} oud", "fix {age} old"),
    "wearer.device": ("Apparaat", "Device"),
    "wearer.at": ("Positie van", "Position of"),
    "wearer.old": ("{age} oud", "{age} old"),
    "wearer.accuracy": ("Nauwkeurig tot", "Accuracy"),
    "wearer.source": ("Bron", "From"),
    "wearer.speed": ("Snelheid", "Speed"),
    "wearer.battery": ("Batterij", "Battery"),
    "wearer.bans": ("Voorwaarden", "Conditions"),
    "wearer.ask": ("Positie opvragen", "Ask for a position"),
    "way.to": ("Naar {ban}", "To {ban}"),
    "way.inside": ("binnen het gebied, {distance} van de rand", "inside, {distance} from its edge"),
    "way.there": (
        "{distance}: te voet {walk}, met de auto {drive}",
        "{distance}: on foot {walk}, by car {drive}",
    ),
    "way.there_now": (
        "{distance}: te voet {walk}, met de auto {drive}, met de snelheid van nu {now}",
        "{distance}: on foot {walk}, by car {drive}, at the present speed {now}",
    ),
    # time
    "unit.s": ("s", "s"),
    "unit.min": ("min", "min"),
    "unit.h": ("uur", "h"),
    "unit.d": ("d", "d"),
    "unit.km_h": ("km/u", "km/h"),
    # the service itself
    "service.unreached": (
        "De dienst is niet bereikbaar. Er is niets veranderd of de uitkomst is onbekend: kijk na.",
        "The service cannot be reached. Nothing was changed, or it is not known: look again.",
    ),
    "service.answered": ("De dienst antwoordde met fout {status}.", "The service answered {status}."),
}

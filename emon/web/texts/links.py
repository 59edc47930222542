"""The pages behind a link in a message. They show both languages, as the message did: whoever opens one has
no session and perhaps another's telephone."""

from __future__ import annotations

from collections.abc import Mapping

LINKS: Mapping[str, tuple[str, str]] = {
    "link.forged": (
        "Deze link is niet van ons of is beschadigd. Er is niets bevestigd: open hem nog eens vanuit het "
        "bericht, of bel de meldkamer EM. Bij gevaar: bel 112.",
        "This link is not one of ours, or is damaged. Nothing was confirmed: open it once more from the "
        "message, or call the monitoring centre. In danger: call 112.",
    ),
    "link.old": (
        "Deze link is verlopen. Er is niets bevestigd: gebruik de pagina of bel de meldkamer EM. "
        "Bij gevaar: bel 112.",
        "This link has expired. Nothing was confirmed: use the page or call the monitoring "
        "centre. In danger: call 112.",
    ),
    "link.used": (
        "Deze link is al gebruikt. De melding is al in behandeling genomen.",
        "This link has been used. The alert has already been taken in hand.",
    ),
    "link.closed": (
        "Deze melding is al afgesloten: u hoeft niets meer te doen.",
        "This alert has been closed: there is nothing left for you to do.",
    ),
    "link.over": (
        "Wat deze melding meldt, is intussen voorbij of ingetrokken.",
        "What this alert tells of is over by now, or was withdrawn.",
    ),
    "link.surer": (
        "Van dit incident is er een latere, zekerder melding: {alert}. Wie alleen deze bevestigt, heeft die "
        "nog niet beantwoord.",
        "This incident has a later, surer alert: {alert}. Whoever confirms this one alone has not answered "
        "that one.",
    ),
    "link.joined": (
        "Deze melding staat ook voor {count} eerdere van dezelfde voorwaarde: u antwoordt voor alle samen.",
        "This alert also stands for {count} earlier of the same condition: you answer for all of them.",
    ),
    "link.taken_joined": (
        "Samen met {count} eerdere waar deze melding ook voor staat.",
        "Together with {count} earlier ones that this alert also stands for.",
    ),
    "link.ask": (
        "Melding {alert} ({party}): neem deze in behandeling. Vul uw naam in.",
        "Alert {alert} ({party}): take it in hand. Enter your name.",
    ),
    "link.name_wanted": ("Vul uw naam in.", "Enter your name."),
    "link.name": ("Naam", "Name"),
    "link.name_role": ("Naam, functie", "Name, function"),
    "link.take": ("In behandeling nemen", "Take in hand"),
    "link.read": ("Gelezen", "Read"),
    "link.taken": (
        "In behandeling genomen door {person}, {when}.",
        "Taken in hand by {person}, {when}.",
    ),
    "link.answer_ask": (
        "Incident {incident} ({party}): meld hoe het staat, met uw naam.",
        "Incident {incident} ({party}): report how it stands, with your name.",
    ),
    "link.answer_wanted": (
        "Vul uw naam in en kies een bericht.",
        "Enter your name and choose a message.",
    ),
    "link.answer_again": (
        "Dit is met deze link al gemeld.",
        "This has been reported by this link already.",
    ),
    "link.answer_choose": ("Hoe staat het?", "How does it stand?"),
    "link.answer_note": ("Toelichting", "Note"),
    "link.answer_send": ("Melden", "Report"),
    "link.answered": ("Gemeld door {person}, {when}: {answer}.", "Reported by {person}, {when}: {answer}."),
}

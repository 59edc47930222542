"""What an alert says about devices from which nothing comes, Dutch and English, and how it is put.

The list of an outage is that of the moment it was told, the most urgent first; a mail or a pager shows
the first lines of it, the page all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import msgspec

from emon.alerts.outbox import AlertView
from emon.alerts.when_words import When
from emon.limits import UNSEEN_LINES_MAX
from emon.model.platform import PlatformCause
from emon.model.vocabulary import AlertEvent, Risk
from emon.model.watch import Cause, Unseen


class TroubleWords(msgspec.Struct, frozen=True):
    """``lines`` are whole sentences or labels; ``unseen`` one line of an outage's list, ``unseen_wearer`` one
    that names who wears the device, ``unseen_hers`` whom she is protected from whose device it is."""

    causes: Mapping[str, str]
    lines: Mapping[str, str]
    one: str
    many: str
    unseen: str
    unseen_wearer: str
    unseen_hers: str
    more: str


TROUBLE_NL = TroubleWords(
    causes={
        Cause.JAMMING: "het apparaat meldt dat het satellietsignaal wordt gestoord",
        Cause.SHIELDING: "het apparaat meldt dat het wordt afgeschermd",
        Cause.IMPLAUSIBLE: "er komen alleen ongeloofwaardige posities",
        Cause.CLOCK: "er komen alleen posities met een onmogelijke tijd",
        Cause.INDOORS: "het apparaat ligt stil, vermoedelijk binnen",
        Cause.NO_FIX: "het apparaat bepaalt geen positie",
        PlatformCause.NO_FIXES: "van geen enkel apparaat komen nog posities binnen",
        PlatformCause.BROKER_LOST: "de dienst heeft geen verbinding met de berichtenserver",
        PlatformCause.SESSION_TAKEN: "de berichtenserver beëindigde de sessie van de dienst: "
        "mogelijk meldt zich iemand anders onder haar naam",
        PlatformCause.SERVICE_DOWN: "de dienst antwoordt niet, of beoordeelt niets meer",
        PlatformCause.DATABASE_DOWN: "de database antwoordt niet",
        PlatformCause.INBOX_OLD: "ontvangen posities wachten te lang op beoordeling",
        PlatformCause.CANARY: "de proefpositie van de dienst komt niet meer door de keten",
    },
    lines={
        "cause": "Oorzaak",
        "cause_then": "Oorzaak toen",
        "victim": "De bescherming is beperkt tot de vaste gebieden: "
        "waar het slachtofferapparaat nu is, is onbekend.",
        "cleared": "Let op: inmiddels voorbij",
        "unseen": "Ongezien, de dringendste eerst",
        "victim_device": "slachtofferapparaat",
        "near": "m van een verboden gebied",
        "inside": "in een verboden gebied",
        "never": "nooit een positie",
        "seen": "laatste positie",
        "down": "Onbereikbaar, meldingen blijven voor deze ontvanger wachten",
        "back": "Weer bereikbaar, wat wachtte wordt nu bezorgd",
    },
    one="1 apparaat",
    many="{count} apparaten",
    unseen="{place}. {device}, beslissing {order}, risico {risk}",
    unseen_wearer="{place}. drager {wearer}, {device}, beslissing {order}, risico {risk}",
    unseen_hers="{place}. {device}, beslissing {order}, beschermd tegen drager {wearer}, risico {risk}",
    more="… en nog {count}: zie de pagina",
)
TROUBLE_EN = TroubleWords(
    causes={
        Cause.JAMMING: "the device reports that the satellite signal is being jammed",
        Cause.SHIELDING: "the device reports that it is being shielded",
        Cause.IMPLAUSIBLE: "only implausible positions come",
        Cause.CLOCK: "only positions with an impossible time come",
        Cause.INDOORS: "the device lies still, presumably indoors",
        Cause.NO_FIX: "the device finds no position",
        PlatformCause.NO_FIXES: "positions come from no device any more",
        PlatformCause.BROKER_LOST: "the service has no connection to the message broker",
        PlatformCause.SESSION_TAKEN: "the message broker ended the service's session: "
        "somebody else may be using its name",
        PlatformCause.SERVICE_DOWN: "the service does not answer, or judges nothing any more",
        PlatformCause.DATABASE_DOWN: "the database does not answer",
        PlatformCause.INBOX_OLD: "received positions wait too long to be judged",
        PlatformCause.CANARY: "the service's own test position no longer comes through",
    },
    lines={
        "cause": "Cause",
        "cause_then": "Cause then",
        "victim": "Protection is reduced to fixed zones: where the victim's device is now, is not known.",
        "cleared": "Note: has since passed",
        "unseen": "Unseen, the most urgent first",
        "victim_device": "victim's device",
        "near": "m from an exclusion zone",
        "inside": "in an exclusion zone",
        "never": "never a position",
        "seen": "last position",
        "down": "Out of reach, alerts wait for this recipient",
        "back": "In reach again, what waited is being delivered",
    },
    one="1 device",
    many="{count} devices",
    unseen="{place}. {device}, order {order}, risk {risk}",
    unseen_wearer="{place}. wearer {wearer}, {device}, order {order}, risk {risk}",
    unseen_hers="{place}. {device}, order {order}, protected from wearer {wearer}, risk {risk}",
    more="… and {count} more: see the page",
)

Plain = Callable[[str | None], str]
_UNSEEN_HERS = (AlertEvent.SILENCE, AlertEvent.NO_POSITION)


def trouble_lines(
    words: TroubleWords,
    risks: Mapping[Risk, str],
    parties: Mapping[str, str],
    alert: AlertView,
    plain: Plain,
    when: When,
) -> list[str]:
    """What is to be said beside the facts of any alert; nothing for one that is no such trouble."""
    lines: list[str] = []
    if alert.cleared_at_us is not None:
        lines.append(f"{words.lines['cleared']}: {when(alert.cleared_at_us)}")
    if alert.victim and alert.event in _UNSEEN_HERS and alert.cleared_at_us is None:
        lines.append(words.lines["victim"])
    cause = words.causes.get(alert.cause or "")
    if cause is not None:
        lines.append(f"{words.lines['cause' if alert.cleared_at_us is None else 'cause_then']}: {cause}.")
    if alert.event is AlertEvent.RECIPIENT_DOWN:
        back = alert.cleared_at_us is not None
        lines.append(
            f"{words.lines['back' if back else 'down']}: {parties.get(alert.cause or '', plain(alert.cause))}"
        )
    listed = unseen_lines(words, risks, alert, plain, when)
    if listed:
        lines += [f"{words.lines['unseen']}:", *listed]
        if len(alert.unseen) > UNSEEN_LINES_MAX:
            lines.append(words.more.format(count=len(alert.unseen) - UNSEEN_LINES_MAX))
    return lines


def unseen_lines(
    words: TroubleWords, risks: Mapping[Risk, str], alert: AlertView, plain: Plain, when: When
) -> list[str]:
    """The first of an outage's list, a line each; nothing of any other alert."""
    listed = alert.unseen[:UNSEEN_LINES_MAX] if alert.event is AlertEvent.OUTAGE else ()
    return [_unseen(words, risks, one, place, plain, when) for place, one in enumerate(listed, start=1)]


def _unseen(
    words: TroubleWords, risks: Mapping[Risk, str], one: Unseen, place: int, plain: Plain, when: When
) -> str:
    line = words.unseen_hers if one.victim else words.unseen_wearer
    parts = [
        (words.unseen if one.wearer is None else line).format(
            place=place,
            wearer=plain(one.wearer),
            device=plain(one.device),
            order=plain(one.order),
            risk=risks[one.risk],
        )
    ]
    if one.victim:
        parts.append(words.lines["victim_device"])
    if one.near_m is not None:
        near = (
            words.lines["inside"] if one.near_m <= 0.0 else f"{math.ceil(one.near_m)} {words.lines['near']}"
        )
        parts.append(near)
    seen = words.lines["never"] if one.seen_us is None else f"{words.lines['seen']} {when(one.seen_us)}"
    return ", ".join([*parts, seen])

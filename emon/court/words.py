"""The words of court files, Dutch and English: for a reader who knows the law and not the machine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from emon.alerts.names import LEGAL_BASES, PARTIES
from emon.explanation.words import EN, NL
from emon.model.instant import parse_instant, to_datetime

__all__ = ["LEGAL_BASES", "PARTIES"]
LANGUAGES = ("nl", "en")
_AMSTERDAM = ZoneInfo("Europe/Amsterdam")

CAUSES: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "wearer": "de drager deed wat de melding zegt",
        "permitted": "de drager had toestemming die niet was vastgelegd",
        "emergency": "de drager handelde uit nood, voor de eigen veiligheid of gezondheid",
        "position_error": "de positiebepaling was fout",
        "zone_wrong": "het gebied is verkeerd vastgelegd",
        "schedule_wrong": "de tijden zijn verkeerd vastgelegd",
        "tampering": "iemand heeft met de band, de behuizing of het signaal geknoeid",
        "handling": "verkeerd gebruik: niet opgeladen, achtergelaten of verkeerd gedragen",
        "device_fault": "het apparaat is defect",
        "coverage": "geen bereik op die plaats",
        "platform": "een fout van het systeem zelf",
        "exercise": "een test of oefening",
        "not_found": "de oorzaak is niet gevonden",
    },
    "en": {
        "wearer": "the wearer did what the alert says",
        "permitted": "the wearer had permission that was not on file",
        "emergency": "the wearer acted out of need, for safety or health of his or her own",
        "position_error": "the position was wrong",
        "zone_wrong": "the area is laid down wrongly",
        "schedule_wrong": "the hours are laid down wrongly",
        "tampering": "somebody worked on the strap, the case or the signal",
        "handling": "wrong use: not charged, left behind or worn wrongly",
        "device_fault": "the device is broken",
        "coverage": "no reception at that place",
        "platform": "a fault of the system itself",
        "exercise": "a test or an exercise",
        "not_found": "the cause was not found",
    },
}

OUTCOMES: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "arrested": "aangehouden", "sent_away": "door de politie weggestuurd",
        "left_himself": "uit zichzelf vertrokken", "spoken_to": "aangesproken",
        "reported": "gerapporteerd aan OM of reclassering", "device_replaced": "apparaat vervangen",
        "device_restored": "apparaat werkt weer", "order_corrected": "beslissing verbeterd",
        "handed_over": "overgedragen", "no_action": "geen actie nodig",
    },
    "en": {
        "arrested": "arrested", "sent_away": "sent away by police", "left_himself": "left by himself",
        "spoken_to": "spoken to", "reported": "reported to the prosecutor or the probation service",
        "device_replaced": "device replaced", "device_restored": "device works again",
        "order_corrected": "order corrected", "handed_over": "handed over", "no_action": "no action needed",
    },
}  # fmt: skip

VICTIM_OUTCOMES: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "safe_informed": "veilig en ingelicht", "safe_not_informed": "veilig, niet ingelicht",
        "moved": "naar een andere plaats gebracht", "hurt": "gewond",
    },
    "en": {
        "safe_informed": "safe and informed", "safe_not_informed": "safe, not informed",
        "moved": "brought to another place", "hurt": "hurt",
    },
}  # fmt: skip

VIA: Mapping[str, Mapping[str, str]] = {
    "nl": {"page": "op de pagina van het systeem", "webhook": "uit het eigen systeem van die partij",
           "link": "met een link uit een bericht"},
    "en": {"page": "on the system's own page", "webhook": "from that party's own system",
           "link": "by a link in a message"},
}  # fmt: skip

TERMS: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "ok": "goed", "late": "laat ontvangen", "out_of_order": "in andere volgorde ontvangen",
        "implausible": "ongeloofwaardig", "clock": "klok onjuist",
        "strap": "enkelband", "case": "behuizing", "battery": "batterij", "power": "voeding",
        "charging": "opladen", "jamming": "signaal gestoord", "shielding": "signaal afgeschermd",
        "motion": "beweging", "panic": "noodknop", "cut": "doorgesneden", "open": "open",
        "closed": "gesloten", "low": "raakt leeg", "critical": "bijna leeg", "on": "aan", "off": "uit",
        "still": "stil", "moving": "in beweging", "pressed": "ingedrukt",
        "fix": "een positie geven", "rate": "vaker of minder vaak meten", "vibrate": "trillen",
        "message": "een bericht tonen", "possible breach": "mogelijke overtreding",
        "probable breach": "waarschijnlijke overtreding", "certain breach": "vermoedelijke overtreding",
        "edge by an old fix": "oude positie bij een tijdgrens", "doubt": "twijfel over de positie",
        "pursuit": "vermoedelijke overtreding duurt voort", "plan": "terug naar het gewone tempo",
        "staff": "gevraagd door een medewerker", "staff pursuit": "gevraagd door een medewerker",
        "position": "positie", "signal_lost": "signaal verloren", "signal_back": "signaal terug",
        "left": "gebied verlaten", "lapsed": "de voorwaarde geldt niet meer", "goes_on": "duurt voort",
        "stand_down": "inzet kan stoppen", "answer": "antwoord van de politie", "waiting": "wacht",
        "superseded": "vervangen door een nieuwer bericht", "unit_assigned": "eenheid toegewezen",
        "on_scene": "ter plaatse", "found": "aangetroffen", "not_found": "niet aangetroffen",
        "done": "gedaan", "refused": "geweigerd",
        "insert": "toegevoegd", "update": "gewijzigd", "delete": "gewist", "adopt": "overgenomen",
        "seal": "verzegeld", "webhook": "eigen systeem", "smtp": "e-mail",
    },
    "en": {
        "late": "received late", "out_of_order": "received in another order",
        "clock": "wrong clock", "fix": "give a position", "rate": "measure more or less often",
        "pursuit": "the suspected breach goes on", "plan": "back to the usual pace",
        "staff": "asked for by staff", "staff pursuit": "asked for by staff",
        "signal_lost": "signal lost", "signal_back": "signal back", "left": "left the area",
        "lapsed": "the condition no longer holds", "goes_on": "goes on", "stand_down": "stand down",
        "answer": "answer of the police", "superseded": "replaced by a newer message",
        "unit_assigned": "unit assigned", "on_scene": "on scene", "not_found": "not found",
        "low": "low", "critical": "almost empty", "jamming": "signal jammed",
        "shielding": "signal shielded", "panic": "panic button", "insert": "added", "update": "changed",
        "delete": "erased", "adopt": "taken over", "seal": "sealed", "webhook": "own system",
        "smtp": "e-mail",
    },
}  # fmt: skip
"""Words of the wire and the database, for people."""


def said(table: Mapping[str, Mapping[str, str]], language: str, word: object) -> str:
    """The word in a language; one that the table does not know as it is."""
    return table[language].get(str(word), str(word))


def short(instant: object) -> str:
    """As ``local``, for a table's cell: ``26-11-2026 05:46:00.453 +01:00``."""
    if not isinstance(instant, str):
        return "-"
    at: datetime = to_datetime(parse_instant(instant)).astimezone(_AMSTERDAM)
    offset = f"{at:%z}"
    return f"{at:%d-%m-%Y %H:%M:%S}.{at.microsecond // 1000:03d} {offset[:3]}:{offset[3:5]}"


def local(instant: object, language: str, *, exact: bool = False) -> str:
    """Date and time in Amsterdam with the offset. ``exact``: to the millisecond."""
    if not isinstance(instant, str):
        return "-"
    at: datetime = to_datetime(parse_instant(instant)).astimezone(_AMSTERDAM)
    words = NL if language == "nl" else EN
    time = f"{at:%H:%M:%S}" + (f".{at.microsecond // 1000:03d}" if exact else "")
    offset = f"{at:%z}"
    return words.day.format(
        day=at.day,
        month=words.months[at.month - 1],
        year=at.year,
        time=time,
        offset=f"{offset[:3]}:{offset[3:5]}",
    )

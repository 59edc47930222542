"""A condition of an order in plain words, Dutch and English, as a court would read it aloud."""

from __future__ import annotations

from typing import Any

from emon.court.words import local

_CORNERS_PRINTED_MAX = 40
_DAYS = {
    "nl": {"mo": "maandag", "tu": "dinsdag", "we": "woensdag", "th": "donderdag", "fr": "vrijdag",
           "sa": "zaterdag", "su": "zondag"},
    "en": {"mo": "Monday", "tu": "Tuesday", "we": "Wednesday", "th": "Thursday", "fr": "Friday",
           "sa": "Saturday", "su": "Sunday"},
}  # fmt: skip

_WORDS = {
    "nl": {
        "exclusion": "De drager mag niet komen in {zone}",
        "inclusion": "De drager moet blijven in {zone}",
        "contact": "De drager mag niet dichter dan {radius} meter bij de beschermde persoon komen",
        "contact_unwatched": "De drager mag geen contact hebben met de beschermde persoon; dit wordt niet"
        " elektronisch gevolgd",
        "circle": "het gebied binnen {radius} meter van {place}",
        "polygon": "het gebied met {corners} hoekpunten dat de beslissing vastlegt",
        "hole": "het gebied met {corners} hoekpunten dat de beslissing vastlegt, behalve het stuk"
        " daarbinnen dat zij uitzondert",
        "holes": "het gebied met {corners} hoekpunten dat de beslissing vastlegt, behalve de {holes} stukken"
        " daarbinnen die zij uitzondert",
        "areas": "de {parts} gebieden die de beslissing vastlegt",
        "corridor": "het gebied tot {width} meter aan weerszijden van de lijn die de beslissing vastlegt",
        "place": "{lat} graden {ns}, {lon} graden {ew}",
        "n": "noorderbreedte",
        "s": "zuiderbreedte",
        "e": "oosterlengte",
        "w": "westerlengte",
        "always": "altijd",
        "on": "op {days} ",
        "daily": "elke dag ",
        "from": "van {from} tot {to}",
        "tz": "tijden van {tz}",
        "except": "behalve van {from} tot {to}",
        "buffer": "Rond het gebied ligt een waarschuwingszone van {buffer} meter.",
        "secret": "Deze plaats is geheim.",
        "and": " en ",
    },
    "en": {
        "exclusion": "The wearer must not enter {zone}",
        "inclusion": "The wearer must stay within {zone}",
        "contact": "The wearer must not come closer than {radius} metres to the protected person",
        "contact_unwatched": "The wearer must have no contact with the protected person; this is not"
        " watched electronically",
        "circle": "the area within {radius} metres of {place}",
        "polygon": "the area with {corners} corners that the order lays down",
        "hole": "the area with {corners} corners that the order lays down, but for the part within it that it"
        " excepts",
        "holes": "the area with {corners} corners that the order lays down, but for the {holes} parts"
        " within it that it excepts",
        "areas": "the {parts} areas that the order lays down",
        "corridor": "the area up to {width} metres to either side of the line that the order lays down",
        "place": "{lat} degrees {ns}, {lon} degrees {ew}",
        "n": "north",
        "s": "south",
        "e": "east",
        "w": "west",
        "always": "at all times",
        "on": "on {days} ",
        "daily": "every day ",
        "from": "from {from} to {to}",
        "tz": "times of {tz}",
        "except": "except from {from} to {to}",
        "buffer": "Around the area lies a warning zone of {buffer} metres.",
        "secret": "This place is secret.",
        "and": " and ",
    },
}


def condition_words(condition: dict[str, Any]) -> dict[str, str]:
    """The condition in both languages. ``condition``: as the order's document holds it, ``ref`` resolved."""
    return {language: _said(condition, language) for language in _WORDS}


def edge_of(condition: dict[str, Any] | None) -> str | None:
    """The corners of the condition's zone, degrees WGS84, longitude first. Of one with very many, nothing:
    the data file has them."""
    zone = (condition or {}).get("zone") or {}
    points = _rings(zone)
    if not points or sum(map(len, points)) > _CORNERS_PRINTED_MAX:
        return None
    return " | ".join(" \u2013 ".join(f"{lon:.7g} {lat:.8g}" for lon, lat in ring) for ring in points)


def _rings(zone: dict[str, Any]) -> list[list[list[float]]]:
    given = zone.get("coordinates", [])
    if zone.get("type") == "MultiPolygon":
        return [ring for part in given for ring in part]
    return [given] if zone.get("type") == "Corridor" else given


def _said(condition: dict[str, Any], language: str) -> str:
    words = _WORDS[language]
    kind = condition["kind"]
    if kind == "contact":
        name = "contact" if condition.get("victim_device") else "contact_unwatched"
        text = words[name].format(radius=_number(condition.get("radius_m", 0), language))
    else:
        text = words[kind].format(zone=_zone(condition["zone"], language))
    sentences = [f"{text}, {_schedule(condition.get('schedule'), language)}."]
    if condition.get("buffer_m"):
        sentences.append(words["buffer"].format(buffer=_number(condition["buffer_m"], language)))
    if condition.get("secret"):
        sentences.append(words["secret"])
    return " ".join(sentences)


def _zone(zone: dict[str, Any], language: str) -> str:
    words = _WORDS[language]
    if zone["type"] == "Circle":
        lon, lat = zone["center"]
        place = words["place"].format(
            lat=_number(abs(lat), language),
            ns=words["n" if lat >= 0 else "s"],
            lon=_number(abs(lon), language),
            ew=words["e" if lon >= 0 else "w"],
        )
        return words["circle"].format(radius=_number(zone["radius_m"], language), place=place)
    if zone["type"] == "Corridor":
        return words["corridor"].format(width=_number(zone["width_m"], language))
    if zone["type"] == "MultiPolygon":
        return words["areas"].format(parts=len(zone["coordinates"]))
    ring, *holes = zone["coordinates"]
    name = "polygon" if not holes else "hole" if len(holes) == 1 else "holes"
    return words[name].format(corners=len(ring) - (ring[0] == ring[-1]), holes=len(holes))


def _schedule(schedule: dict[str, Any] | None, language: str) -> str:
    words = _WORDS[language]
    if not schedule:
        return words["always"]
    windows = []
    for window in schedule.get("windows", []):
        days = [_DAYS[language][day] for day in window.get("days", [])]
        which = words["on"].format(days=_listed(days, words["and"])) if days else words["daily"]
        windows.append(which + words["from"].format(**window))
    parts = [_listed(windows, words["and"]), f"({words['tz'].format(tz=schedule['tz'])})"]
    lifted = [
        words["except"].format(**{end: local(one[end], language) for end in ("from", "to")})
        for one in schedule.get("except", [])
    ]
    return " ".join(parts) + "".join(f", {one}" for one in lifted)


def _listed(parts: list[str], last: str) -> str:
    return last.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def _number(value: float, language: str) -> str:
    text = f"{value:g}" if value == int(value) else f"{value:.5f}".rstrip("0")
    return text.replace(".", ",") if language == "nl" else text

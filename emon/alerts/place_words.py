"""What an alert says of a place: where, how he moves, how far the zone is and how soon he can be there.

Dutch and English. ``lines`` are templates; what stands in braces is filled in and nothing else
(``tests/alerts/test_templates.py`` holds each to its names).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from emon.alerts.outbox import AlertView, PositionView, ZoneView
from emon.alerts.when_words import When
from emon.limits import DRIVE_M_S, MOVING_MIN_M_S, WALK_M_S
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent, Kind

_CEASED = (AlertEvent.SILENCE, AlertEvent.NO_POSITION, AlertEvent.COMMAND_UNANSWERED)


class PlaceWords(msgspec.Struct, frozen=True):
    """The words of one language. ``winds``: from north clockwise, an eighth of the compass each."""

    winds: tuple[str, ...]
    zones: Mapping[Kind, str]
    lines: Mapping[str, str]
    point: str
    hours: str


PLACE_NL = PlaceWords(
    winds=("noord", "noordoost", "oost", "zuidoost", "zuid", "zuidwest", "west", "noordwest"),
    zones={Kind.EXCLUSION: "het verboden gebied", Kind.INCLUSION: "de verplichte plaats"},
    lines={
        "unknown": "Plaats: onbekend",
        "place": "Plaats: {lat}, {lon}, ± {accuracy} (95 % kans)",
        "place_last": "Laatst bekende plaats: {lat}, {lon}, ± {accuracy} (95 % kans)",
        "measured": "Gemeten: {when}, {age} vóór dit bericht",
        "map": "Kaart: {link}",
        "short": "{lat},{lon} +-{accuracy}, {age} oud",
        "short_last": "Laatst bekend: {lat},{lon} +-{accuracy}, {age} oud",
        "short_secret": "GEHEIM GEBIED",
        "short_hers": "plaats van de beschermde persoon",
        "still": "Beweging: stond vrijwel stil",
        "moving": "Beweging: {speed_km_h} km/u",
        "heading": "Beweging: {speed_km_h} km/u naar het {wind}en",
        "inside": "Gebied: binnen {zone}, {distance} van de rand",
        "outside": "Gebied: {distance} van {zone}",
        "outside_way": "Gebied: {zone} ligt {distance} naar het {wind}en",
        "minutes": "Kan er zijn: te voet {walk}, met de auto {drive}",
        "minutes_now": "Kan er zijn: te voet {walk}, met de auto {drive}; met de gemeten snelheid {now}",
        "hers": "Dit is de plaats van de beschermde persoon, niet van de drager.",
        "to_her_hers": "Dit is de plaats van uw eigen apparaat.",
        "to_her_other": "Dit is de plaats van de ander, niet die van u.",
        "short_to_her_hers": "plaats van uw eigen apparaat",
        "short_to_her_other": "plaats van de ander, niet die van u",
        "within": "in {span}",
        "soon": "in minder dan 1 min",
        "already": "nu al",
    },
    point=",",
    hours="uur",
)
PLACE_EN = PlaceWords(
    winds=("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"),
    zones={Kind.EXCLUSION: "the exclusion zone", Kind.INCLUSION: "the required place"},
    lines={
        "unknown": "Place: unknown",
        "place": "Place: {lat}, {lon}, ± {accuracy} (95 % chance)",
        "place_last": "Last known place: {lat}, {lon}, ± {accuracy} (95 % chance)",
        "measured": "Measured: {when}, {age} before this message",
        "map": "Map: {link}",
        "short": "{lat},{lon} +-{accuracy}, {age} old",
        "short_last": "Last known: {lat},{lon} +-{accuracy}, {age} old",
        "short_secret": "SECRET ZONE",
        "short_hers": "place of the protected person",
        "still": "Movement: almost none",
        "moving": "Movement: {speed_km_h} km/h",
        "heading": "Movement: {speed_km_h} km/h to the {wind}",
        "inside": "Zone: inside {zone}, {distance} from its edge",
        "outside": "Zone: {distance} from {zone}",
        "outside_way": "Zone: {zone} is {distance} to the {wind}",
        "minutes": "Can be there: on foot {walk}, by car {drive}",
        "minutes_now": "Can be there: on foot {walk}, by car {drive}; at the measured speed {now}",
        "hers": "This is the place of the protected person, not of the wearer.",
        "to_her_hers": "This is the place of your own device.",
        "to_her_other": "This is the place of the other person, not yours.",
        "short_to_her_hers": "place of your own device",
        "short_to_her_other": "place of the other person, not yours",
        "within": "in {span}",
        "soon": "in less than 1 min",
        "already": "already now",
    },
    point=".",
    hours="h",
)


def place_lines(
    words: PlaceWords, marks: tuple[str, ...], alert: AlertView, when: When, *, to_her: bool = False
) -> list[str]:
    """Where he was, how old that is, and how he moved. ``marks``: north, south, east, west. ``to_her``: the
    protected person reads it, and whose place it is in words of her own."""
    position, lines = alert.position, words.lines
    if position is None or not all(map(math.isfinite, (position.lon, position.lat, position.accuracy_m))):
        return [lines["unknown"]]
    accuracy_m = math.ceil(position.accuracy_m)
    lat = f"{abs(position.lat):.5f} {marks[0 if position.lat >= 0 else 1]}"
    lon = f"{abs(position.lon):.5f} {marks[2 if position.lon >= 0 else 3]}"
    # RFC 5870: latitude first, u is the uncertainty in metres.
    link = f"geo:{position.lat:.5f},{position.lon:.5f};u={accuracy_m}"
    return [
        lines["place_last" if last_known(alert) else "place"].format(
            lat=lat, lon=lon, accuracy=_metres(words, position.accuracy_m)
        ),
        lines["measured"].format(when=when(position.fixed_at_us), age=_span(words, _age_s(alert, position))),
        *_movement(words, position),
        lines["map"].format(link=link if alert.map_form is None else f"{link} {map_link(alert)}"),
        *_whose(lines, alert, "to_her_" if to_her else ""),
    ]


def _whose(lines: Mapping[str, str], alert: AlertView, reader: str) -> list[str]:
    name = f"{reader}{'hers' if alert.victim else 'other'}"
    return [lines[name]] if name in lines else []


def short_place(words: PlaceWords, alert: AlertView, *, to_her: bool = False) -> str | None:
    """Where he was and how old that is, in a few characters; None where it is not known, or not told."""
    position, lines = alert.position, words.lines
    if position is None or not all(map(math.isfinite, (position.lon, position.lat, position.accuracy_m))):
        return None
    place = lines["short_last" if last_known(alert) else "short"].format(
        lat=f"{position.lat:.5f}",
        lon=f"{position.lon:.5f}",
        accuracy=_metres(words, position.accuracy_m),
        age=_span(words, _age_s(alert, position)),
    )
    beside = _whose(lines, alert, "short_to_her_" if to_her else "short_")
    secret = alert.secret and not to_her
    return ", ".join([place, *beside, *[lines["short_secret"]] * secret])


def map_link(alert: AlertView) -> str | None:
    """The place on the map that its reader uses; None without a place or a map."""
    position, form = alert.position, alert.map_form
    if form is None or position is None:
        return None
    return form.replace("{lat}", f"{position.lat:.5f}").replace("{lon}", f"{position.lon:.5f}")


def zone_lines(words: PlaceWords, alert: AlertView) -> list[str]:
    """How far from the zone, which way, how soon he can be there; nothing of a contact, whose zone moves."""
    zone = words.zones.get(alert.kind) if alert.kind is not None else None
    if alert.zone is None or zone is None or not math.isfinite(alert.zone.distance_m):
        return []
    found = alert.zone
    if found.distance_m <= 0.0:
        return [words.lines["inside"].format(zone=zone, distance=_metres(words, -found.distance_m))]
    wind = None if found.bearing_deg is None else _wind(words, found.bearing_deg)
    name = "outside" if wind is None else "outside_way"
    line = words.lines[name].format(zone=zone, distance=_metres(words, found.distance_m), wind=wind)
    return [line, *(_minutes(words, alert, found) if alert.kind is Kind.EXCLUSION else ())]


def _minutes(words: PlaceWords, alert: AlertView, zone: ZoneView) -> list[str]:
    age_s = 0 if alert.position is None else _age_s(alert, alert.position)
    walk, drive = (_way_span(words, zone.distance_m / m_s, age_s) for m_s in (WALK_M_S, DRIVE_M_S))
    speed_m_s = _speed(alert.position)
    if speed_m_s is None or speed_m_s < MOVING_MIN_M_S:
        return [words.lines["minutes"].format(walk=walk, drive=drive)]
    now = _way_span(words, zone.distance_m / speed_m_s, age_s)
    return [words.lines["minutes_now"].format(walk=walk, drive=drive, now=now)]


def move_lines(words: PlaceWords, alert: AlertView) -> list[str]:
    """How he moved, where that is known and told."""
    return [] if alert.position is None else _movement(words, alert.position)


def _movement(words: PlaceWords, position: PositionView) -> list[str]:
    speed_m_s = _speed(position)
    if speed_m_s is None:
        return []
    if speed_m_s < MOVING_MIN_M_S:
        return [words.lines["still"]]
    km_h = round(speed_m_s * 3.6)
    heading = position.heading_deg
    if heading is None or not math.isfinite(heading):
        return [words.lines["moving"].format(speed_km_h=km_h)]
    return [words.lines["heading"].format(speed_km_h=km_h, wind=_wind(words, heading))]


def _speed(position: PositionView | None) -> float | None:
    speed_m_s = None if position is None else position.speed_m_s
    return speed_m_s if speed_m_s is not None and math.isfinite(speed_m_s) else None


def _wind(words: PlaceWords, degrees: float) -> str:
    return words.winds[round(degrees % 360.0 / 45.0) % 8]


def _metres(words: PlaceWords, distance_m: float) -> str:
    if distance_m < 1_000.0:
        return f"{math.ceil(distance_m)} m"
    return f"{distance_m / 1_000:.1f} km".replace(".", words.point)


def _span(words: PlaceWords, seconds: int) -> str:
    """Seconds below two minutes, then minutes, then hours."""
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7_200:
        return f"{math.ceil(seconds / 60)} min"
    return f"{math.ceil(seconds / 3_600)} {words.hours}"


def _way_span(words: PlaceWords, seconds: float, age_s: int) -> str:
    """When he can be there, in whole minutes: a guess of a speed is not good to a second. He may have been on
    his way since the fix."""
    left_s = seconds - age_s
    if left_s <= 0.0:
        return words.lines["already"]
    if left_s < 60.0:
        return words.lines["soon"]
    return words.lines["within"].format(span=_span(words, max(120, math.ceil(left_s))))


def last_known(alert: AlertView) -> bool:
    """Whether positions have ceased, so that this one is where he was last."""
    return alert.last_known or (alert.event in _CEASED and alert.cleared_at_us is None)


def _age_s(alert: AlertView, position: PositionView) -> int:
    """How old the fix is when the message leaves. An alert that is told again hours later, or that waited for
    its recipient, must not call it eight seconds old."""
    told_at_us = alert.detected_at_us if alert.told_at_us is None else alert.told_at_us
    return max(0, (told_at_us - position.fixed_at_us) // SECOND_US)

"""Are the words whole: each event, kind and level has its word, no template asks for a name nobody gives.

Pure. Asked when the channels are opened, so that a wrong word stops the start of a service and not its first
alert; each fault is named by its place (``nl.place.lines.moving``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter

import msgspec

from emon.alerts.climb_words import EN as CLIMB_EN
from emon.alerts.climb_words import NL as CLIMB_NL
from emon.alerts.incident import Given, Say
from emon.alerts.words import EN, NL, Language
from emon.model.answer import PoliceAnswer
from emon.model.order import Fault
from emon.model.vocabulary import AlertEvent, Certainty, How, Kind, LegalBasis, Party, Risk

_SPANS = ("walk", "drive")
GIVEN: Mapping[str, tuple[str, ...]] = {
    "place.lines.place": ("lat", "lon", "accuracy"),
    "place.lines.place_last": ("lat", "lon", "accuracy"),
    "place.lines.measured": ("when", "age"),
    "place.lines.map": ("link",),
    "place.lines.short": ("lat", "lon", "accuracy", "age"),
    "place.lines.short_last": ("lat", "lon", "accuracy", "age"),
    "place.lines.moving": ("speed_km_h",),
    "place.lines.heading": ("speed_km_h", "wind"),
    "place.lines.inside": ("zone", "distance"),
    "place.lines.outside": ("zone", "distance"),
    "place.lines.outside_way": ("zone", "distance", "wind"),
    "place.lines.minutes": _SPANS,
    "place.lines.minutes_now": (*_SPANS, "now"),
    "place.lines.within": ("span",),
    "trouble.many": ("count",),
    "trouble.unseen": ("place", "device", "order", "risk"),
    "trouble.unseen_wearer": ("place", "wearer", "device", "order", "risk"),
    "trouble.unseen_hers": ("place", "wearer", "device", "order", "risk"),
    "trouble.more": ("count",),
    "incident.says.answer": ("answer",),
    "incident.subject": ("priority", "title", "who"),
    "incident.told_at": ("when",),
    "incident.incident": ("incident",),
    "incident.update": ("number", "when"),
    "incident.answered": ("person", "party", "when"),
    "incident.note": ("note",),
    "incident.answer_here": ("address",),
    **{
        f"when.{whose}.{form}": ("day", "month", "year", "exact", "time", "until", "offset", "clock")
        for whose in ("others", "hers")
        for form in ("moment", "between", "short", "short_between")
    },
    "climb.subject": ("step", "subject"),
    "climb.own": ("step",),
    "climb.other": ("step", "owed"),
    "climb.other_short": ("owed",),
    "hers.to_contact": ("told",),
}
"""The names that are given to each template; every other text has none."""

_ENDS = (Given.LEFT, Given.LAPSED, Given.WITHDRAWN, Given.CLOSED)
_WHOLE: Mapping[str, tuple[str, ...]] = {
    "events": tuple(AlertEvent),
    "mended": (AlertEvent.RECIPIENT_DOWN, AlertEvent.PLATFORM),
    "kinds": tuple(Kind),
    "certainty": tuple(Certainty),
    "how": tuple(How),
    "risk": tuple(Risk),
    "parties": tuple(Party),
    "bases": tuple(LegalBasis),
    "hers.near": tuple(Certainty),
    "hers.was": tuple(Certainty),
    "incident.says": tuple(set(Say) - {Say.LEFT, Say.LAPSED, Say.STAND_DOWN}),
    "incident.left": tuple(Kind),
    "incident.lapsed": tuple(Kind),
    "incident.lapsed_more": tuple(Kind),
    "incident.stand_down": _ENDS,
    "incident.because": _ENDS,
    "incident.answers": tuple(PoliceAnswer),
    "climb.parties": tuple(Party),
}


class TemplatesRefused(Exception):
    """Texts could not be made of these words. ``faults``: all of them, each with its place."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


def check_templates() -> None:
    """Raises ``TemplatesRefused`` where the product's own words are not whole."""
    faults = [
        *faults_of("nl", NL, CLIMB_NL),
        *faults_of("en", EN, CLIMB_EN),
    ]
    if faults:
        raise TemplatesRefused(tuple(faults))


def faults_of(code: str, words: Language, climb: msgspec.Struct) -> list[Fault]:
    """What is wrong in the words of one language."""
    tree = {**msgspec.structs.asdict(words), "climb": climb}
    found = dict(_leaves(tree, ""))
    faults = [fault for place, text in found.items() if (fault := _fault(code, place, text)) is not None]
    for place, names in _WHOLE.items():
        known = {
            leaf.removeprefix(f"{place}.").split(".")[0] for leaf in found if leaf.startswith(f"{place}.")
        }
        faults += [Fault(f"{code}.{place}.{name}", "missing") for name in names if name not in known]
    faults += [Fault(f"{code}.{place}", "missing") for place in GIVEN if place not in found]
    return faults


def _fault(code: str, place: str, text: str) -> Fault | None:
    given = GIVEN.get(place, ())
    try:
        asked = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as fault:
        return Fault(f"{code}.{place}", f"is no template: {fault}")
    unknown = [name for name in asked if name not in given]
    if unknown:
        allowed = ", ".join(given) if given else "none"
        return Fault(f"{code}.{place}", f"asks for {{{unknown[0]}}}, which nobody gives; given are {allowed}")
    return None if text.strip() else Fault(f"{code}.{place}", "is empty")


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every text with its place."""
    if isinstance(value, str):
        yield path, value
        return
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, tuple):
        value = dict(enumerate(value))
    assert isinstance(value, Mapping)
    for name, item in value.items():
        yield from _leaves(item, f"{path}.{name}" if path else str(name))

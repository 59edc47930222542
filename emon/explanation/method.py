"""How the chances of an explanation are found, with one worked out, so that anybody can do it again by hand.

Pure. Every figure is one of the file's: its parameters, its fixes, its grounds. The rules are those of
``docs/adr/0003``, ``0006`` and ``0012``; of a contact, where two tracks make the chance, ``0008`` says how.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from emon.geofence.evidence import normal_cdf
from emon.model.instant import parse_instant, to_datetime
from emon.model.vocabulary import Certainty, How


class MethodWords(msgspec.Struct, frozen=True):
    """The words of one language; braces name what stands there."""

    position: str
    small: str
    way: str
    reach: str
    levels: str
    example: str
    small_example: str
    way_example: str
    reach_example: str
    decided: str


_NL = MethodWords(
    position="Zo volgt de kans uit een positie: σ² = (straal / {r95})² + {common}², in meters, waarbij een"
    " straal onder {floor} m als {floor} m telt. Kans = Φ(a / σ), met a het aantal meters aan de verkeerde"
    " kant van de grens (aan de goede kant negatief) en Φ de standaardnormale verdeling.",
    small="In een klein gebied is de kans nooit hoger dan oppervlakte / (2πσ²).",
    levels="Waarschijnlijk: twee onafhankelijke posities met elk een kans van ten minste {probable} %."
    " Onafhankelijk zijn twee posities met verschillende coördinaten, of twee van satellieten met"
    " dezelfde die ten minste {plan} s na elkaar zijn gemeten; een positie die geen bron noemt telt als"
    " een van satellieten. Zeker: hetzelfde met ten minste {certain} %, en {apart} s of ten minste"
    " {travel} m uit elkaar, of elk {deep} m voorbij de grens; wezen oudere posities hem zo al aan toen"
    " de voorwaarde inging, dan is één zo'n positie daarna genoeg. In beide gevallen alleen als een"
    " weerkaatst signaal ze niet verklaart; liggen de twee meer dan {memory} s uit elkaar, dan maken zij"
    " het maar één woord zekerder. Twee posities kort na elkaar kunnen een fout delen; daarvoor staat ook"
    " de {common} m in de formule.",
    example="Voorbeeld, de positie met de hoogste kans waarop de zekerheid berust, van {at}: a = {a} m,"
    " straal = {radius} m, dus σ = {sigma} m en kans = Φ({z}): {p}.",
    small_example="Voorbeeld, de positie met de hoogste kans waarop de zekerheid berust, van {at}: a = {a}"
    " m, straal = {radius} m, dus σ = {sigma} m; het gebied is zo klein dat de kans niet Φ({z}) is maar"
    " oppervlakte / (2πσ²): {p}.",
    way="Zo volgt de kans van een weg tussen twee posities: σ² = (straal / {r95})² + {common}² + ({share}"
    " × lengte)², in meters, met de grootste van beide stralen (onder {floor} m telt {floor} m). Kans ="
    " Φ(diepte / σ).",
    way_example="Hier: diepte = {depth} m, lengte = {length} m, σ = {sigma} m, kans: {p}.",
    reach="Zo volgt of het gebied bereikbaar was: de kortste weg erdoorheen, gedeeld door de tijd zonder"
    " positie, is ten hoogste {speed} m/s, of de rechte lijn loopt erdoor.",
    reach_example="Hier: {detour} m in {gap} s, dat is {needed} m/s.",
    decided="Op deze posities berust de zekerheid (Nederlandse tijd): {positions}.",
)
_EN = MethodWords(
    position="How the chance follows from a position: σ² = (radius / {r95})² + {common}², in metres, where"
    " a radius below {floor} m counts as {floor} m. Chance = Φ(a / σ), with a the number of metres on the"
    " wrong side of the edge (negative on the right side) and Φ the standard normal distribution.",
    small="In a small zone the chance is never above area / (2πσ²).",
    levels="Probable: two independent positions, each with a chance of at least {probable} %. Independent"
    " are two positions with different coordinates, or two of satellites with the same ones that were"
    " measured at least {plan} s apart; a position that names no source counts as one of satellites."
    " Certain: the same with at least {certain} %, and {apart} s or at least {travel} m apart, or each"
    " {deep} m beyond the edge; where older positions showed him so when the condition began, one such"
    " position after that is enough. Both only where no reflected signal explains them; more than {memory} s"
    " apart the two make it surer by one word only. Two positions shortly after one another may share an"
    " error; that is also why {common} m stand in the formula.",
    example="Example, the position with the highest chance on which the certainty rests, of {at}: a = {a}"
    " m, radius = {radius} m, so σ = {sigma} m and chance = Φ({z}): {p}.",
    small_example="Example, the position with the highest chance on which the certainty rests, of {at}: a"
    " = {a} m, radius = {radius} m, so σ = {sigma} m; the zone is so small that the chance is not Φ({z})"
    " but area / (2πσ²): {p}.",
    way="How the chance follows from a way between two positions: σ² = (radius / {r95})² + {common}² +"
    " ({share} × length)², in metres, with the larger of both radii (below {floor} m counts as {floor} m)."
    " Chance = Φ(depth / σ).",
    way_example="Here: depth = {depth} m, length = {length} m, σ = {sigma} m, chance: {p}.",
    reach="How the zone was found to be in reach: the shortest way through it, divided by the time without"
    " a position, is at most {speed} m/s, or the straight line runs through it.",
    reach_example="Here: {detour} m in {gap} s, which is {needed} m/s.",
    decided="The certainty rests on these positions (Dutch time): {positions}.",
)
_AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_WORDS = {"nl": _NL, "en": _EN}
_NAMED_MAX = 8
_SAME_P = 1e-4
"""What the rounding of a distance to a millimetre can change, and more."""


def method(explanation: Mapping[str, Any], language: str) -> list[str]:
    """Sentences, in order. None where the chances are of a contact, or nothing was weighed."""
    verdict, grounds = explanation["verdict"], explanation["grounds"]
    if verdict["refuted"] or verdict["kind"] == "contact":
        return []
    lines = _of_way if "gap_s" in grounds else _of_positions
    return [_decimal(line, language) for line in lines(explanation, _WORDS[language])]


def decisive(explanation: Mapping[str, Any]) -> set[tuple[str, int, str]]:
    """Device, sequence and UTC instant of the positions on which the certainty rests: of its run those that
    reach what its word takes, of a lower one all."""
    limits = explanation["parameters"]
    takes = {Certainty.CERTAIN: limits["CERTAIN_P"], Certainty.PROBABLE: limits["PROBABLE_P"]}
    least = takes.get(explanation["verdict"]["certainty"], 0.0)
    run = {(one["device"], one["seq"], one["fixed_at"]) for one in explanation["grounds"].get("run", ())}
    return {
        key
        for fix in explanation["fixes"]
        if (fix["probability"] or 0.0) >= least
        for key in run & {key_of(fix)}
    }


def key_of(fix: Mapping[str, Any]) -> tuple[str, int, str]:
    """As ``decisive`` names a fix of the file."""
    given = fix["fix"]["t"]
    at_us = parse_instant(given) if isinstance(given, str) else int(given) * 1_000
    return fix["device"], fix["fix"]["seq"], f"{to_datetime(at_us):%Y-%m-%dT%H:%M:%S.%fZ}"


def _of_positions(explanation: Mapping[str, Any], words: MethodWords) -> Iterator[str]:
    limits = explanation["parameters"]
    common = limits["COMMON_ERROR_SIGMA_M"]
    yield words.position.format(
        r95=_short(limits["R95_PER_SIGMA"]), common=_short(common), floor=_short(limits["ACCURACY_FLOOR_M"])
    )
    if explanation["verdict"]["kind"] == "exclusion":
        yield words.small
    percent = {"probable": 100 * limits["PROBABLE_P"], "certain": 100 * limits["CERTAIN_P"]}
    # A file from before the rule of ADR 0052 asked for no time in between.
    apart = {"apart": limits.get("WITNESSES_APART_S", 0), "deep": limits["REFLECTION_FROM_M"]}
    apart |= {"memory": limits["RUN_MEMORY_S"], "plan": limits["PLAN_S"]}
    figures = {"common": common, **percent, **apart, "travel": limits["TRAVEL_MIN_M"]}
    yield words.levels.format(**{name: _short(value) for name, value in figures.items()})
    named = decisive(explanation)
    rests = [fix for fix in explanation["fixes"] if key_of(fix) in named and fix["distance_m"] is not None]
    if not rests:
        return
    times = [_clock(fix) for fix in rests]
    more = f" … ({len(times)})" if len(times) > _NAMED_MAX else ""
    yield words.decided.format(positions=", ".join(times[:_NAMED_MAX]) + more)
    yield _worked(explanation, words, max(rests, key=lambda fix: fix["probability"]))


def _worked(explanation: Mapping[str, Any], words: MethodWords, fix: Mapping[str, Any]) -> str:
    limits = explanation["parameters"]
    sign = 1.0 if explanation["verdict"]["kind"] == "inclusion" else -1.0
    a_m, radius_m = sign * fix["distance_m"], fix["fix"]["acc"]
    counted_m = max(radius_m, limits["ACCURACY_FLOOR_M"])
    sigma_m = ((counted_m / limits["R95_PER_SIGMA"]) ** 2 + limits["COMMON_ERROR_SIGMA_M"] ** 2) ** 0.5
    half_plane = normal_cdf(a_m / sigma_m)
    capped = fix["probability"] < half_plane - _SAME_P
    return (words.small_example if capped else words.example).format(
        at=_clock(fix),
        a=f"{a_m:.1f}",
        radius=_short(radius_m),
        sigma=f"{sigma_m:.2f}",
        z=f"{a_m / sigma_m:.3f}",
        p=_chance(fix["probability"]),
    )


def _of_way(explanation: Mapping[str, Any], words: MethodWords) -> Iterator[str]:
    limits, grounds, verdict = explanation["parameters"], explanation["grounds"], explanation["verdict"]
    if verdict["how"] == How.CROSSED:
        yield words.way.format(
            r95=_short(limits["R95_PER_SIGMA"]),
            common=_short(limits["COMMON_ERROR_SIGMA_M"]),
            share=_short(limits["WAY_SIGMA_PER_M"]),
            floor=_short(limits["ACCURACY_FLOOR_M"]),
        )
        yield words.way_example.format(
            depth=f"{verdict['deepest_m']:.2f}",
            length=f"{grounds['length_m']:.1f}",
            sigma=f"{grounds['way_sigma_m']:.2f}",
            p=_chance(grounds["probability"]),
        )
    elif "speed_needed_m_s" in grounds:
        yield words.reach.format(speed=_short(limits["REACH_SPEED_MAX_M_S"]))
        yield words.reach_example.format(
            detour=f"{grounds['detour_m']:.0f}",
            gap=f"{grounds['gap_s']:.0f}",
            needed=f"{grounds['speed_needed_m_s']:.1f}",
        )


def _clock(fix: Mapping[str, Any]) -> str:
    return f"{to_datetime(parse_instant(key_of(fix)[2])).astimezone(_AMSTERDAM):%H:%M:%S}"


def _chance(p: float) -> str:
    """What is no certainty does not read as one."""
    return "> 0.99999" if p > 0.99999 else f"{p:.5f}"


def _short(value: float) -> str:
    return f"{value:.7g}"


def _decimal(line: str, language: str) -> str:
    """Figures with the language's decimal point: a full stop between digits is one, and no other is."""
    if language != "nl":
        return line
    return "".join(
        "," if c == "." and line[i - 1 : i].isdigit() and line[i + 1 : i + 2].isdigit() else c
        for i, c in enumerate(line)
    )

"""One plain sentence a language on what the fixes show, how sure that is, and why not more.

Ids come from documents of others and are made plain as in alert texts. No sentence holds a
coordinate: a secret zone is given away by none.
"""

from __future__ import annotations

import math
from zoneinfo import ZoneInfo

from emon.alerts.messages import plain
from emon.explanation.grounds import Grounds, Reason
from emon.explanation.words import EN, NL, Words
from emon.model.breach import Breach
from emon.model.instant import parse_instant, to_datetime
from emon.model.vocabulary import How

_AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_LANGUAGES = {"nl": NL, "en": EN}


def sentences(breach: Breach, grounds: Grounds, until_us: int) -> dict[str, str]:
    """The sentence in both languages. ``until_us``: the last decision on the breach."""
    return {name: _sentence(words, breach, grounds, until_us) for name, words in _LANGUAGES.items()}


def _sentence(words: Words, breach: Breach, grounds: Grounds, until_us: int) -> str:
    fill = {
        "condition": plain(breach.condition),
        "order": plain(breach.order),
        "kind": words.kinds[breach.kind],
        "wearer": plain(breach.wearer),
        "device": plain(breach.device),
        "opened": local_time(words, breach.opened_at_us),
        "deepest": _metres(words, breach.deepest_m),
        "positions": words.position if grounds.shown == 1 else words.positions.format(count=grounds.shown),
        **_of_way(words, grounds),
    }
    if breach.closed_at_us is None:
        fill["end"] = words.goes_on.format(until=local_time(words, until_us))
    else:
        fill["end"] = words.ended.format(closed=local_time(words, breach.closed_at_us))
    if breach.refuted:
        return (words.opening_refuted + words.what_refuted).format(**fill) + "."
    text = (words.opening + _what(words, breach, grounds)).format(**fill)
    if breach.historic:
        text += words.afterwards
    return text + words.certainty[breach.certainty] + _reason(words, grounds) + "."


def _what(words: Words, breach: Breach, grounds: Grounds) -> str:
    if breach.how in (How.CROSSED, How.REACHABLE) and "from" not in grounds.figures:
        return words.what[How.INSIDE]
    return words.what[breach.how]


def _of_way(words: Words, grounds: Grounds) -> dict[str, str]:
    figures = grounds.figures
    if "from" not in figures:
        return {}
    reach = words.reach_path
    if not figures["path_meets_zone"] and "speed_needed_m_s" in figures:
        # Rounded up: at the lower whole number it could not have been reached.
        reach = words.reach_speed.format(speed=math.ceil(figures["speed_needed_m_s"] * 3.6))
    return {
        "from": local_time(words, parse_instant(figures["from"])),
        "to": local_time(words, parse_instant(figures["to"])),
        "reach": reach,
    }


def _reason(words: Words, grounds: Grounds) -> str:
    if grounds.reason is Reason.REFLECTION and "way_sigma_m" in grounds.figures:
        return words.lone_place
    text = words.reasons[grounds.reason]
    if grounds.reason is Reason.OLD_FIX:
        return text.format(age=_age(words, grounds.figures["edge_fix_age_s"]))
    if grounds.reason is Reason.PATH:
        # Rounded down, so that nothing short of certainty reads as 100.
        percent = math.floor(100.0 * grounds.figures["probability"])
        return text.format(percent=percent or words.under)
    return text


def _age(words: Words, age_s: float) -> str:
    minutes, seconds = divmod(round(age_s), 60)
    parts = [(words.minute, minutes), (words.second, seconds)]
    told = [of[n != 1].format(n=n) for of, n in parts if n or of is words.second]
    return f" {words.and_} ".join(told)


def _metres(words: Words, length_m: float) -> str:
    """Whole metres: a position is not good to less."""
    return f"{words.under} m" if length_m < 1.0 else f"{length_m:.0f} m"


def local_time(words: Words, instant_us: int) -> str:
    """Date and time in Amsterdam with their offset: an autumn night has two 02:30s."""
    local = to_datetime(instant_us).astimezone(_AMSTERDAM)
    offset = f"{local:%z}"
    return words.day.format(
        day=local.day,
        month=words.months[local.month - 1],
        year=local.year,
        time=f"{local:%H:%M:%S}",
        offset=f"{offset[:3]}:{offset[3:5]}",
    )

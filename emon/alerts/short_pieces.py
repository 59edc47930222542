"""What a text message says behind its subject, the most important first. Pure.

Where there is no place with its age, it says when: an SMS may come hours after what it tells. To the
protected person what she can do comes before all else.
"""

from __future__ import annotations

from emon.alerts.her_words import what_to_do
from emon.alerts.incident_texts import beside, her_line, note_line
from emon.alerts.messages import ask_line, moment, moment_to_her, named, owner_line
from emon.alerts.outbox import AlertView, UpdateView
from emon.alerts.place_words import map_link, move_lines, short_place, zone_lines
from emon.alerts.trouble_words import unseen_lines
from emon.alerts.words import Language
from emon.model.vocabulary import AlertEvent

_OF_A_DISTANCE = (AlertEvent.APPROACH, AlertEvent.POSSIBLE_INCURSION)
"""Of these, how far from the zone he is is the news."""


def her_pieces(words: Language, alert: AlertView, update: UpdateView | None) -> list[str]:
    """To the protected person."""
    found = [her_ask(words, alert, update), _when(words, alert, update, to_her=True)]
    place = short_place(words.place, alert, to_her=True)
    return found if place is None else [*found, place]


def her_ask(words: Language, alert: AlertView, update: UpdateView | None) -> str:
    """What the protected person can do first."""
    return " ".join(what_to_do(words.hers, alert)) if update is None else her_line(words, alert, update)


def pieces(words: Language, alert: AlertView, update: UpdateView | None) -> tuple[list[str], list[str]]:
    """To anybody else: what is said where it fits, and what else is said where there is room left."""
    place, when = short_place(words.place, alert), _when(words, alert, update)
    top = unseen_lines(words.trouble, words.risk, alert, named, words.when.short)[:1]
    near = zone_lines(words.place, alert)
    told = [] if place is None else [place]
    if update is None:
        told += [*([when] if place is None else []), *top, ask_line(words, alert)]
        told += near if alert.event in _OF_A_DISTANCE else []
    else:
        told += [*note_line(words, update), *beside(words, alert, update), when]
    more = [] if place is None else [when, *near, *move_lines(words.place, alert)]
    owner = owner_line(words, alert)
    more += [] if owner is None else [f"{words.labels['owner']}: {owner}"]
    where = map_link(alert)
    return [*told, *([] if where is None else [where])], [one for one in more if one not in told]


def _when(words: Language, alert: AlertView, update: UpdateView | None, *, to_her: bool = False) -> str:
    when = words.when.told(by_the_hour=alert.by_the_hour, to_her=to_her, short=True)
    if update is not None:
        return words.incident.told_at.format(when=when(update.made_at_us))
    label, instant_us = moment_to_her(alert) if to_her else moment(alert)
    return f"{words.labels[label]}: {when(instant_us)}"

"""Flapping: a condition that opens and clears many times is told at once, and then in sums. Pure.

Theory of operation. Somebody who lives at the edge of a ban can open and close a breach each minute. The
first messages of a condition go to a recipient at once, each by itself. When ``FLAP_FREE`` have gone within
``FLAP_WINDOW_S``, the next wait until ``FLAP_HOLD_S`` after the last one that was new, and what has come by
then is told by the newest of them, which names the others and their number. All of them are delivered with
it.

Never held, and not joined here: what is, or holds up, priority 1; what climbs because nobody answered
(``together.py``); what has been tried already. Not held either is what stands before a climb in its line.
What is remembered here is only when something was sent: a restart forgets it, and then a message too
many is sent, never one too few.
"""

from __future__ import annotations

from collections import deque

from emon.alerts.messages import Text, Texts
from emon.alerts.outbox import DueDelivery
from emon.limits import FLAP_FREE, FLAP_HOLD_S, FLAP_KEYS_MAX, FLAP_WINDOW_S
from emon.model.instant import SECOND_US
from emon.model.vocabulary import AlertEvent

FLAPS = frozenset(
    {
        AlertEvent.BREACH,
        AlertEvent.BREACH_CLEARED,
        AlertEvent.HISTORIC_BREACH,
        AlertEvent.POSSIBLE_INCURSION,
        AlertEvent.APPROACH,
        AlertEvent.PROXIMITY,
    }
)
"""Events of a condition that can come again and again; the outbox joins the same ones."""

Key = tuple[str, str | None, str | None]


def may_join(due: DueDelivery) -> bool:
    """Whether it may be told together with others of its condition."""
    alert = due.alert
    return (
        due.lane > 1
        and due.climb == 0
        and due.attempts == 0
        and not due.joined
        and due.update is None
        and alert.event in FLAPS
        and alert.order is not None
        and alert.condition is not None
    )


class Flapping:
    """When messages of each condition were sent to each recipient, the newest few."""

    def __init__(self) -> None:
        self._sent_us: dict[Key, deque[int]] = {}

    def sent(self, due: DueDelivery, now_us: int) -> None:
        """A message of a condition goes out. What climbs or is repeated says nothing new of it: of a night of
        unanswered ones some climbs each minute, and would put off what is held for as long as nobody
        answers."""
        if due.alert.event not in FLAPS or due.alert.condition is None or due.climb or due.attempts:
            return
        self._sent_us.setdefault(_key(due), deque(maxlen=FLAP_FREE)).append(now_us)
        if len(self._sent_us) > FLAP_KEYS_MAX:
            self._forget(now_us)

    def flaps(self, due: DueDelivery, now_us: int) -> bool:
        """Whether so many have gone lately that others are to be told together."""
        sent = self._sent_us.get(_key(due))
        return sent is not None and len(sent) == FLAP_FREE and now_us - sent[0] < FLAP_WINDOW_S * SECOND_US

    def held_until_us(self, due: DueDelivery) -> int:
        """From when on the next one of a condition that flaps may go."""
        return self._sent_us[_key(due)][-1] + FLAP_HOLD_S * SECOND_US

    def _forget(self, now_us: int) -> None:
        since_us = now_us - FLAP_WINDOW_S * SECOND_US
        kept = {key: sent for key, sent in self._sent_us.items() if sent[-1] >= since_us}
        newest = sorted(kept.items(), key=lambda one: one[1][-1])[-FLAP_KEYS_MAX // 2 :]
        self._sent_us = dict(newest)


def _key(due: DueDelivery) -> Key:
    return (due.recipient, due.alert.order, due.alert.condition)


def with_joined(texts: Texts, due: DueDelivery) -> Texts:
    """The texts of a message, with how many others it stands for."""
    if not due.joined:
        return texts
    count = len(due.joined)
    ids = ", ".join(due.joined[:FLAP_FREE]) + (", …" if count > FLAP_FREE else "")
    if due.climb:
        dutch = f"Ook niet bevestigd: {count} eerdere van deze voorwaarde ({ids})."
        english = f"Not confirmed either: {count} earlier of this condition ({ids})."
        return Texts(nl=_with(texts.nl, dutch), en=_with(texts.en, english))
    dutch = f"Wisselt steeds: deze melding staat ook voor {count} eerdere van deze voorwaarde ({ids})."
    english = f"Keeps changing: this alert also stands for {count} earlier of this condition ({ids})."
    return Texts(nl=_with(texts.nl, dutch), en=_with(texts.en, english))


def with_joined_to_her(texts: Texts, due: DueDelivery) -> Texts:
    """As ``with_joined``, to the protected person, to whom names of alerts say nothing. What is
    told again has not happened again: that she is asked once more, it says already."""
    if not due.joined or due.climb:
        return texts
    count = len(due.joined)
    dutch = f"Sinds ons vorige bericht is dit nog {count} keer gebeurd."
    english = f"Since our last message this has happened {count} more time{'s' if count > 1 else ''}."
    return Texts(nl=_after(texts.nl, dutch), en=_after(texts.en, english))


def joined_short(due: DueDelivery, *, english: bool) -> list[str]:
    """How many others it stands for, in a text message."""
    if not due.joined:
        return []
    count = len(due.joined)
    if due.climb:
        return [
            f"{count} earlier not confirmed either." if english else f"Ook {count} eerdere niet bevestigd."
        ]
    return [f"Also stands for {count} earlier." if english else f"Staat ook voor {count} eerdere."]


def _after(text: Text, line: str) -> Text:
    return Text(text.subject, f"{text.body}{line}\n")


def _with(text: Text, line: str) -> Text:
    return Text(text.subject, f"{line}\n{text.body}")

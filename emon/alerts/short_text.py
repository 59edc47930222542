"""A message as a text message on a telephone (SMS), in the network's own alphabet. Pure.

An SMS holds 160 characters of GSM 7 bit (3GPP TS 23.038); what is longer goes in parts of 153 (TS 23.040),
and one character that is not in the alphabet makes every part 70 long. So what is foreign to it is written
without its accent or replaced, and a message has two parts at the most. What matters stands first: the
subject (what, whom, how sure), the place, what to do. What does not fit is left out whole, from the end; the
link for one use, which is long, is never cut: where it leaves too little room for the subject it is left out.
"""

from __future__ import annotations

import re
import unicodedata

from emon.alerts.her_words import what_to_do
from emon.alerts.incident_texts import her_line
from emon.alerts.outbox import AlertView, UpdateView
from emon.alerts.place_words import map_link, short_place
from emon.alerts.words import Language

ONE_PART, OF_TWO_PARTS = 160, 2 * 153
_SUBJECT_MIN = 60  # so much room a link must leave
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWICE = frozenset("^{}\\[~]|€")
"""Characters behind an escape: each counts for two."""
_INSTEAD = {"‹": "<", "›": ">", "…": "...", "’": "'", "–": "-", "±": "+-", "[": "(", "]": ")"}
_PRIORITY = re.compile(r"\[P([1-5])\]")


def gsm(text: str) -> str:
    """The text in GSM 7 bit characters alone."""
    return "".join(_of_the_alphabet(one) for one in text)


def _of_the_alphabet(character: str) -> str:
    if character in _INSTEAD:
        return _INSTEAD[character]
    if character in _BASIC or character in _TWICE:
        return character
    without = "".join(
        one for one in unicodedata.normalize("NFKD", character) if not unicodedata.combining(one)
    )
    return without if without and all(one in _BASIC for one in without) else "?"


def septets(text: str) -> int:
    """How much of a message a text of the alphabet takes."""
    return sum(2 if one in _TWICE else 1 for one in text)


def one_part(text: str) -> str:
    """The text as a message of one part, cut where it is longer."""
    return _cut(gsm(text), ONE_PART)


def short_text(
    words: Language, subject: str, alert: AlertView, asked: str | None, link: str | None = None
) -> str:
    """One part, or two where a link or what is asked needs it. ``alert``: as its reader may see it."""
    head = gsm(_PRIORITY.sub(r"P\1", subject))
    tail = "" if link is None else f" {link}"
    if tail and (gsm(tail) != tail or OF_TWO_PARTS - septets(tail) < _SUBJECT_MIN):
        tail = ""
    room = OF_TWO_PARTS - septets(tail)
    said = _cut(head, room)
    for piece in (short_place(words.place, alert), asked, map_link(alert)):
        if piece is None:
            continue
        longer = f"{said}{'' if said[-1:] in '.?!' else '.'} {gsm(piece)}"
        if septets(longer) <= room:
            said = longer
    return said + tail


def her_ask(words: Language, alert: AlertView, update: UpdateView | None) -> str:
    """What the protected person can do first."""
    return " ".join(what_to_do(words.hers, alert)) if update is None else her_line(words, alert, update)


def _cut(text: str, room: int) -> str:
    if septets(text) <= room:
        return text
    while septets(text) > room - 3:
        text = text[:-1]
    return f"{text}..."

"""A message as a text message on a telephone (SMS): what fits, and in which alphabet. Pure.

An SMS holds 160 characters of GSM 7 bit (3GPP TS 23.038); what is longer goes in parts of 153 (TS 23.040),
and one character that is not in the alphabet makes every part 67 long (UCS-2). So what is foreign to it is
written without its accent or replaced, and only a name that would be lost, in Arabic or in Greek letters, has
the message written in UCS-2 instead.

What matters stands first: the subject (what, whom, how sure), the place, what to do. What does not fit is
left out whole, from the end; the link for one use, which is long, is never cut and may take a part more:
where it leaves too little room for the subject it is left out. What only helps further fills what is left of
the parts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

import msgspec

ONE_PART, OF_TWO_PARTS, OF_THREE_PARTS = 160, 2 * 153, 3 * 153
WIDE_OF_FOUR_PARTS, WIDE_OF_SEVEN_PARTS = 4 * 67, 7 * 67
_SUBJECT_MIN = 60  # so much room a link must leave
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWICE = frozenset("^{}\\[~]|€")
"""Characters behind an escape: each counts for two."""
_INSTEAD = {
    **{"‹": "<", "›": ">", "…": "...", "’": "'", "–": "-", "±": "+-", "[": "(", "]": ")"},
    **{"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i"},
    **{"œ": "oe", "Œ": "OE", "ħ": "h", "\u2068": "", "\u2069": ""},
}
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


def units(text: str) -> int:
    """How much of a message in UCS-2 a text takes."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class _Alphabet(msgspec.Struct, frozen=True):
    """``one`` and ``part``: how much is in a message of one part, and in each of several. ``whole``: the most
    that is sent, ``with_link`` where there is one."""

    written: Callable[[str], str]
    size: Callable[[str], int]
    one: int
    part: int
    whole: int
    with_link: int

    def parts(self, text: str) -> int:
        size = self.size(text)
        return 1 if size <= self.one else -(-size // self.part)


_NARROW = _Alphabet(gsm, septets, ONE_PART, 153, OF_TWO_PARTS, OF_THREE_PARTS)
_WIDE = _Alphabet(str, units, 70, 67, WIDE_OF_FOUR_PARTS, WIDE_OF_SEVEN_PARTS)


def loses_letters(text: str) -> bool:
    """Whether letters of it cannot be written in GSM 7 bit, not even without an accent."""
    return any(one.isalpha() and _of_the_alphabet(one) == "?" for one in text)


def short_text(subject: str, pieces: Sequence[str], more: Sequence[str] = (), link: str | None = None) -> str:
    """The subject, then of the pieces those that fit, in order, and the link. ``more``: what fills room that
    is paid for already."""
    alphabet = _WIDE if any(map(loses_letters, (subject, *pieces))) else _NARROW
    tail, room = "" if link is None else f" {link}", alphabet.whole
    if tail:
        room = alphabet.with_link - alphabet.size(tail)
        if alphabet.written(tail) != tail or room < _SUBJECT_MIN:
            tail, room = "", alphabet.whole
    said = _cut(alphabet.written(_PRIORITY.sub(r"P\1", subject)), room, alphabet.size)
    for piece in pieces:
        longer = _joined(said, alphabet.written(piece))
        if alphabet.size(longer) <= room:
            said = longer
    for piece in more:
        longer = _joined(said, alphabet.written(piece))
        readable = alphabet is _WIDE or not loses_letters(piece)
        if readable and alphabet.parts(longer + tail) <= alphabet.parts(said + tail):
            said = longer
    return said + tail


def _joined(said: str, piece: str) -> str:
    return f"{said}{'' if said[-1:] in '.?!' else '.'} {piece}"


def _cut(text: str, room: int, size: Callable[[str], int]) -> str:
    if size(text) <= room:
        return text
    room -= 4 if "\u2068" in text else 3
    while size(text) > room:
        text = text[:-1]
    open_name = text.count("\u2068") > text.count("\u2069")
    return f"{text}\u2069..." if open_name else f"{text}..."

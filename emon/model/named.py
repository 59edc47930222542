"""Texts by number: devices and topics come over and over, so what comes is told by numbers.

A message then costs no text and no lookup of its own: what is known of a device (its row, its budget) lies in
arrays, and is read for all messages at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


class Named(Sequence[str]):
    """Texts, each a number in a list of texts that only grows."""

    __slots__ = ("numbers", "texts")

    def __init__(self, texts: list[str], numbers: Ints) -> None:
        self.texts = texts
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Named: ...
    def __getitem__(self, place: int | slice) -> str | Named:
        if isinstance(place, slice):
            return Named(self.texts, self.numbers[place])
        return self.texts[int(self.numbers[place])]

    def __iter__(self) -> Iterator[str]:
        return map(self.texts.__getitem__, self.numbers.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and not isinstance(other, str) and [*self] == [*other]

    def of(self, places: Sequence[int] | Ints) -> Named:
        """Some of them."""
        return Named(self.texts, self.numbers[np.asarray(places, dtype=np.int64)])


class Places:
    """What the numbers of a list of texts are elsewhere, each looked up once. ``find`` gives -1 for a text
    that has no place yet, and is asked for it again; a place that was found stays."""

    def __init__(self, find: Callable[[str], int]) -> None:
        self._find = find
        self._texts: list[str] = []
        self._places: Ints = np.empty(0, dtype=np.int64)

    def of(self, named: Named) -> Ints:
        """An array of one place for each of the texts."""
        if named.texts is not self._texts:
            self._texts, self._places = named.texts, np.empty(0, dtype=np.int64)
        if len(self._places) < len(named.texts):
            places: Ints = np.full(2 * len(named.texts), -1, dtype=np.int64)
            places[: len(self._places)] = self._places
            self._places = places
        found: Ints = self._places[named.numbers]
        unknown = np.flatnonzero(found < 0)
        if len(unknown):
            numbers = named.numbers[unknown]
            find, texts = self._find, named.texts
            found[unknown] = self._places[numbers] = [find(texts[number]) for number in numbers.tolist()]
        return found

    def forget(self) -> None:
        """Ask for each again."""
        self._texts = []

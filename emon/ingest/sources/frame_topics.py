"""Topic names as they stand in packets, to numbers: a table of bytes before the texts of ``TopicNames``.

Two names may mean one number: MQTT forbids a name that is no UTF-8, and all of those stand for one topic
that is nobody's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from emon.ingest.names import TopicNames
from emon.ingest.sources.frame_take import enter_topics, find_topics
from emon.limits import TOPICS_KNOWN_MAX
from emon.model.columns import Ints, Octets

UNREADABLE_TOPIC = "\ufffd"
"""Such a topic is nobody's, and is rejected as that."""
_FIRST_ROOM = 256
_NAME_BYTES = 32


class TopicTable:
    """The names that came, by their bytes. It begins anew when too many are known: its ``names`` are then
    other ones, and numbers of before belong to those of before."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.names = TopicNames()
        self._count = self._used = 0
        self._hashes: Ints = np.empty(_FIRST_ROOM, dtype=np.int64)
        self._spans: Ints = np.empty((_FIRST_ROOM, 2), dtype=np.int64)
        self._numbers: Ints = np.empty(_FIRST_ROOM, dtype=np.int64)
        self._slots: Ints = np.full(4 * _FIRST_ROOM, -1, dtype=np.int64)
        self._arena: Octets = np.empty(_FIRST_ROOM * _NAME_BYTES, dtype=np.uint8)

    def find(self, buffer: Octets, rows: Ints) -> tuple[Ints, bool]:
        """The numbers of the topics that these publications name, -1 for an unknown one, and whether there
        is such a one. Those of one call are all of the same ``names``."""
        if self._count >= TOPICS_KNOWN_MAX:
            self._begin()
        found: Ints = np.empty(len(rows), dtype=np.int64)
        unknown = find_topics(
            buffer, rows, self._slots, self._hashes, self._spans, self._numbers, self._arena, found
        )
        return found, unknown > 0

    def number(self, name: bytes) -> int:
        """Of a name that ``find`` did not know."""
        try:
            topic = name.decode()
        except UnicodeDecodeError:
            topic = UNREADABLE_TOPIC
        number = self.names.number(topic)
        self._enter(name, number)
        return number

    def _enter(self, name: bytes, number: int) -> None:
        entry, begin = self._count, self._used
        end = begin + len(name)
        if end > len(self._arena):
            self._arena = _larger(self._arena, max(end, 2 * len(self._arena)))
        if entry == len(self._hashes):
            room = 2 * entry
            self._hashes, self._spans = _larger(self._hashes, room), _larger(self._spans, room)
            self._numbers = _larger(self._numbers, room)
            self._slots = np.full(4 * room, -1, dtype=np.int64)
            enter_topics(self._slots, self._hashes, self._spans, self._arena, 0, entry)
        self._arena[begin:end] = np.frombuffer(name, dtype=np.uint8)
        self._spans[entry] = begin, end
        self._numbers[entry] = number
        self._count, self._used = entry + 1, end
        enter_topics(self._slots, self._hashes, self._spans, self._arena, entry, entry + 1)


def _larger(array: Any, room: int) -> Any:
    larger = np.empty((room, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger

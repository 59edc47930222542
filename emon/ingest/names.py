"""The topics that came, by number, and what is known of each: its device, and what its payloads may hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from emon.ingest.topics import Channel, parse_topic
from emon.limits import TOPICS_KNOWN_MAX
from emon.model.named import Ints, Named

JSON, PACKED, OTHER = range(3)
"""What the payloads of a topic may hold for the plain scanner (as ``plain_scan`` has them)."""
_KINDS = {Channel.FIX: JSON, Channel.FIXB: PACKED}
_FIRST_ROOM = 256


class TopicNames:
    """Topics in the order in which they came first, and the device of each ("" for a topic of none)."""

    def __init__(self) -> None:
        self.topics: list[str] = []
        self.devices: list[str] = []
        self._numbers: dict[str, int] = {}
        self._device_numbers: dict[str, int] = {}
        self._known: Ints = np.empty((3, _FIRST_ROOM), dtype=np.int64)  # kind, device, of the broker itself

    @property
    def is_full(self) -> bool:
        """Whether so many are known that their owner begins anew."""
        return len(self.topics) >= TOPICS_KNOWN_MAX

    def number(self, topic: str) -> int:
        """Of a topic that may be new."""
        number = self._numbers.get(topic)
        return self._added(topic) if number is None else number

    def find(self, topic: str) -> int:
        """Of a topic; -1 where it never came."""
        return self._numbers.get(topic, -1)

    def numbers(self, topics: Sequence[str]) -> Ints:
        """Of one after another."""
        known = self._numbers.get
        found = [known(topic, -1) for topic in topics]
        if -1 in found:
            found = [self.number(topic) for topic in topics]
        return np.array(found, dtype=np.int64)

    def kinds(self, numbers: Ints) -> Ints:
        """What the payloads of each may hold."""
        found: Ints = self._known[0, numbers]
        return found

    def of_system(self, numbers: Ints) -> Ints:
        """1 for each that begins with $: what a broker says of itself (MQTT 5, 4.7.2)."""
        found: Ints = self._known[2, numbers]
        return found

    def named(self, numbers: Ints) -> tuple[Named, Named]:
        """The topics and their devices."""
        return Named(self.topics, numbers), Named(self.devices, self._known[1, numbers])

    def _added(self, topic: str) -> int:
        parsed = parse_topic(topic)
        kind, device = (OTHER, "") if parsed is None else (_KINDS.get(parsed[0], OTHER), parsed[1])
        of_device = self._device_numbers.setdefault(device, len(self.devices))
        if of_device == len(self.devices):
            self.devices.append(device)
        number = len(self.topics)
        if number == self._known.shape[1]:
            larger: Any = np.empty((3, 2 * number), dtype=np.int64)
            larger[:, :number] = self._known
            self._known = larger
        self._known[:, number] = kind, of_device, topic.startswith("$")
        self.topics.append(topic)
        self._numbers[topic] = number
        return number

"""What was acknowledged on one connection, to know it when the broker sends it once more.

A broker that repeats within a connection may do so before our PUBACK has reached it. The repetition is
read after we have forgotten the message: a fix would be counted as a repeat by its key, but a payload
that was rejected has none, and would be filed twice. MQTT tells such a packet by its DUP flag, under the
packet id of the first (3.3.1.1).
"""

from __future__ import annotations

DUP = 0x08
"""The flag in the first byte of a PUBLISH."""


class Acknowledged:
    """The newest content acknowledged under each packet id of one connection, as a hash: an id is free again
    after its PUBACK, and what comes under it with another content is another message."""

    __slots__ = ("_contents",)

    def __init__(self) -> None:
        self._contents: dict[int, int] = {}

    def note(self, packet_id: int, topic: str, payload: bytes) -> None:
        """This was committed, and its PUBACK leaves now."""
        self._contents[packet_id] = hash((topic, payload))

    def holds(self, packet_id: int, topic: str, payload: bytes) -> bool:
        """Whether just this was acknowledged last under the id. To be asked of repetitions alone."""
        return self._contents.get(packet_id) == hash((topic, payload))

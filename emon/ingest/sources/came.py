"""What came on one connection, to know it when the broker sends it once more, and to know what is not that.

A broker that repeats within a connection may do so before our PUBACK has reached it. The repetition is
read after we have forgotten the message: a fix would be counted as a repeat by its key, but a payload
that was rejected has none, and would be filed twice. MQTT tells such a packet by its DUP flag, under the
packet id of the first (3.3.1.1).

The other way round, a broker may give an id to a second message while the first is still unacknowledged,
though it may not (2.2.1): Mosquitto 2.0.11 does so once 65,535 are under way. Taken for a repetition the
second would never be acknowledged, and would wait at the broker until the next connection.
"""

from __future__ import annotations


class Came:
    """The newest content that came under each packet id of one connection, as a hash: an id is free again
    after its PUBACK, and what comes under it with another content is another message."""

    __slots__ = ("_contents",)

    def __init__(self) -> None:
        self._contents: dict[int, int] = {}

    def again(self, packet_id: int, topic: str, payload: bytes, dup: bool) -> bool:
        """Whether this is what came last under its id, sent again. If not, it is what came last now. ``dup``:
        its flag."""
        content = hash((topic, payload))
        if dup and self._contents.get(packet_id) == content:
            return True
        self._contents[packet_id] = content
        return False

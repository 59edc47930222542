"""What the broker handed out, decoded and cut into batches: one batch is one transaction.

Plain fixes go on as columns, everything else as objects (docs/adr/0035). What waits (``ingest/lanes.py``) is
put aside here, before anything is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from emon.engine import Message
from emon.ingest.decode import decode
from emon.ingest.lanes import Taking, Waiting
from emon.ingest.plain import Topics, scan
from emon.ingest.source import Delivery
from emon.limits import INBOX_ROWS_AT_ONCE, SCAN_BYTES
from emon.model.columns import FIXED, MESSAGE, FixColumns


class Batch:
    """Deliveries of one transaction, decoded: what is judged now, and what waits in the inbox.

    ``fixes`` counts those that are judged, a message without any as one. ``portion``: instead, so many fixes
    that have waited.
    """

    def __init__(self, portion: int = 0) -> None:
        self.deliveries: list[Delivery] = []
        self.messages: list[Message] = []
        self.columns: FixColumns | None = None
        self.fixes = 0
        self.waiting: list[Waiting] = []
        self.canary: list[bytes] = []
        self.portion = portion

    @property
    def message_count(self) -> int:
        """Of those that are judged."""
        return len(self.messages) + (0 if self.columns is None else len(self.columns.topics))

    def columns_after(self, messages: int) -> FixColumns | None:
        """The columns where so many more messages stand before the batch's own."""
        columns = self.columns
        if columns is None or not messages:
            return columns
        return columns._replace(before=[messages + before for before in columns.before])


class Cutter:
    """Makes batches of at most so many fixes, and one message more."""

    def __init__(self, fixes_max: int, canary_topic: str | None) -> None:
        self._fixes_max = fixes_max
        self._canary_topic = canary_topic
        self._topics = Topics()

    def cut(self, deliveries: Sequence[Delivery], taking: Taking) -> Iterator[Batch]:
        """The batches of what was taken, in order; none of nothing."""
        for piece in _pieces(deliveries):
            yield from self._cut(piece, taking)

    def _cut(self, deliveries: Sequence[Delivery], taking: Taking) -> Iterator[Batch]:
        canary = self._canary_topic
        topics = [delivery.topic if delivery.topic != canary else "" for delivery in deliveries]
        counts, columns = scan(topics, [delivery.payload for delivery in deliveries], self._topics)
        oldest = _oldest_us(columns)
        batch, chosen, before, message = Batch(), list[int](), list[int](), 0
        for delivery, count in zip(deliveries, counts, strict=True):
            batch.deliveries.append(delivery)
            if count > 0:
                if self._goes_on(batch, delivery, count, columns.devices[message], oldest[message], taking):
                    chosen.append(message)
                    before.append(len(batch.messages))
                    batch.fixes += count
                message += 1
            elif delivery.topic == canary:
                batch.canary.append(delivery.payload)
            else:
                _add(batch, delivery, taking)
            if batch.fixes >= self._fixes_max or len(batch.waiting) >= INBOX_ROWS_AT_ONCE:
                yield _with_columns(batch, columns, chosen, before)
                batch, chosen, before = Batch(), [], []
        if batch.deliveries:
            yield _with_columns(batch, columns, chosen, before)

    def _goes_on(
        self, batch: Batch, delivery: Delivery, count: int, device: str, oldest_us: int, taking: Taking
    ) -> bool:
        """Whether a message of plain fixes is judged as it came; else what of it is not waits."""
        topic = delivery.topic
        lane = taking.lane_of(topic, device, count, oldest_us, retained=delivery.retained)
        if lane is None:
            return True
        decoded = decode(topic, delivery.payload)
        judged, waiting = taking.put_aside(lane, topic, device, delivery.payload, decoded)
        batch.waiting.extend(waiting)
        if judged is not None:
            batch.messages.append(Message(topic, judged, delivery.retained))
            batch.fixes += len(judged.fixes)
        return False


def _add(batch: Batch, delivery: Delivery, taking: Taking) -> None:
    """A message that goes by objects."""
    decoded = decode(delivery.topic, delivery.payload)
    judged, waiting = taking.sort_out(delivery.topic, delivery.payload, decoded, retained=delivery.retained)
    batch.waiting.extend(waiting)
    if judged is not None:
        batch.messages.append(Message(delivery.topic, judged, delivery.retained))
        batch.fixes += max(1, len(judged.fixes))


def _with_columns(batch: Batch, columns: FixColumns, messages: list[int], before: list[int]) -> Batch:
    if messages:
        batch.columns = columns.of(messages, before)
    return batch


def _pieces(deliveries: Sequence[Delivery]) -> Iterator[Sequence[Delivery]]:
    """Few enough bytes at once that the columns of the densest fixes stay small."""
    first = size = 0
    for place, delivery in enumerate(deliveries):
        if size and size + len(delivery.payload) > SCAN_BYTES:
            yield deliveries[first:place]
            first, size = place, 0
        size += len(delivery.payload)
    if first < len(deliveries):
        yield deliveries[first:]


def _oldest_us(columns: FixColumns) -> list[int]:
    """The least fixed_at of each message."""
    if not columns.size:
        return []
    starts = np.flatnonzero(np.diff(columns.ints[MESSAGE], prepend=-1))
    found: list[int] = np.minimum.reduceat(columns.ints[FIXED], starts).tolist()
    return found

"""What the broker handed out, decoded and cut into batches: one batch is one transaction.

Plain fixes go on as columns, everything else as objects (docs/adr/0035). What waits (``ingest/lanes.py``) is
put aside here, before anything is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from emon.engine import Inputs, Message
from emon.ingest.decode import decode
from emon.ingest.deliveries import Delivery, DeliveryColumns, as_columns
from emon.ingest.lanes import Lane, Taking, Waiting, rows_of
from emon.ingest.names import OTHER, TopicNames
from emon.ingest.plain import scan
from emon.limits import INBOX_ROWS_AT_ONCE, SCAN_BYTES, WAITING_ROW_FIXES_MAX
from emon.model.columns import FIXED, MESSAGE, RAW, RAW_END, FixColumns
from emon.model.effects import Effects
from emon.model.fix import Decoded
from emon.model.named import Ints
from emon.state import State


class Judged(NamedTuple):
    """What a step made of a batch that asked nothing of the past. ``then``: where it was judged in two parts,
    what came of its crowd after the few that are not quiet; one statement writes it."""

    before: State
    after: State
    effects: Effects
    then: Effects | None = None

    @property
    def parts(self) -> tuple[Effects, ...]:
        return (self.effects,) if self.then is None else (self.effects, self.then)


class Batch:
    """Deliveries of one transaction, decoded: what is judged now, and what waits in the inbox.

    ``fixes`` counts those that are judged, a message without any as one. ``portion``: instead, so many fixes
    that have waited. ``inputs``: what a step was last given of it; ``judged``: what it made of it.
    """

    def __init__(self, portion: int = 0) -> None:
        self.deliveries: Sequence[Delivery] = ()
        self.messages: list[Message] = []
        self.columns: FixColumns | None = None
        self.fixes = 0
        self.waiting: list[Waiting] = []
        self.canary: list[bytes] = []
        self.portion = portion
        self.inputs: Inputs | None = None
        self.judged: Judged | None = None

    @property
    def message_count(self) -> int:
        """Of those that are judged."""
        return len(self.messages) + (0 if self.columns is None else self.columns.message_count)

    def columns_after(self, messages: int) -> FixColumns | None:
        """The columns where so many more messages stand before the batch's own."""
        columns = self.columns
        if columns is None or not messages:
            return columns
        return columns._replace(before=[messages + before for before in columns.before])

    def parted(self, chosen: Sequence[int]) -> tuple[Batch, Batch]:
        """The messages that are no columns and the chosen of those that are, and the others. Receipts stay
        with the others: the broker is answered in its order, when both are committed."""
        columns = self.columns
        assert columns is not None
        first, rest = Batch(), Batch()
        first.messages = self.messages
        if chosen:
            first.columns = columns.of(chosen, [columns.before[place] for place in chosen])
        gone = set(chosen)
        left = [place for place in range(columns.message_count) if place not in gone]
        rest.columns = columns.of(left, [0] * len(left)) if left else None
        rest.deliveries = self.deliveries
        for part in (first, rest):
            own = 0 if part.columns is None else part.columns.size
            part.fixes = own + sum(max(1, len(message.decoded.fixes)) for message in part.messages)
        return first, rest


class Cutter:
    """Makes batches of at most so many fixes, and one message more."""

    def __init__(self, fixes_max: int, canary_topic: str | None) -> None:
        self._fixes_max = fixes_max
        self._canary_topic = canary_topic
        self._names = TopicNames()

    def columns(self, deliveries: Sequence[Delivery]) -> DeliveryColumns:
        """What was taken, as columns where the source handed out objects."""
        if isinstance(deliveries, DeliveryColumns):
            return deliveries
        if self._names.is_full:
            self._names = TopicNames()
        return as_columns(deliveries, self._names)

    def cut(
        self, deliveries: Sequence[Delivery], taking: Taking, came: DeliveryColumns | None = None
    ) -> Iterator[Batch]:
        """The batches of what was taken, in order; none of nothing. ``came``: the same as columns, where the
        caller has them."""
        if not deliveries:
            return
        came = self.columns(deliveries) if came is None else came
        for piece in (slice(0, len(came)),) if came.payload_bytes <= SCAN_BYTES else _pieces(came):
            yield from self._cut(deliveries[piece], came[piece], taking)

    def _cut(self, deliveries: Sequence[Delivery], came: DeliveryColumns, taking: Taking) -> Iterator[Batch]:
        kinds = came.names.kinds(came.numbers)
        canary = -2 if self._canary_topic is None else came.names.find(self._canary_topic)
        kinds[came.numbers == canary] = OTHER
        counts, columns = scan(came, kinds)
        in_columns, retained = counts, came.retained
        if columns.message_count < len(counts):
            plain = counts > 0
            in_columns, retained = counts[plain], retained[plain]
        lanes = taking.lanes_of(
            columns.topics, columns.devices, in_columns, _oldest_us(columns), retained.tolist()
        )
        if lanes is None and columns.message_count == len(deliveries):
            yield from self._all_plain(deliveries, columns, counts)
            return
        batch, chosen, before, message, first = Batch(), list[int](), list[int](), 0, 0
        for place, count in enumerate(counts.tolist()):
            if count > 0:
                lane = None if lanes is None else lanes[message]
                if lane is None:
                    chosen.append(message)
                    before.append(len(batch.messages))
                    batch.fixes += count
                else:
                    _put_aside(batch, came[place], columns, message, lane, taking)
                message += 1
            elif came.numbers[place] == canary:
                batch.canary.append(came[place].payload)
            else:
                _add(batch, came[place], taking)
            if batch.fixes >= self._fixes_max or len(batch.waiting) >= INBOX_ROWS_AT_ONCE:
                batch.deliveries = deliveries[first : place + 1]
                yield _with_columns(batch, columns, chosen, before)
                batch, chosen, before, first = Batch(), [], [], place + 1
        if first < len(deliveries):
            batch.deliveries = deliveries[first:]
            yield _with_columns(batch, columns, chosen, before)

    def _all_plain(
        self, deliveries: Sequence[Delivery], columns: FixColumns, counts: Ints
    ) -> Iterator[Batch]:
        """As nearly always: every message is plain, and none waits."""
        ends = np.cumsum(counts)
        first = 0
        while first < len(counts):
            done = int(ends[first - 1]) if first else 0
            after = min(len(counts), int(np.searchsorted(ends, done + self._fixes_max)) + 1)
            batch = Batch()
            batch.deliveries = deliveries[first:after]
            batch.fixes = int(ends[after - 1]) - done
            yield _with_columns(batch, columns, range(first, after), [0] * (after - first))
            first = after


def _put_aside(
    batch: Batch, delivery: Delivery, columns: FixColumns, message: int, lane: Lane, taking: Taking
) -> None:
    """A message of plain fixes of which something waits: nothing of it is decoded for that."""
    topic, ints = delivery.topic, columns.ints
    first, last = np.searchsorted(ints[MESSAGE], (message, message + 1)).tolist()
    late = taking.are_late(ints[FIXED, first:last])
    if lane is Lane.OVER_BUDGET:
        late[:] = True
    device = columns.devices[message]
    if late.all() and len(late) <= WAITING_ROW_FIXES_MAX:
        batch.waiting.append(Waiting(device, topic, delivery.payload, len(late), lane))
        return
    spans = ints[RAW : RAW_END + 1, first:last][:, late].T.tolist()
    elements = [columns.raw[begin:end].tobytes() for begin, end in spans]
    batch.waiting.extend(rows_of(lane, topic, device, elements))
    live = (first + np.flatnonzero(~late)).tolist()
    if live:
        # Stored and forwarded, with the newest live.
        decoded = Decoded(fixes=tuple(columns.fixes_at(live)))
        batch.messages.append(Message(topic, decoded, delivery.retained))
        batch.fixes += len(live)


def _add(batch: Batch, delivery: Delivery, taking: Taking) -> None:
    """A message that goes by objects."""
    decoded = decode(delivery.topic, delivery.payload)
    judged, waiting = taking.sort_out(delivery.topic, delivery.payload, decoded, retained=delivery.retained)
    batch.waiting.extend(waiting)
    if judged is not None:
        batch.messages.append(Message(delivery.topic, judged, delivery.retained))
        batch.fixes += max(1, len(judged.fixes))


def _with_columns(batch: Batch, columns: FixColumns, messages: Sequence[int], before: list[int]) -> Batch:
    if messages:
        batch.columns = columns.of(messages, before)
    return batch


def _pieces(came: DeliveryColumns) -> Iterator[slice]:
    """Few enough bytes at once that the columns of the densest fixes stay small."""
    ends = np.cumsum(came.ends - came.begins)
    first = 0
    while first < len(came):
        before = int(ends[first - 1]) if first else 0
        after = max(first + 1, int(np.searchsorted(ends, before + SCAN_BYTES, side="right")))
        yield slice(first, after)
        first = after


def _oldest_us(columns: FixColumns) -> list[int]:
    """The least fixed_at of each message."""
    if not columns.size:
        return []
    starts = np.flatnonzero(np.diff(columns.ints[MESSAGE], prepend=-1))
    found: list[int] = np.minimum.reduceat(columns.ints[FIXED], starts).tolist()
    return found

"""What a source hands out: messages, as columns, without an object for each.

A delivery may be made an object at any time; nearly none of a fleet's is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import msgspec
import numpy as np

from emon.ingest.names import TopicNames
from emon.model.columns import Ints, Octets
from emon.model.named import Named


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One message. ``receipt`` belongs to the source that made it; None has nothing to acknowledge."""

    topic: str
    payload: bytes
    retained: bool
    receipt: object = None


class DeliveryColumns(Sequence[Delivery]):
    """Messages in the order in which they came.

    ``numbers`` are those of their topics in ``names``; a payload is ``raw[begin:end]``, and payloads rise in
    ``raw``. ``receipts``: 0 where there is nothing to acknowledge.
    """

    __slots__ = ("begins", "ends", "names", "numbers", "raw", "receipts", "retained")

    def __init__(
        self,
        names: TopicNames,
        numbers: Ints,
        raw: Octets,
        begins: Ints,
        ends: Ints,
        retained: Ints,
        receipts: Ints,
    ) -> None:
        self.names, self.numbers = names, numbers
        self.raw, self.begins, self.ends = raw, begins, ends
        self.retained, self.receipts = retained, receipts

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> Delivery: ...
    @overload
    def __getitem__(self, place: slice) -> DeliveryColumns: ...
    def __getitem__(self, place: int | slice) -> Delivery | DeliveryColumns:
        if isinstance(place, slice):
            return self._cut(range(len(self))[place])
        return Delivery(
            self.names.topics[self.numbers[place]],
            self.raw[self.begins[place] : self.ends[place]].tobytes(),
            bool(self.retained[place]),
            int(self.receipts[place]) or None,
        )

    def __iter__(self) -> Iterator[Delivery]:
        return map(self.__getitem__, range(len(self)))

    def _cut(self, places: range) -> DeliveryColumns:
        """Some that lie side by side, with their own bytes alone."""
        assert places.step == 1
        chosen = slice(places.start, places.stop)
        begins, ends = self.begins[chosen], self.ends[chosen]
        first, last = (int(begins[0]), int(ends[-1])) if len(places) else (0, 0)
        return DeliveryColumns(
            self.names,
            self.numbers[chosen],
            self.raw[first:last],
            begins - first,
            ends - first,
            self.retained[chosen],
            self.receipts[chosen],
        )

    def of(self, places: Ints) -> DeliveryColumns:
        """Some of them, rising; the bytes are the same."""
        return DeliveryColumns(
            self.names,
            self.numbers[places],
            self.raw,
            self.begins[places],
            self.ends[places],
            self.retained[places],
            self.receipts[places],
        )

    @property
    def topics(self) -> Named:
        """Of each."""
        return Named(self.names.topics, self.numbers)

    @property
    def payload_bytes(self) -> int:
        """Of all together."""
        return int(self.ends.sum() - self.begins.sum())


def as_columns(deliveries: Sequence[Delivery], names: TopicNames) -> DeliveryColumns:
    """Those of a source that hands out objects; their receipts stay with them."""
    ends = np.cumsum(np.fromiter((len(one.payload) for one in deliveries), np.int64, count=len(deliveries)))
    begins = np.zeros_like(ends)
    begins[1:] = ends[:-1]
    return DeliveryColumns(
        names,
        names.numbers([one.topic for one in deliveries]),
        np.frombuffer(bytearray(b"").join(one.payload for one in deliveries), dtype=np.uint8),
        begins,
        ends,
        np.array([one.retained for one in deliveries], dtype=np.int64),
        np.zeros(len(deliveries), dtype=np.int64),
    )


def together(pieces: Sequence[DeliveryColumns]) -> DeliveryColumns:
    """One after another, all of the same names; of one piece itself."""
    if len(pieces) == 1:
        return pieces[0]
    starts = np.cumsum([0, *(len(piece.raw) for piece in pieces[:-1])]).tolist()
    return DeliveryColumns(
        pieces[0].names,
        np.concatenate([piece.numbers for piece in pieces]),
        np.concatenate([piece.raw for piece in pieces]),
        np.concatenate([piece.begins + start for piece, start in zip(pieces, starts, strict=True)]),
        np.concatenate([piece.ends + start for piece, start in zip(pieces, starts, strict=True)]),
        np.concatenate([piece.retained for piece in pieces]),
        np.concatenate([piece.receipts for piece in pieces]),
    )

"""Plain fixes of payloads that a test has, as columns."""

from __future__ import annotations

from collections.abc import Sequence

from emon.ingest.deliveries import Delivery, as_columns
from emon.ingest.names import TopicNames
from emon.ingest.plain import scan
from emon.model.columns import FixColumns


def scanned(topics: Sequence[str], payloads: Sequence[bytes]) -> tuple[list[int], FixColumns]:
    """How many plain fixes each holds (-1: it is for the object decoder), and those."""
    deliveries = [Delivery(topic, payload, False) for topic, payload in zip(topics, payloads, strict=True)]
    counts, columns = scan(as_columns(deliveries, TopicNames()))
    return counts.tolist(), columns

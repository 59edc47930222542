"""Deliveries as columns are the deliveries: however they are cut and put together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emon.ingest.deliveries import Delivery, DeliveryColumns, as_columns, together
from emon.ingest.names import TopicNames
from emon.model.named import Named, Places

_ONE = st.builds(Delivery, st.sampled_from(["a", "b", "c"]), st.binary(max_size=9), st.booleans())
DELIVERIES = st.lists(_ONE, max_size=9)


@given(sent=DELIVERIES, ends=st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_some_of_them_are_those(sent: list[Delivery], ends: tuple[int, int]) -> None:
    columns = as_columns(sent, TopicNames())
    first, last = sorted(ends)
    assert [*columns] == sent
    assert [*columns[first:last]] == sent[first:last]
    assert len(columns[first:last].raw) == sum(len(one.payload) for one in sent[first:last])
    assert [*columns.of(np.arange(0, len(sent), 2))] == sent[::2]
    assert columns.payload_bytes == sum(len(one.payload) for one in sent)
    assert [*columns.topics] == [one.topic for one in sent]


@given(pieces=st.lists(DELIVERIES, min_size=1, max_size=4))
def test_pieces_are_one_after_another(pieces: list[list[Delivery]]) -> None:
    names = TopicNames()
    columns: list[DeliveryColumns] = [as_columns(piece, names) for piece in pieces]
    assert [*together(columns)] == [one for piece in pieces for one in piece]
    assert [*together([one[1:] for one in columns])] == [one for piece in pieces for one in piece[1:]]


def test_a_place_is_looked_up_once_and_one_that_is_not_there_yet_again() -> None:
    asked: list[str] = []
    known = {"a": 7}

    def find(text: str) -> int:
        asked.append(text)
        return known.get(text, -1)

    texts = ["a", "b"]
    places, named = Places(find), Named(texts, np.array([0, 1, 0, 1]))
    assert places.of(named[:2]).tolist() == [7, -1]
    known["b"] = 9
    assert places.of(named).tolist() == [7, 9, 7, 9]
    assert places.of(named).tolist() == [7, 9, 7, 9]
    assert asked == ["a", "b", "b", "b"]
    texts.append("a later one")
    assert places.of(Named(texts, np.array([2, 0]))).tolist() == [-1, 7]
    assert places.of(Named(["b", "a"], np.array([0, 1]))).tolist() == [9, 7]
    known["a"] = 1
    places.forget()
    assert places.of(named).tolist() == [1, 9, 1, 9]

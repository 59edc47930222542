"""Marks: one function however it is computed, and of entries the same by either way."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import numpy as np
import pytest

from emon.store.checks.marks import Entries, HashMarks, KeyedMarks, Marks

ZERO_KEY = (0, 0)
LENGTHS = (*range(70), 255, 256, 1_000, 65_537)
HEADS = {b'\n["emon"]\nalert\ninsert\n': b"alert\n", b'\n["emon"]\ncommand\nupdate\n': b"command\n"}
INSTANT = b"1764230000000000"


def pieces() -> list[bytes]:
    chance = random.Random(13)
    return [chance.randbytes(length) for length in LENGTHS]


def test_keyed_marks_are_siphash_as_python_has_it() -> None:
    """With no key, which is what Python takes where it is told not to be chancy."""
    assert sys.hash_info.algorithm == "siphash13"
    script = (
        "import json, random; chance = random.Random(13)\n"
        f"print(json.dumps([hash(chance.randbytes(length)) for length in {LENGTHS!r}]))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONHASHSEED": "0"}, capture_output=True, check=True
    ).stdout
    marked = KeyedMarks(ZERO_KEY).each(pieces()).tolist()
    assert marked == json.loads(said)


def test_a_key_decides_and_is_drawn_anew() -> None:
    one, other, again = KeyedMarks(), KeyedMarks(), KeyedMarks((5, 7))
    assert not np.any(one.each(pieces()[1:]) == other.each(pieces()[1:]))
    assert np.array_equal(again.each(pieces()), KeyedMarks((5, 7)).each(pieces()))
    assert not np.any(again.each(pieces()[1:]) == KeyedMarks((7, 5)).each(pieces()[1:]))


def entries_of(*parts: tuple[bytes, bytes, bytes]) -> Entries:
    """Of head, key and content."""
    payloads = [INSTANT + head + key + b"\n" + content for head, key, content in parts]
    return Entries(
        b"".join(payloads),
        np.cumsum([len(payload) for payload in payloads]).tolist(),
        payloads,
        np.array([len(key) for _, key, _ in parts], np.int32),
        np.array([len(content) for *_, content in parts], np.int32),
    )


@pytest.mark.parametrize("marks", [HashMarks(), KeyedMarks()])
def test_entries_by_each_way(marks: Marks) -> None:
    alert, command = HEADS
    parts = [
        (alert, b'["0a"]', b'{"id":"0a"}'),
        (alert, b'["0b"]', b""),
        (command, b'["0a"]', b'{"id":"0a"}'),
        (alert, b"", b"x" * 3_000),
        (command, '["é"]'.encode(), b"{}"),
    ]
    found = marks.entries(entries_of(*parts), HEADS)
    assert found is not None
    keys, contents = found
    assert keys.tolist() == [marks.one(HEADS[head] + key) for head, key, _ in parts]
    assert contents.tolist() == [marks.one(content) for *_, content in parts]


@pytest.mark.parametrize("marks", [HashMarks(), KeyedMarks()])
def test_what_is_not_usual_is_left_to_who_looks_at_it(marks: Marks) -> None:
    alert = next(iter(HEADS))
    usual = (alert, b'["0a"]', b"{}")
    sound = entries_of(usual, usual)
    assert marks.entries(sound, HEADS) is not None
    assert marks.entries(sound, {}) is None
    for other in (alert.replace(b"insert", b"update"), alert[:-1], alert + b"x", b""):
        assert marks.entries(entries_of(usual, (other, b"[1]", b"{}")), HEADS) is None
    for key_width, width in ((5, 2), (6, 1), (6, 3), (90, 2), (6, 90), (2**31 - 1, 2), (6, 2**31 - 1)):
        widths = np.array([6, key_width], np.int32), np.array([2, width], np.int32)
        torn = Entries(sound.text, sound.ends, sound.payloads, *widths)
        assert marks.entries(torn, HEADS) is None, (key_width, width)

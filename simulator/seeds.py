"""Chance by name: each purpose draws from its own generator, whoever else draws and in whatever order."""

from __future__ import annotations

import hashlib

import numpy as np

_BYTES = 16


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """The generator of this seed and these names: ``generator(7, "wearer", 12, "receiver")``.

    The same seed and names give the same numbers for ever; any other name gives others. A name is
    taken with its kind and its length, so that ``"ab", "c"`` is not ``"a", "bc"`` and ``"1"`` is not ``1``.
    PCG64 is named because NumPy keeps its stream from version to version.
    Raises ``TypeError`` for a name that is neither text nor an integer.
    """
    digest = hashlib.blake2b(digest_size=_BYTES, person=b"emon.simulator")
    for name in (seed, *names):
        digest.update(_said(name))
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest.digest(), "little")))


def _said(name: str | int) -> bytes:
    if isinstance(name, str):
        kind, text = b"s", name.encode()
    elif not isinstance(name, bool) and isinstance(name, int | np.integer):
        kind, text = b"i", str(int(name)).encode()
    else:
        raise TypeError(f"name is {name!r}; must be text or an integer")
    return kind + len(text).to_bytes(4, "little") + text

"""The colours of a PNG screenshot, read without an imaging library."""

from __future__ import annotations

import struct
import zlib
from collections import Counter

import numpy as np


def colours(png: bytes) -> Counter[tuple[int, int, int]]:
    """How often each colour occurs in an 8-bit RGB or RGBA picture that is not interlaced."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    data, at, header = b"", 8, b""
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        body, at = png[at + 8 : at + 8 + length], at + 12 + length
        header = body if kind == b"IHDR" else header
        data += body if kind == b"IDAT" else b""
    width, height, depth, colour_type = struct.unpack(">IIBB", header[:10])
    channels = {2: 3, 6: 4}[colour_type]
    assert depth == 8
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, 1 + width * channels)
    pixels = np.zeros((height, width * channels), np.uint8)
    before = np.zeros(width * channels, np.uint8)
    for number, row in enumerate(rows):
        before = pixels[number] = unfilter(int(row[0]), row[1:], before, channels)
    flat = pixels.reshape(-1, channels)[:, :3]
    found, counts = np.unique(flat, axis=0, return_counts=True)
    return Counter({(int(r), int(g), int(b)): int(n) for (r, g, b), n in zip(found, counts, strict=True)})


def unfilter(kind: int, row: np.ndarray, above: np.ndarray, channels: int) -> np.ndarray:
    """One scan line as PNG section 9.2 defines it: none, sub, up, average, Paeth."""
    if kind == 0:
        return row
    if kind == 2:
        return row + above
    made, up = row.astype(int), above.astype(int)
    for place in range(len(made)):
        left = made[place - channels] if place >= channels else 0
        corner = up[place - channels] if place >= channels else 0
        guess = {1: left, 3: (left + up[place]) // 2, 4: paeth(left, up[place], corner)}[kind]
        made[place] = (made[place] + guess) & 0xFF
    return made.astype(np.uint8)


def paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    distances = (abs(guess - left), abs(guess - up), abs(guess - corner))
    return (left, up, corner)[distances.index(min(distances))]

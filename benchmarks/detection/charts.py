"""Charts as SVG text, drawn from numbers alone: the same bytes for the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 760, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 196, 44, 56
COLOURS = {
    "emon": "#0b3d91",
    "traccar": "#b5651d",
    "tile38": "#6a3d9a",
    "esri": "#2e7d32",
    "home_assistant": "#00838f",
    "vendor": "#ad1457",
    "point_in_polygon": "#616161",
}
_STYLE = "font-family:system-ui,sans-serif;fill:#222"


class Line(NamedTuple):
    """``points`` (x, y) in their order; ``bars`` are (x, low, high) of y; ``marks``: line, dots or both.

    A line without a name stands in no legend.
    """

    name: str
    colour: str
    points: Sequence[tuple[float, float]]
    marks: str = "both"
    bars: Sequence[tuple[float, float, float]] = ()
    dashed: bool = False
    radius: float = 4.5


class Axis(NamedTuple):
    """``ticks`` are values with their words; ``place`` gives a value's share of the axis, 0 to 1."""

    title: str
    ticks: Sequence[tuple[float, str]]
    place: Callable[[float], float]


def linear(title: str, high: float, words: Callable[[float], str], low: float = 0.0) -> Axis:
    """From ``low`` to at least ``high`` in some five even steps."""
    span = max(high - low, 1e-9)
    raw = span / 5
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw - 1e-12)
    count = math.ceil(span / step - 1e-9)
    top = low + count * step
    ticks = [(low + i * step, words(low + i * step)) for i in range(count + 1)]
    return Axis(title, ticks, lambda value: (min(value, top) - low) / (top - low))


def logarithmic(title: str, low: float, high: float, words: Callable[[float], str]) -> Axis:
    """Decades from ``low`` up; whatever is less, zero too, lies on a line of its own below them."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(max(high, low * 10.0)) - 1e-9)
    decades = last - first
    floor = 0.08

    def place(value: float) -> float:
        if value < 10.0**first * 0.999:
            return 0.0
        return floor + (1.0 - floor) * (math.log10(value) - first) / decades

    ticks = [(0.0, "none"), *((10.0**e, words(10.0**e)) for e in range(first, last + 1))]
    return Axis(title, ticks, place)


def chart(title: str, x: Axis, y: Axis, lines: Sequence[Line]) -> str:
    """One chart with a legend at its right."""
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM

    def at(px: float, py: float) -> tuple[float, float]:
        return _LEFT + width * x.place(px), _TOP + height * (1.0 - y.place(py))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _text(_LEFT, 24, title, size=15, weight="600"),
    ]
    for value, words in x.ticks:
        px = _LEFT + width * x.place(value)
        parts.append(_rule(px, _TOP, px, _TOP + height))
        parts.append(_text(px, _TOP + height + 18, words, anchor="middle", size=11))
    for value, words in y.ticks:
        py = _TOP + height * (1.0 - y.place(value))
        parts.append(_rule(_LEFT, py, _LEFT + width, py))
        parts.append(_text(_LEFT - 8, py + 4, words, anchor="end", size=11))
    parts.append(_text(_LEFT + width / 2, HEIGHT - 14, x.title, anchor="middle", size=12))
    middle = _TOP + height / 2
    parts.append(
        f'<text x="16" y="{middle:.0f}" text-anchor="middle" transform="rotate(-90 16 {middle:.0f})"'
        f' style="{_STYLE};font-size:12px">{escape(y.title)}</text>'
    )
    for line in lines:
        parts += _line(line, at)
    for place, line in enumerate(each for each in lines if each.name):
        parts += _legend(line, place)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _line(line: Line, at: Callable[[float, float], tuple[float, float]]) -> list[str]:
    parts: list[str] = []
    for px, low, high in line.bars:
        (x0, y0), (_, y1) = at(px, low), at(px, high)
        parts.append(
            f'<path d="M{x0:.1f} {y0:.1f}V{y1:.1f}" stroke="{line.colour}" stroke-width="1.2" opacity="0.6"/>'
        )
    places = [at(px, py) for px, py in line.points]
    if line.marks != "dots" and len(places) > 1:
        d = "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in places)
        dash = ' stroke-dasharray="5 4"' if line.dashed else ""
        parts.append(f'<path d="{d}" fill="none" stroke="{line.colour}" stroke-width="2"{dash}/>')
    if line.marks != "line":
        fill = "#fff" if line.dashed else line.colour
        parts += [
            f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{line.radius:g}" fill="{fill}" stroke="{line.colour}"'
            ' stroke-width="1.8"/>'
            for px, py in places
        ]
    return parts


def _legend(line: Line, place: int) -> list[str]:
    px, py = WIDTH - _RIGHT + 18, _TOP + 10 + 22 * place
    dash = ' stroke-dasharray="5 4"' if line.dashed else ""
    return [
        f'<path d="M{px} {py}h18" stroke="{line.colour}" stroke-width="3"{dash}/>',
        _text(px + 24, py + 4, line.name, size=12),
    ]


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", size: int = 12, weight: str = "400"
) -> str:
    style = f"{_STYLE};font-size:{size}px;font-weight:{weight}"
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" style="{style}">{escape(words)}</text>'


def _rule(x0: float, y0: float, x1: float, y1: float) -> str:
    return f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="#ddd" stroke-width="1"/>'

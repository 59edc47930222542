"""Charts as SVG text: curves with their spread, and ratios beside what they are to reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.geofence.results import Curve, Ratio, Spread

# Told apart without colour vision too (Okabe and Ito); the marks differ as well.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_INK, _GRID = "#333333", "#dddddd"
_STYLE = 'font-family="system-ui, sans-serif" font-size="13"'
_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 190, 60, 56
_ROW = 26


class _Axis:
    """From values to places on the page."""

    def __init__(self, low: float, high: float, begin: float, end: float, log: bool) -> None:
        self.log = log
        self._low, self._high = self._of(low), self._of(high)
        if self._low == self._high:
            self._low, self._high = self._low - 0.5, self._high + 0.5
        self._begin, self._end = begin, end

    def _of(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def at(self, value: float) -> float:
        share = (self._of(value) - self._low) / (self._high - self._low)
        return self._begin + share * (self._end - self._begin)

    def ticks(self) -> list[float]:
        """Powers of ten, with 2 and 5 between where they are few; else some five round steps."""
        if self.log:
            powers = range(math.floor(self._low), math.ceil(self._high) + 1)
            steps = (1, 2, 5) if self._high - self._low < 2.5 else (1,)
            found = [step * 10.0**power for power in powers for step in steps]
        else:
            rough = (self._high - self._low) / 5.0
            size = 10.0 ** math.floor(math.log10(rough))
            step = next(size * part for part in (1, 2, 2.5, 5, 10) if size * part >= rough)
            found = [step * number for number in range(math.ceil(self._low / step), 10_000)][:12]
        room = 1e-9 * (self._high - self._low)
        return [tick for tick in found if self._low - room <= self._of(tick) <= self._high + room]


def curve_svg(curve: Curve) -> str:
    """Cost over size; a thin upright line is the least and the most that was measured."""
    values = [spread for line in curve.lines.values() for spread in line]
    low, high = min(s.low for s in values), max(s.high for s in values)
    across = _Axis(min(curve.x), max(curve.x), _LEFT, _WIDTH - _RIGHT, curve.log_x)
    up = _Axis(0.8 * low, 1.25 * high, _HEIGHT - _BOTTOM, _TOP, True)
    parts = [_head(curve.title, _WIDTH, _HEIGHT)]
    for tick in up.ticks():
        y = up.at(tick)
        parts.append(_line(_LEFT, y, _WIDTH - _RIGHT, y, _GRID))
        parts.append(_text(_LEFT - 8, y + 4, _number(tick), "end"))
    for tick in curve.x if len(curve.x) <= 9 else across.ticks():
        x = across.at(tick)
        parts.append(_line(x, _HEIGHT - _BOTTOM, x, _HEIGHT - _BOTTOM + 5, _INK))
        parts.append(_text(x, _HEIGHT - _BOTTOM + 20, _number(tick), "middle"))
    parts.append(_line(_LEFT, _HEIGHT - _BOTTOM, _WIDTH - _RIGHT, _HEIGHT - _BOTTOM, _INK))
    parts.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 12, curve.x_name, "middle"))
    parts.append(_text(_LEFT - 8, _TOP - 12, f"ns a {curve.each}", "end"))
    names = _apart([(up.at(line[-1].median), name) for name, line in curve.lines.items()])
    for number, (name, line) in enumerate(curve.lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [
            (across.at(x), up.at(spread.median), spread) for x, spread in zip(curve.x, line, strict=True)
        ]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y, spread in places:
            parts.append(_line(x, up.at(spread.low), x, up.at(spread.high), colour))
            parts.append(_mark(number, x, y, colour))
        parts.append(_text(_WIDTH - _RIGHT + 10, names[name] + 4, name, "start", colour))
    return "\n".join((*parts, "</svg>")) + "\n"


def ratios_svg(ratios: Sequence[Ratio], title: str) -> str:
    """A row each: the median and spread of the ratio, and a tick at what it is to reach."""
    left, width = 490, 950
    height = _TOP + _ROW * len(ratios) + _BOTTOM
    low = min(0.5, *(ratio.ratio.low for ratio in ratios))
    most = max(max(ratio.ratio.high, ratio.least or 0.0) for ratio in ratios)
    across = _Axis(0.8 * low, 1.3 * most, left, width - 90, True)
    parts = [_head(title, width, height)]
    for tick in across.ticks():
        x = across.at(tick)
        parts.append(_line(x, _TOP - 6, x, height - _BOTTOM, _INK if tick == 1.0 else _GRID))
        parts.append(_text(x, height - _BOTTOM + 18, f"{_number(tick)} ×", "middle"))
    parts.append(
        _text(left, height - 12, "times as fast as the other; upright bar: at least; 1 ×: equal", "start")
    )
    for number, ratio in enumerate(ratios):
        y = _TOP + _ROW * (number + 0.5)
        found = ratio.ratio
        colour = _COLOURS[2] if ratio.met else _COLOURS[0] if ratio.met is None else _COLOURS[1]
        parts.append(_text(left - 10, y + 4, _short(f"{ratio.what} / {ratio.beside}"), "end"))
        parts.append(
            f'<line x1="{across.at(found.low):.1f}" y1="{y}" x2="{across.at(found.high):.1f}" y2="{y}" '
            f'stroke="{colour}" stroke-width="3" stroke-opacity="0.45"/>'
        )
        if ratio.least is not None:
            x = across.at(ratio.least)
            parts.append(f'<rect x="{x - 1:.1f}" y="{y - 9}" width="2" height="18" fill="{_INK}"/>')
        parts.append(f'<circle cx="{across.at(found.median):.1f}" cy="{y}" r="5" fill="{colour}"/>')
        parts.append(_text(width - 80, y + 4, f"{_number(found.median)} ×", "start", colour))
    return "\n".join((*parts, "</svg>")) + "\n"


def _head(title: str, width: int, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" {_STYLE} '
        f'fill="{_INK}">\n<title>{escape(title)}</title>\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n'
        f'<text x="16" y="24" font-size="15" font-weight="600">{escape(title)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = _INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _mark(number: int, x: float, y: float, colour: str) -> str:
    shape = number % 3
    if shape == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
    if shape == 1:
        return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"/>'
    return f'<path d="M{x:.1f} {y - 5:.1f} l5 9 h-10 z" fill="{colour}"/>'


def _apart(wanted: list[tuple[float, str]]) -> dict[str, float]:
    """Places of the names at the lines' ends, from above, none over another."""
    found, last = {}, -math.inf
    for y, name in sorted(wanted):
        last = max(y, last + 16.0)
        found[name] = last
    return found


def _number(value: float) -> str:
    """Two or three digits that count, thousands apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 10 else f"{value:.4g}" if value == round(value) else f"{value:.1f}"


def _short(text: str, most: int = 64) -> str:
    text = text.replace("`", "")
    return text if len(text) <= most else text[: most - 1] + "…"


def span(spread: Spread) -> str:
    """Median, and the least and most where they differ."""
    if len(spread.values) == 1 or spread.low == spread.high:
        return _number(spread.median)
    return f"{_number(spread.median)} ({_number(spread.low)} – {_number(spread.high)})"


number = _number

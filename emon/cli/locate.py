"""``emon locate``: where points and segments lie towards a zone."""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import os
import re
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, NoReturn

from emon.cli.progress import Progress
from emon.orders.tree import JsonObject, integer_of, object_of

if TYPE_CHECKING:
    from emon.geofence.locate import Locator, PointPlace, SegmentPlace

_EPILOG = """\
ZONE is a file with one zone as orders have it: a Polygon, MultiPolygon, Circle or Corridor, longitude first.
POINTS is either JSON Lines, each line a point or a segment,
  {"point": [4.4792, 51.9225]}
  {"segment": [[4.4792, 51.9225], [4.4801, 51.9230]]}
or CSV with the columns lon and lat; other columns are kept. The answers come in the same order and format:
relation inside, outside or on (within half a millimetre of the edge), distance_m to the edge, negative
inside; for a segment whether it touches the zone, and distance_m, 0 where it does.
A line that cannot be read stops it there with exit code 65 and the line's number; what came before has been
answered.

example:
  $ emon locate zone.json points.jsonl
  {"point":[4.4792,51.9225],"relation":"inside","distance_m":-55.037241}
  $ printf 'lon,lat\\n4.4792,51.9225\\n' | emon locate zone.json -
  lon,lat,relation,distance_m
  4.4792,51.9225,inside,-55.037241
"""

_JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*\Z", re.ASCII)


class Unreadable(ValueError):
    """A line of POINTS that says no position; the message says why."""


class Question(NamedTuple):
    """One line of POINTS: one position or two, and what is repeated in its answer."""

    ends: list[tuple[float, float]]
    echo: Any


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "locate",
        help="where points and segments lie towards a zone",
        description="Says of each point whether it lies inside a zone, outside or on its edge, and how far "
        "from the edge; of each segment whether it touches the zone.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("zone", metavar="ZONE", help="file with one zone (JSON); - reads standard input")
    parser.add_argument("points", metavar="POINTS", help="JSON Lines or CSV; - reads standard input")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from emon.cli import output_is_broken
    from emon.cli.refused import say_refused
    from emon.geofence.locate import Locator
    from emon.orders.document import DocumentRefused, parse_zone

    if args.zone == args.points == "-":
        print("emon locate: standard input is either ZONE or POINTS", file=sys.stderr)
        return os.EX_USAGE
    try:
        zone = parse_zone(sys.stdin.buffer.read() if args.zone == "-" else Path(args.zone).read_bytes())
    except OSError as fault:
        return _unopened(args.zone, fault)
    except DocumentRefused as refused:
        say_refused("locate", args.zone, refused)
        return os.EX_DATAERR
    locator = Locator(zone)
    if args.points == "-":
        return _answer_all(locator, sys.stdin.buffer, "standard input")
    try:
        with open(args.points, "rb") as stream:
            return _answer_all(locator, stream, args.points)
    except OSError as fault:
        if fault.filename is None and output_is_broken():
            raise
        return _unopened(args.points, fault)


def _unopened(path: object, fault: OSError) -> int:
    print(f"emon locate: {path}: {fault.strerror or fault}", file=sys.stderr)
    return os.EX_IOERR


def _answer_all(locator: Locator, stream: BinaryIO, name: str) -> int:
    """Answer line by line, some thousands at once, until the end or the first unreadable line."""
    from emon.limits import POINTS_AT_ONCE

    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    progress, size, done_bytes = Progress(sys.stderr), _size_of(stream), 0
    try:
        waiting: list[Question] = []
        number = 0
        form: CsvForm | JsonForm | None = None
        for number, line in enumerate(stream, start=1):
            done_bytes += len(line)
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                if not text.strip():
                    continue
                if form is None:
                    form = _form_of(text, name)
                    if form.takes_header(text):
                        out.write(form.header())
                        continue
                waiting.append(form.read(text))
            except ValueError as fault:
                _answer(locator, waiting, form, out)
                progress.clear()
                reason = "not UTF-8" if isinstance(fault, UnicodeDecodeError) else str(fault)
                print(f"emon locate: {name}: line {number}: {reason}", file=sys.stderr)
                return os.EX_DATAERR
            if len(waiting) == POINTS_AT_ONCE:
                _answer(locator, waiting, form, out)
                waiting = []
                progress.tick(number, done_bytes / size if size else None)
        _answer(locator, waiting, form, out)
        return os.EX_OK
    finally:
        progress.clear()
        out.detach()


def _size_of(stream: BinaryIO) -> int | None:
    """Bytes of a file; of a pipe nobody knows."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _answer(
    locator: Locator, questions: Sequence[Question], form: CsvForm | JsonForm | None, out: io.TextIOWrapper
) -> None:
    if form is None:
        return
    points = iter(locator.points([q.ends[0] for q in questions if len(q.ends) == 1]))
    segments = iter(locator.segments([(q.ends[0], q.ends[1]) for q in questions if len(q.ends) == 2]))
    for question in questions:
        if len(question.ends) == 1:
            out.write(form.write(question.echo, next(points)))
        else:
            out.write(form.write(question.echo, next(segments)))
    out.flush()  # who reads them from a pipe need not wait for more


def _form_of(first: str, name: str) -> CsvForm | JsonForm:
    """By the first line, where it leaves no doubt; else by the file's name, which says what was meant."""
    begins = first.lstrip()[0]
    if begins in "{[":
        return JsonForm()
    meant_json = Path(name).suffix.lower() in _JSON_SUFFIXES and begins != '"' and not _names(first)
    return JsonForm() if meant_json else CsvForm()


def _names(first: str) -> bool:
    """Whether it is the header of a CSV of positions."""
    return {"lon", "lat"} <= {cell.strip().lower() for cell in first.split(",")}


class JsonForm:
    """JSON Lines in, JSON Lines out."""

    def takes_header(self, _first: str) -> bool:
        return False

    def header(self) -> str:
        return ""

    def read(self, text: str) -> Question:
        try:
            value = json.loads(
                text, parse_constant=_no_constant, parse_int=integer_of, object_pairs_hook=object_of
            )
        except RecursionError:
            raise Unreadable("not JSON that can be read: nested too deeply") from None
        except ValueError as fault:
            raise Unreadable(f"not JSON: {fault}") from None
        if not isinstance(value, JsonObject) or ("point" in value) == ("segment" in value):
            raise Unreadable('neither {"point": [lon, lat]} nor {"segment": [[lon, lat], [lon, lat]]}')
        if value.repeated:
            raise Unreadable(f"the member {value.repeated[0]} stands twice")
        if "point" in value:
            return Question([_position(value["point"])], {"point": value["point"]})
        ends = value["segment"]
        if not isinstance(ends, list) or len(ends) != 2:
            raise Unreadable("a segment has two positions")
        return Question([_position(end) for end in ends], {"segment": ends})

    def write(self, echo: Any, place: PointPlace | SegmentPlace) -> str:
        answer = {**echo, **place._asdict(), "distance_m": _metres(place.distance_m)}
        return json.dumps(answer, separators=(",", ":")) + "\n"


class CsvForm:
    """CSV in, CSV out: the columns found by a header, or the first two where there is none."""

    def __init__(self) -> None:
        self._columns: list[str] = []
        self._lon, self._lat = 0, 1

    def takes_header(self, first: str) -> bool:
        """Whether the first line names columns; raises ``Unreadable`` where lon or lat is missing."""
        cells = _cells(first)
        if len(cells) >= 2 and all(_NUMBER.match(cell) for cell in cells[:2]):
            return False
        names = [cell.strip().lower() for cell in cells]
        if names.count("lon") != 1 or names.count("lat") != 1:
            raise Unreadable("CSV begins with a header that names the columns lon and lat once")
        self._columns, self._lon, self._lat = cells, names.index("lon"), names.index("lat")
        return True

    def header(self) -> str:
        return _row([*self._columns, "relation", "distance_m"])

    def read(self, text: str) -> Question:
        cells = _cells(text)
        if len(cells) <= max(self._lon, self._lat) or (self._columns and len(cells) != len(self._columns)):
            raise Unreadable(f"{len(cells)} columns, expected {len(self._columns) or 2}")
        pair = cells[self._lon], cells[self._lat]
        if not all(_NUMBER.match(cell) for cell in pair):
            raise Unreadable(f"lon and lat are numbers, not {pair[0]!r:.40} and {pair[1]!r:.40}")
        return Question([_position([float(cell) for cell in pair])], cells)

    def write(self, echo: Any, place: PointPlace | SegmentPlace) -> str:
        return _row([*echo, str(place[0]), repr(_metres(place.distance_m))])


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as fault:
        raise Unreadable(f"not CSV: {fault}") from None


def _row(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def _position(value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2 or not all(_is_number(item) for item in value):
        raise Unreadable("a position is [longitude, latitude], both numbers")
    lon, lat = value
    if not -180.0 <= lon <= 180.0:
        raise Unreadable("the longitude is beyond ±180")
    if not -90.0 <= lat <= 90.0:
        raise Unreadable("the latitude is beyond ±90")
    return float(lon), float(lat)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _metres(distance_m: float) -> float:
    """To the micrometre, without a minus before nothing."""
    return round(distance_m, 6) + 0.0

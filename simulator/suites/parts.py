"""A suite played in parts: each wearer is a pure function of seed, suite and number, so any process may
play him, and what comes of it is put together by number."""

from __future__ import annotations

import json
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from multiprocessing import resource_tracker
from pathlib import Path as File
from typing import Any, NamedTuple, TypeVar

from simulator.city.city import City
from simulator.city.generate import generated_city
from simulator.city.geojson import city_of_geojson
from simulator.people.calendar import Calendar
from simulator.scoring.reading import truth_of_facts
from simulator.suites.parameters import Parameters
from simulator.suites.played import Played, Track
from simulator.suites.playing import Cast, played, tracked

PART_WEARERS = 50
"""A part's wearers: enough to outweigh its handing over, few enough to show progress."""

Result = TypeVar("Result")
Casting = Callable[[City, Calendar, Parameters, tuple[int, str], int], list[Cast]]
Progress = Callable[[int, int], None]


class Part(NamedTuple):
    """The wearers from ``first`` on, so many ``wearers``, of a suite and seed."""

    name: str
    seed: int
    parameters: Parameters
    casting: Casting
    first: int
    wearers: int


def parts_of(name: str, seed: int, parameters: Parameters, casting: Casting) -> list[Part]:
    """All parts of a world, by number."""
    firsts = range(0, parameters.wearers, PART_WEARERS)
    return [
        Part(name, seed, parameters, casting, first, min(PART_WEARERS, parameters.wearers - first))
        for first in firsts
    ]


def play_part(part: Part) -> Played:
    """One part as a world of its own."""
    casts, tracks = tracks_of(part)
    return played_with(part, casts, tracks)


def tracks_of(part: Part) -> tuple[list[Cast], list[Track]]:
    """The people of a part, and what their devices took and sent by themselves."""
    chosen = part.parameters
    calendar = Calendar(chosen.first_day, chosen.days)
    city = city_for(part.seed, chosen.streets)
    names, span_s = (part.seed, part.name), (0.0, calendar.end_s)
    casts, tracks = [], []
    for index in range(part.first, part.first + part.wearers):
        own = part.casting(city, calendar, chosen, names, index)
        casts += own
        tracks += [tracked(cast, index, chosen, span_s, names) for cast in own]
    return casts, tracks


def played_with(part: Part, casts: Sequence[Cast], tracks: Sequence[Track]) -> Played:
    """The world in which these people's devices sent this, with its truth."""
    calendar = Calendar(part.parameters.first_day, part.parameters.days)
    span_s = (0.0, calendar.end_s)
    return played(part.name, part.seed, part.parameters, calendar.start_us, span_s, casts, tracks)


@lru_cache(maxsize=2)
def city_for(seed: int, streets: File | None) -> City:
    """The city of a seed, or of real streets, kept for the parts that follow."""
    return generated_city(seed) if streets is None else city_of_geojson(streets, seed)


def merged(parts: Sequence[Played]) -> Played:
    """The whole world of its parts in their order."""
    first = parts[0]
    if len(parts) == 1:
        return first
    orders = [order for part in parts for order in json.loads(part.orders)["orders"]]
    facts: list[Any] = [first.truth.world]
    for part in parts:
        truth = part.truth
        facts += [*truth.wearers.values(), *truth.stays, *truth.seen, *truth.held, *truth.rulings]
    return Played(
        first.name,
        first.seed,
        first.start_us,
        first.days,
        json.dumps({"orders": orders}, separators=(",", ":")).encode(),
        tuple(track for part in parts for track in part.tracks),
        tuple(condition for part in parts for condition in part.conditions),
        truth_of_facts(facts, first.truth.name),
        first.parameters,
    )


def each_part(
    work: Callable[[Part], Result], parts: Sequence[Part], workers: int, progress: Progress | None = None
) -> Iterator[Result]:
    """``work`` of every part, in their order, by so many processes; Ctrl-C ends them all.

    ``progress`` is told how many wearers of how many are done.
    """
    total, done = sum(part.wearers for part in parts), 0

    def told(part: Part) -> None:
        nonlocal done
        done += part.wearers
        if progress is not None:
            progress(done, total)

    if workers == 1 or len(parts) == 1:
        for part in parts:
            yield work(part)
            told(part)
        return
    # A fresh interpreter each: what a fork copies of threads and locks is never quite right.
    context = multiprocessing.get_context("spawn")
    # Ctrl-C is held back while they start, and they inherit that: who is still importing is as deaf as who
    # plays. What multiprocessing starts first would let it through again, and so is started before.
    resource_tracker.ensure_running()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        started = context.Pool(min(workers, len(parts)), _deaf)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    with started as pool:  # leaving the block ends the processes
        for part, result in zip(parts, pool.imap(partial(work), parts), strict=True):
            yield result
            told(part)


def _deaf() -> None:
    """Ctrl-C reaches the whole process group; the parent alone answers it, and ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

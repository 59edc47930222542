"""A world as files: orders.json, fixes.jsonl, truth.jsonl, and world.json about them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path as File
from typing import Any, NamedTuple

from emon import __version__
from emon.model.instant import format_instant
from simulator.scoring.facts import World
from simulator.scoring.writing import line_of
from simulator.suites.parts import Part, Progress, each_part, play_part
from simulator.suites.played import Played
from simulator.suites.playing import as_told

ORDERS, FIXES, TRUTH, WORLD = "orders.json", "fixes.jsonl", "truth.jsonl", "world.json"


class Written(NamedTuple):
    """What a part hands back beside its files: its orders as JSON without brackets, its wearers, counts."""

    orders: bytes
    wearers: list[dict[str, Any]]
    fixes: int
    stays: int
    start_us: int


def write_world(
    parts: Sequence[Part], folder: File, workers: int, progress: Progress | None = None
) -> dict[str, Any]:
    """Write the world of these parts into a folder, and say what there is. The same parts give the same
    bytes, whatever the number of workers.

    The files appear when all are whole; what was begun is removed when it is broken off. Raises
    ``OSError``, and ``WorldRefused`` where such people cannot live in this city.
    """
    folder.mkdir(parents=True, exist_ok=True)
    begun = {name: [_piece(folder, name, part) for part in parts] for name in (FIXES, TRUTH)}
    drafts = {name: folder / f"{name}.part" for name in (ORDERS, FIXES, TRUTH, WORLD)}
    try:
        found = list(each_part(partial(_written, folder=folder), parts, workers, progress))
        told = _about(parts[0], found)
        drafts[ORDERS].write_bytes(b'{"orders":[' + b",".join(part.orders for part in found) + b"]}")
        drafts[WORLD].write_bytes(_json(told | {"wearers": [w for part in found for w in part.wearers]}))
        drafts[TRUTH].write_text(line_of(World(parts[0].name, parts[0].seed)) + "\n", encoding="utf-8")
        for name, pieces in begun.items():
            with drafts[name].open("ab") as file:
                for piece in pieces:
                    with piece.open("rb") as source:
                        shutil.copyfileobj(source, file, 1 << 20)
                    piece.unlink()
        for name, draft in drafts.items():
            draft.replace(folder / name)
    finally:
        for piece in (*begun[FIXES], *begun[TRUTH], *drafts.values()):
            piece.unlink(missing_ok=True)
    return told


def _written(part: Part, folder: File) -> Written:
    """Play one part and write its fixes and truth; the rest is small and goes back."""
    world = play_part(part)
    fixes = 0
    with _piece(folder, FIXES, part).open("w", encoding="utf-8") as file:
        for track in world.tracks:
            file.write("\n".join(track.lines(world.start_us)) + "\n")
            fixes += len(track.fixes.t_s)
    _, *truth = world.truth_lines()
    _piece(folder, TRUTH, part).write_text("\n".join(truth) + "\n", encoding="utf-8")
    return Written(
        world.orders.removeprefix(b'{"orders":[').removesuffix(b"]}"),
        [_wearer(world, number) for number in range(len(world.tracks))],
        fixes,
        len(world.truth.stays),
        world.start_us,
    )


def _piece(folder: File, name: str, part: Part) -> File:
    return folder / f"{name}.part-{part.first}"


def _wearer(world: Played, number: int) -> dict[str, Any]:
    track = world.tracks[number]
    edges_m = [c.edge_m for c in world.conditions_of(track.wearer) if c.edge_m == c.edge_m]
    return {
        "wearer": track.wearer or None,
        "device": track.device,
        "receiver": track.receiver,
        "resampled": track.resampled,
        "edge_m": edges_m,
    }


def _about(part: Part, found: Sequence[Written]) -> dict[str, Any]:
    return {
        "suite": part.name,
        "seed": part.seed,
        "version": __version__,
        "start": format_instant(found[0].start_us),
        "parameters": as_told(part.parameters),
        "devices": sum(len(each.wearers) for each in found),
        "resampled": sum(wearer["resampled"] for each in found for wearer in each.wearers),
        "fixes": sum(each.fixes for each in found),
        "stays": sum(each.stays for each in found),
    }


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()

"""``emon replay`` on recorded tracks, against what the contract's words and the tracks themselves say.

Where a zone lies is drawn anew for each case; nothing of a track is kept.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from emon.cli import main
from tests.oracle.times import S, instant, text_of
from tests.oracle.tracks import Ban, faults, places_of, recorded, stored, swapped
from tests.soak import times_longer

Line = dict[str, Any]
TRACKS = (
    "city-scooter-bus-iphone",
    "daytrip-android",
    "daytrip-iphone",
    "istria-hike",
    "munich-car",
    "shanghai-ride",
    "stavanger-run",
    "still-home-iphone",
    "suburb-android",
    "swiss-train",
)
SEEDS = range(2 * times_longer())
FIXES = 300
FINDING = ("condition", "how", "opened_at", "closed_at", "certainty", "deepest_m")
WAYS = ("crossed", "reachable")


class Case:
    """Some fixes of a track, and a ban near one of them."""

    def __init__(self, folder: Path, tmp_path: Path, name: str, seed: int) -> None:
        self.chance = random.Random(f"{name} {seed}")
        self.track = recorded(folder, name, self.chance, FIXES)
        near = self.chance.choice(self.track)
        self.ban = Ban(self.chance, near["lon"], near["lat"])
        self.until = text_of(instant(self.track[-1]["t"]) + 4 * 3_600 * S)
        self._files = tmp_path / "orders.json", tmp_path / "fixes.jsonl"

    def order(self, **changes: Any) -> Line:
        condition = {"id": "c-1", "kind": "exclusion", "zone": self.ban.tree}
        return {
            "id": "o-1",
            "version": 1,
            "wearer": "w-1",
            "legal_basis": "schorsing",
            "valid_from": "2000-01-01T00:00:00Z",
            "conditions": [condition],
            **changes,
        }

    def replayed(
        self, orders: Sequence[Line], fixes: Sequence[Line], capsys: pytest.CaptureFixture[str]
    ) -> str:
        """The lines about ``o-1``, as they are printed."""
        self._files[0].write_text(json.dumps({"orders": orders}))
        self._files[1].write_text("".join(json.dumps(fix) + "\n" for fix in fixes))
        assert main(["replay", *map(str, self._files), "--until", self.until]) == 0
        lines = capsys.readouterr().out.splitlines()
        return "\n".join(line for line in lines if json.loads(line)["order"] == "o-1")


def breaches(text: str) -> list[Line]:
    lines = [json.loads(line) for line in text.splitlines()]
    return [line for line in lines if line["type"] == "breach"]


def findings(text: str, *, but: Sequence[str] = ()) -> list[str]:
    """What was found of each breach that stands: not when somebody heard of it."""
    lines = [line for line in breaches(text) if not line["refuted"] and line["how"] not in but]
    return sorted(str([line[name] for name in FINDING]) for line in lines)


@pytest.mark.tracks
@pytest.mark.parametrize("name", TRACKS)
def test_recorded_tracks_beside_and_across_a_ban(
    name: str, tracks_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in SEEDS:
        case = Case(tracks_folder, tmp_path, name, seed)
        chance, track = case.chance, case.track
        device = track[0]["device"]
        whole = case.replayed([case.order(device=device)], track, capsys)
        places = places_of(track, case.ban)
        found = list(faults(places, case.ban, breaches(whole)))
        assert not found, f"seed {seed}: {found[0]}"

        strangers = [fix | {"device": "d-9"} for fix in track[::7]]
        other = case.order(id="o-9", wearer="w-9", device="d-9")
        mixed = [*track, *strangers, *chance.sample(track, len(track) // 4)]
        chance.shuffle(mixed)
        assert case.replayed([other, case.order(device=device)], mixed, capsys) == whole

        # Which of two places is implausible that no journey joins hangs on which of them is heard first.
        whenever = [stored(track, chance), [fix | {"received_at": case.until} for fix in track]]
        for fixes in [] if any(place.odd for place in places) else whenever:
            assert findings(case.replayed([case.order(device=device)], fixes, capsys)) == findings(whole)

        swap = text_of(instant(chance.choice(track)["t"]))
        devices = [{"id": "d-1", "until": swap}, {"id": "d-2", "from": swap}]
        first = case.order(devices=[{"id": "d-1"}])
        second = case.order(devices=devices, version=2, armed_at=swap, valid_from=swap)
        for orders in ([case.order(devices=devices)], [first, second]):
            text = case.replayed(orders, swapped(track, instant(swap)), capsys)
            assert findings(text, but=WAYS) == findings(whole, but=WAYS)

"""Tracks as devices: read as recorded, moved to now, with bans on their way."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from emon.ingest.decode import decode
from emon.limits import FIXES_PER_MESSAGE_MAX
from emon.model.instant import SECOND_US, format_instant, parse_instant
from emon.model.order import CircleZone
from emon.orders.document import parse_document
from simulator.movement import distance_m, shifted
from simulator.tracks import Track, TracksRefused, ban_centre, bans, burst, fixes_lines, live, read_tracks
from tests.simulator.scenes import START_US

_HOME = (4.48, 51.92)
_RECORDED_US = parse_instant("2019-05-01T08:00:00Z")


def _line(seq: int, after_s: float, east_m: float, **changed: Any) -> dict[str, Any]:
    lon, lat = shifted(_HOME, east_m, 0.0)
    t = format_instant(_RECORDED_US + round(after_s * SECOND_US))[:-4] + "Z"
    return {"device": "track-a", "seq": seq, "t": t, "lat": lat, "lon": lon, "acc": 8.1, "acc68": 5} | changed


_LINES = [_line(1, 0.0, 0.0), _line(2, 10.0, 50.0), _line(3, 4.25, 20.0), _line(4, 30.0, 100.0)]
"""Four fixes over 30 s; the third was written late."""


def _file(folder: Path, name: str, lines: list[dict[str, Any]]) -> Path:
    path = folder / name
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def _track(folder: Path) -> Track:
    return read_tracks([_file(folder, "a.jsonl", _LINES)])[0]


def test_plain_and_packed_files_and_folders_are_read(tmp_path: Path) -> None:
    _file(tmp_path, "a.jsonl", _LINES)
    _file(tmp_path, "b.jsonl.gz", [line | {"device": "track-b"} for line in _LINES])
    (tmp_path / "README.md").write_text("not a track")
    tracks = read_tracks([tmp_path])
    assert [track.device for track in tracks] == ["track-a", "track-b"]
    assert [fix.body["seq"] for fix in tracks[0].fixes] == [1, 2, 3, 4]
    assert tracks[0].last_us - tracks[0].first_us == 30 * SECOND_US


def test_only_its_first_seconds(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.jsonl", _LINES)
    assert [fix.body["seq"] for fix in read_tracks([path], limit_s=5.0)[0].fixes] == [1, 3]


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"t": "yesterday"}, "a.jsonl:2"),
        ({"lat": "north"}, "a.jsonl:2"),
        ({"device": "no device!"}, "a.jsonl:2"),
        ({"device": "track-z"}, "holds 2 devices"),
    ],
)
def test_what_is_no_track_is_refused_by_file_and_line(
    tmp_path: Path, changed: dict[str, Any], place: str
) -> None:
    path = _file(tmp_path, "a.jsonl", [_LINES[0], _LINES[1] | changed])
    with pytest.raises(TracksRefused, match=place):
        read_tracks([path])


def test_broken_packing_doubled_devices_and_empty_folders_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(b"\x1f\x8bnot gzip")
    with pytest.raises(TracksRefused, match="not gzip"):
        read_tracks([broken])
    with pytest.raises(TracksRefused, match="two files"):
        read_tracks([_file(tmp_path, "a.jsonl", _LINES), _file(tmp_path, "b.jsonl", _LINES)])
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(TracksRefused, match=r"no \*\.jsonl"):
        read_tracks([empty])


def test_at_its_own_pace_each_fix_leaves_when_it_was_fixed(tmp_path: Path) -> None:
    dispatches = list(live(_track(tmp_path), START_US))
    assert [(d.at_us - START_US) / SECOND_US for d in dispatches] == [0.0, 10.0, 10.0, 30.0]
    stamps = [(parse_instant(d.bodies[0]["t"]) - START_US) / SECOND_US for d in dispatches]
    assert stamps == [0.0, 10.0, 4.25, 30.0]
    assert all("device" not in d.bodies[0] and d.bodies[0]["acc68"] == 5 for d in dispatches)


def test_faster_it_catches_up_with_the_present_and_nobody_speeds(tmp_path: Path) -> None:
    dispatches = list(live(_track(tmp_path), START_US, speed=10.0))
    assert [(d.at_us - START_US) / SECOND_US for d in dispatches] == [0.0, 1.0, 1.0, 3.0]
    stamps = [parse_instant(d.bodies[0]["t"]) for d in dispatches]
    assert stamps[-1] == dispatches[-1].at_us
    assert [(stamp - stamps[0]) / SECOND_US for stamp in stamps] == [0.0, 10.0, 4.25, 30.0]
    assert all(stamp <= d.at_us for stamp, d in zip(stamps, dispatches, strict=True))


def test_a_burst_is_the_whole_track_that_ends_now(tmp_path: Path) -> None:
    lines = [_line(number, float(number), float(number)) for number in range(1, FIXES_PER_MESSAGE_MAX + 6)]
    track = read_tracks([_file(tmp_path, "a.jsonl", lines)])[0]
    dispatches = list(burst(track, START_US))
    assert [len(d.bodies) for d in dispatches] == [FIXES_PER_MESSAGE_MAX, 5]
    assert {d.at_us for d in dispatches} == {START_US}
    assert parse_instant(dispatches[-1].bodies[-1]["t"]) == START_US
    decoded = [decode(d.topic, d.payload) for d in dispatches]
    assert [len(part.fixes) for part in decoded] == [FIXES_PER_MESSAGE_MAX, 5]
    assert [part.rejections for part in decoded] == [(), ()]


def test_lines_for_a_replay_carry_the_receipt(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in fixes_lines(list(live(_track(tmp_path), START_US)))]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    assert lines[2]["device"] == "track-a"
    assert parse_instant(lines[2]["received_at"]) == START_US + 10 * SECOND_US


def test_a_ban_lies_on_the_way_and_is_in_force_before_the_first_fix(tmp_path: Path) -> None:
    straight = [_line(number, float(number), 10.0 * number) for number in range(1, 12)]
    track = read_tracks([_file(tmp_path, "a.jsonl", straight)])[0]
    assert distance_m(ban_centre(track, 0.6), shifted(_HOME, 70.0, 0.0)) < 0.5
    assert ban_centre(track, 0.0) == track.fixes[0].point
    assert ban_centre(track, 1.0) == track.fixes[-1].point
    dispatches = list(burst(track, START_US))
    (version,) = parse_document(bans([track], dispatches, share=0.6, radius_m=150.0), armed_at_us=START_US)
    assert version.devices[0].device == "track-a"
    assert version.valid_from_us < START_US - 86_400 * SECOND_US
    zone = version.conditions[0].zone
    assert isinstance(zone, CircleZone)
    assert zone.radius_m == 150.0


def test_a_ban_avoids_fixes_that_claim_little(tmp_path: Path) -> None:
    """A fix of the mobile network 20 km away is no place where the wearer was."""
    lines = [_line(n, float(n), 10.0 * n) for n in range(1, 12)]
    lines.insert(5, _line(99, 5.5, 20_000.0, acc=1_500.0))
    track = read_tracks([_file(tmp_path, "a.jsonl", lines)])[0]
    assert distance_m(ban_centre(track, 0.6), _HOME) < 200.0


@pytest.mark.tracks
def test_the_recorded_tracks_are_read_moved_and_understood(tracks_folder: Path) -> None:
    tracks = read_tracks([tracks_folder])
    assert len(tracks) == 15
    for track in tracks:
        dispatches = list(burst(track, START_US))
        assert sum(len(d.bodies) for d in dispatches) == len(track.fixes)
        assert [decode(d.topic, d.payload).rejections for d in dispatches] == [()] * len(dispatches)
        own_pace = list(live(track, START_US))
        assert [d.at_us for d in own_pace] == sorted(d.at_us for d in own_pace)
        assert parse_document(bans([track], dispatches, share=0.6, radius_m=150.0), armed_at_us=START_US)

"""Conditions in plain words, as a court would read them aloud."""

from __future__ import annotations

from emon.court.conditions import condition_words, edge_of

_RING = [[4.47, 51.92], [4.48, 51.92], [4.48, 51.93], [4.47, 51.92]]
_HOLE = [[4.476, 51.922], [4.477, 51.922], [4.477, 51.923], [4.476, 51.922]]


def ban(zone: dict[str, object], **more: object) -> dict[str, object]:
    return {"id": "c-1", "kind": "exclusion", "zone": zone, **more}


def test_what_an_order_excepts_within_its_area_is_said() -> None:
    whole = condition_words(ban({"type": "Polygon", "coordinates": [_RING]}))
    one = condition_words(ban({"type": "Polygon", "coordinates": [_RING, _HOLE]}))
    two = condition_words(ban({"type": "Polygon", "coordinates": [_RING, _HOLE, _HOLE]}))
    assert "behalve" not in whole["nl"]
    assert "behalve het stuk daarbinnen" in one["nl"]
    assert "but for the 2 parts within it" in two["en"]


def test_exceptions_in_time_are_told_in_local_words() -> None:
    schedule = {
        "tz": "Europe/Amsterdam",
        "windows": [{"from": "22:00", "to": "06:00"}],
        "except": [{"from": "2026-05-01T10:00:00Z", "to": "2026-05-01T14:00:00+02:00", "reason": "werk"}],
    }
    circle = {"type": "Circle", "center": [4.48, 51.91], "radius_m": 500}
    said = condition_words(ban(circle, schedule=schedule))
    assert "behalve van 1 mei 2026 om 12:00:00 uur (UTC+02:00) tot 1 mei 2026 om 14:00:00 uur" in said["nl"]
    assert "T10:00" not in said["en"]


def test_places_west_and_south_are_named_so() -> None:
    said = condition_words(ban({"type": "Circle", "center": [-68.25, -12.5], "radius_m": 500}))
    assert "12,5 graden zuiderbreedte, 68,25 graden westerlengte" in said["nl"]
    assert "12.5 degrees south, 68.25 degrees west" in said["en"]


def test_the_corners_are_printed_so_that_distances_can_be_measured_again() -> None:
    polygon = ban({"type": "Polygon", "coordinates": [_RING, _HOLE]})
    outer, hole = (edge_of(polygon) or "").split(" | ")
    assert outer == "4.47 51.92 – 4.48 51.92 – 4.48 51.93 – 4.47 51.92"
    assert hole.startswith("4.476 51.922")
    assert edge_of(ban({"type": "Polygon", "coordinates": [_RING * 20]})) is None
    assert edge_of({"id": "c-5", "kind": "contact", "victim_device": "v-1"}) is None
    assert edge_of(None) is None

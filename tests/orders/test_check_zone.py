"""What ``emon check`` says of zones that can be armed but were hardly meant so, by place."""

from __future__ import annotations

import pytest

from emon.orders.check_zone import zone_remarks
from emon.orders.document import DocumentRefused, parse_zone
from tests.orders.documents import encode

SHELL = [[4.47, 51.91], [4.48, 51.91], [4.48, 51.92], [4.47, 51.92]]


def remarks(zone: object) -> dict[str, str]:
    return {remark.path: remark.message for remark in zone_remarks(parse_zone(encode(zone)), "zone")}


def polygon(*rings: list[list[float]]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def ring(west: float, south: float, size: float) -> list[list[float]]:
    return [[west, south], [west + size, south], [west + size, south + size], [west, south + size]]


def test_a_plain_zone_with_a_hole_gets_no_remark() -> None:
    assert remarks(polygon(SHELL, ring(4.473, 51.913, 0.002))) == {}


def test_vertices_that_no_distance_tells_apart_are_named() -> None:
    close = [*SHELL[:2], [4.48, 51.910000005], *SHELL[2:]]
    assert remarks(polygon(close)) == {
        "zone.coordinates[0][2]": "0.56 mm from the vertex before; they cannot be told apart"
    }
    twice = {"type": "Corridor", "coordinates": [SHELL[0], SHELL[0], SHELL[1]], "width_m": 100}
    assert "0 mm" in remarks(twice)["zone.coordinates[1]"]


def test_many_close_vertices_are_counted() -> None:
    many = [[4.47 + i * 1e-9, 51.91] for i in range(9)] + SHELL[1:]
    found = remarks(polygon(many))
    assert len(found) == 6
    assert found["zone.coordinates[0]"] == "3 more vertices cannot be told apart from those before"


def test_a_spike_is_named_by_its_tip_and_a_sharp_corner_is_none() -> None:
    spike = [SHELL[0], [4.475, 51.91], [4.475, 51.90], [4.475001, 51.91], *SHELL[1:]]
    (path,) = (path for path, said in remarks(polygon(spike)).items() if "spike" in said)
    assert path == "zone.coordinates[0][2]"
    assert remarks(polygon([[4.47, 51.91], [4.50, 51.91], [4.50, 51.912]])) == {}


@pytest.mark.parametrize(
    ("hole", "words"),
    [
        (ring(4.49, 51.913, 0.002), "lies outside its shell"),
        (ring(4.479, 51.913, 0.002), "reaches beyond its shell"),
    ],
)
def test_a_hole_that_is_not_in_its_shell_is_named(hole: list[list[float]], words: str) -> None:
    found = remarks(polygon(SHELL, ring(4.472, 51.912, 0.001), hole))
    assert list(found) == ["zone.coordinates[2]"]
    assert words in found["zone.coordinates[2]"]


def test_a_hole_is_found_in_its_shell_across_the_180th_meridian() -> None:
    shell = [[179.99, -17.0], [-179.99, -17.0], [-179.99, -16.98], [179.99, -16.98]]
    assert remarks(polygon(shell, ring(-179.998, -16.995, 0.002))) == {}
    assert "outside" in remarks(polygon(shell, ring(-179.98, -16.995, 0.002)))["zone.coordinates[1]"]


def test_the_parts_of_a_multipolygon_are_named_by_number() -> None:
    zone = {"type": "MultiPolygon", "coordinates": [[SHELL], [ring(4.5, 51.91, 0.01), ring(4.6, 51.9, 0.01)]]}
    assert list(remarks(zone)) == ["zone.coordinates[1][1]"]


@pytest.mark.parametrize(
    ("zone", "place", "words"),
    [
        (polygon([SHELL[0], SHELL[2], SHELL[1], SHELL[3]]), "coordinates[0][", "crosses itself"),
        (polygon([[4.47, 51.91], [4.48, 51.91], [4.49, 51.91]]), "coordinates[0]", "encloses no area"),
        (polygon([*SHELL, [4.46, 51.92], [4.47, 51.92]]), "coordinates[0][", "crosses itself"),
        (
            polygon([[51.91, 95.0], [51.92, 95.0], [51.92, 95.1]]),
            "coordinates[0][0]",
            "longitude comes first",
        ),
        ({"type": "Circle", "center": [4.5, 52.0], "radius_m": 300_001}, "radius_m", "300000"),
        (polygon(SHELL, SHELL), "coordinates: ", "leave nothing"),
        (polygon(SHELL, ring(4.46, 51.90, 0.05)), "coordinates: ", "leave nothing"),
        (
            {"type": "MultiPolygon", "coordinates": [[ring(4.5, 51.9, 0.01)], [SHELL, SHELL[::-1]]]},
            "coordinates[1]: ",
            "leave nothing",
        ),
    ],
    ids=[
        "bow tie",
        "no area",
        "spike without width",
        "latitude",
        "too large",
        "all hole",
        "larger hole",
        "part",
    ],
)
def test_what_cannot_be_armed_is_refused_by_its_place(zone: object, place: str, words: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        parse_zone(encode(zone))
    assert place in str(refused.value)
    assert words in str(refused.value)

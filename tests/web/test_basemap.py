"""The coarse map's making: TopoJSON, clipping, places."""

from __future__ import annotations

import json

from scripts import basemap

#   two countries, one border in common
#   +---+---+
#   | A | B |
#   +---+---+
TOPOLOGY = json.dumps(
    {
        "transform": {"scale": [1, 1], "translate": [0, 0]},
        "arcs": [[[1, 0], [0, 1]], [[1, 1], [-1, 0], [0, -1], [1, 0]], [[1, 0], [1, 0], [0, 1], [-1, 0]]],
        "objects": {
            "countries": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[0, 1]]},
                    {"type": "MultiPolygon", "arcs": [[[2, -1]]]},
                ],
            },
            "land": {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "arcs": [[1, 2]]}]},
        },
    }
).encode()


def test_land_and_borders_come_out_of_shared_arcs() -> None:
    features = basemap.world(TOPOLOGY, TOPOLOGY)["features"]
    kinds = [feature["properties"]["kind"] for feature in features]
    assert kinds == ["land", "border"]
    assert features[1]["geometry"]["coordinates"] == [[1, 0], [1, 1]]


def test_waters_are_cut_at_the_box_and_far_ones_left_out() -> None:
    near = [[7.0, 52.0], [9.0, 52.0], [9.0, 53.0], [7.0, 53.0], [7.0, 52.0]]
    far = [[20.0, 10.0], [21.0, 10.0], [21.0, 11.0], [20.0, 10.0]]
    waters = json.dumps(
        {"geometries": [{"type": "MultiPolygon", "coordinates": [[near], [far]]}]}, separators=(",", ":")
    )
    drawn = basemap.detail(waters.encode(), b"")["features"]
    assert [feature["properties"]["kind"] for feature in drawn] == ["ground", "water"]
    (ring,) = drawn[1]["geometry"]["coordinates"]
    assert {lon for lon, _ in ring} == {7.0, 8.0}
    assert ring[0] == ring[-1]


def varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(high) if high else bytes([low])


def place(name: str, country: str, population: int, lon: int, lat: int) -> bytes:
    """A message of the package: names as text, the coordinates zigzag-coded steps of 1e-5 degrees."""
    texts = b"".join(varint(n << 3 | 2) + varint(len(t)) + t.encode() for n, t in ((2, name), (3, country)))
    zigzag = [(n << 1) ^ (n >> 63) for n in (lon, lat)]
    numbers = b"".join(
        varint(n << 3) + varint(v) for n, v in ((9, population), (10, zigzag[0]), (11, zigzag[1]))
    )
    return varint(len(texts + numbers)) + texts + numbers


def test_places_add_up_their_steps_and_only_the_detail_country_is_named() -> None:
    data = (
        place("Antwerpen", "BE", 500_000, 440_000, 5_122_000)
        + place("Rotterdam", "NL", 598_000, 7_900, 70_300)
        + place("Empty", "NL", 0, 0, 0)
        + place("Delft", "NL", 100_000, -12_200, 8_700)
    )
    drawn = [f for f in basemap.detail(b"", data)["features"] if f["properties"]["kind"] == "place"]
    assert [f["properties"]["name"] for f in drawn] == ["Rotterdam", "Delft"]
    assert [f["geometry"]["coordinates"] for f in drawn] == [[4.479, 51.923], [4.357, 52.01]]

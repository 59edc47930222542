// Shapes for the map: circles in true metres, bounds, the lines of degrees.

import { number, say } from "./texts.js";

const CORNERS = 72;
const A_M = 6_378_137; // WGS84
const E2 = 6.69437999014e-3;

/** Metres of one radian of latitude and of longitude at a latitude, on the WGS84 ellipsoid. */
function radii_m(lat) {
  const s = Math.sin((lat * Math.PI) / 180);
  const w = Math.sqrt(1 - E2 * s * s);
  return { north: (A_M * (1 - E2)) / w ** 3, east: (A_M / w) * Math.cos((lat * Math.PI) / 180) };
}

/** A circle of `radius_m` as a GeoJSON polygon; flat, good to a part in a thousand up to 100 km. */
export function circle(lon, lat, radius_m) {
  const { north, east } = radii_m(lat);
  const degrees = 180 / Math.PI;
  const ring = [];
  for (let corner = 0; corner <= CORNERS; corner += 1) {
    const angle = (2 * Math.PI * corner) / CORNERS;
    ring.push([lon + (radius_m / east) * Math.sin(angle) * degrees, lat + (radius_m / north) * Math.cos(angle) * degrees]);
  }
  return { type: "Polygon", coordinates: [ring] };
}

/** Metres from a place to the edge of a Polygon or MultiPolygon, negative inside; flat, for the eye alone. */
export function edge_m(area, lon, lat) {
  const { north, east } = radii_m(lat);
  const flat = ([x, y]) => [((((x - lon + 540) % 360) - 180) * Math.PI * east) / 180, ((y - lat) * Math.PI * north) / 180];
  const parts = area.type === "MultiPolygon" ? area.coordinates : [area.coordinates];
  let nearest = Infinity;
  let inside = false;
  for (const ring of parts.flat()) {
    const corners = ring.map(flat);
    for (let place = 1; place < corners.length; place += 1) {
      const [[ax, ay], [bx, by]] = [corners[place - 1], corners[place]];
      const [dx, dy] = [bx - ax, by - ay];
      const along = dx === 0 && dy === 0 ? 0 : Math.min(1, Math.max(0, -(ax * dx + ay * dy) / (dx * dx + dy * dy)));
      nearest = Math.min(nearest, Math.hypot(ax + along * dx, ay + along * dy));
      if (ay > 0 !== by > 0 && ax - (ay * dx) / dy > 0) inside = !inside;
    }
  }
  return inside ? -nearest : nearest;
}

/** [[west, south], [east, north]] of nested coordinates, joined with `box`; null where there are none. */
export function extend(box, coordinates) {
  if (coordinates.length === 0) return box;
  if (typeof coordinates[0] !== "number") return coordinates.reduce(extend, box);
  const [lon, lat] = coordinates;
  if (box === null) return [[lon, lat], [lon, lat]];
  return [[Math.min(box[0][0], lon), Math.min(box[0][1], lat)], [Math.max(box[1][0], lon), Math.max(box[1][1], lat)]];
}

const STEPS_DEG = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
const LINES_MAX = 9;

/** Meridians and parallels within the bounds, some eight each way, named by their degrees. */
export function graticule(west, south, east, north) {
  const step = STEPS_DEG.findLast((one) => (east - west) / one <= LINES_MAX) ?? 30;
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const features = [];
  const add = (coordinates, name) => features.push({ type: "Feature", properties: { name }, geometry: { type: "LineString", coordinates } });
  for (let k = Math.ceil(west / step); k * step <= east; k += 1) {
    const lon = k * step;
    add([[lon, Math.max(south, -85)], [lon, Math.min(north, 85)]], `${number(Math.abs(lon), digits)}° ${say(lon < 0 ? "compass.west" : "compass.east")}`);
  }
  for (let k = Math.ceil(Math.max(south, -85) / step); k * step <= Math.min(north, 85); k += 1) {
    const lat = k * step;
    add([[west, lat], [east, lat]], `${number(Math.abs(lat), digits)}° ${say(lat < 0 ? "compass.south" : "compass.north")}`);
  }
  return { type: "FeatureCollection", features };
}

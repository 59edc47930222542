// How the map looks, by day and by night. No glyph server and no tiles: letters are drawn here.

const DAY = {
  sea: "#c9dbe8", land: "#f3f1ec", ground: "#f5f3ee", water: "#c3d9e9", border: "#b9b3a8", grid: "#8a97a3",
  place: "#59636e", halo: "#ffffff", ink: "#1c242d", ban: "#c8321f", idle: "#7c8490", wearer: "#1f5fa8", hers: "#7a3e9d", stale: "#8a6d1f", breach: "#c8321f", trail: "#1f5fa8",
};
const NIGHT = {
  sea: "#0e1820", land: "#1b232b", ground: "#1b232b", water: "#0f1c27", border: "#3d4853", grid: "#5a6977",
  place: "#93a0ac", halo: "#12181e", ink: "#e8edf2", ban: "#ff6a55", idle: "#8f99a5", wearer: "#6db1ff", hers: "#cf9bf0", stale: "#d9b14a", breach: "#ff6a55", trail: "#6db1ff",
};
const FONT = ["system-ui, sans-serif"];

const empty = () => ({ type: "FeatureCollection", features: [] });
const kind = (...kinds) => ["in", ["get", "kind"], ["literal", kinds]];

/** Names of the sources whose data the page sets. */
export const LIVE_SOURCES = ["grid", "zones", "buffers", "zone-names", "trails", "contacts", "accuracy", "wearers", "carriers"];

function base(c) {
  return [
    { id: "sea", type: "background", paint: { "background-color": c.sea } },
    { id: "land", type: "fill", source: "world", filter: kind("land"), paint: { "fill-color": c.land } },
    { id: "ground", type: "fill", source: "detail", minzoom: 6, filter: kind("ground"), paint: { "fill-color": c.ground } },
    // Right to a kilometre: gone before anybody could take it for the river's bank.
    { id: "water", type: "fill", source: "detail", minzoom: 6, maxzoom: 11, filter: kind("water"), paint: { "fill-color": c.water, "fill-antialias": false, "fill-opacity": ["interpolate", ["linear"], ["zoom"], 9.5, 1, 11, 0] } },
    { id: "border", type: "line", source: "world", filter: kind("border"), paint: { "line-color": c.border, "line-width": 1, "line-dasharray": [4, 3] } },
    { id: "grid", type: "line", source: "grid", paint: { "line-color": c.grid, "line-width": 0.5, "line-opacity": 0.4 } },
    { id: "grid-names", type: "symbol", source: "grid", layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-font": FONT, "text-size": 10 }, paint: { "text-color": c.grid, "text-halo-color": c.halo, "text-halo-width": 1 } },
    ...places(c),
  ];
}

function places(c) {
  const layer = (id, minzoom, maxzoom, least, size) => ({
    id, type: "symbol", source: "detail", minzoom, ...(maxzoom ? { maxzoom } : {}),
    filter: ["all", kind("place"), [">=", ["get", "population"], least]],
    layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": size, "symbol-sort-key": ["-", ["get", "population"]], "text-padding": 6 },
    paint: { "text-color": c.place, "text-halo-color": c.halo, "text-halo-width": 1.4 },
  });
  return [layer("towns", 6, 9, 100_000, 12), layer("villages", 9, 11, 20_000, 12), layer("quarters", 11, null, 0, 12)];
}

function bans(c) {
  const colour = ["case", ["get", "active"], c.ban, c.idle];
  return [
    { id: "buffers", type: "line", source: "buffers", paint: { "line-color": colour, "line-width": 1.5, "line-dasharray": [3, 2.5], "line-opacity": 0.9 } },
    { id: "zones", type: "fill", source: "zones", paint: { "fill-color": colour, "fill-opacity": ["case", ["get", "breached"], 0.34, ["get", "active"], 0.17, 0.09] } },
    { id: "zone-edges", type: "line", source: "zones", paint: { "line-color": colour, "line-width": ["case", ["get", "breached"], 3.5, 1.8] } },
  ];
}

function people(c) {
  const colour = ["case", ["get", "breach"], c.breach, ["get", "stale"], c.stale, c.wearer];
  const text = { "text-font": FONT, "text-size": 12, "text-allow-overlap": false };
  const paint = { "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 1.6 };
  return [
    { id: "trail", type: "line", source: "trails", filter: ["!", ["get", "gap"]], paint: { "line-color": c.trail, "line-width": 2, "line-opacity": 0.7 } },
    { id: "trail-gap", type: "line", source: "trails", filter: ["get", "gap"], paint: { "line-color": c.trail, "line-width": 2, "line-opacity": 0.6, "line-dasharray": [0.5, 2.5] } },
    { id: "contacts", type: "line", source: "contacts", filter: ["==", ["get", "what"], "radius"], paint: { "line-color": c.hers, "line-width": 2, "line-dasharray": [4, 2] } },
    { id: "contact-accuracy", type: "fill", source: "contacts", filter: ["==", ["get", "what"], "accuracy"], paint: { "fill-color": c.hers, "fill-opacity": 0.16 } },
    { id: "carriers", type: "circle", source: "carriers", paint: { "circle-radius": 6, "circle-color": ["case", ["get", "stale"], c.stale, c.hers], "circle-stroke-color": c.halo, "circle-stroke-width": 2 } },
    { id: "carrier-names", type: "symbol", source: "carriers", layout: { ...text, "text-field": ["get", "name"], "text-size": 11, "text-anchor": "top", "text-offset": [0, 0.9] }, paint: { ...paint, "text-color": c.hers } },
    { id: "accuracy", type: "fill", source: "accuracy", paint: { "fill-color": colour, "fill-opacity": 0.16 } },
    { id: "accuracy-edge", type: "line", source: "accuracy", paint: { "line-color": colour, "line-width": 1.2, "line-opacity": 0.8 } },
    { id: "selected", type: "circle", source: "wearers", filter: ["get", "selected"], paint: { "circle-radius": 13, "circle-color": "rgba(0,0,0,0)", "circle-stroke-color": c.ink, "circle-stroke-width": 2 } },
    { id: "wearer-breach", type: "circle", source: "wearers", filter: ["get", "breach"], paint: { "circle-radius": 12, "circle-color": c.breach, "circle-opacity": 0.25 } },
    { id: "wearers", type: "circle", source: "wearers", paint: { "circle-radius": 6, "circle-color": colour, "circle-stroke-color": c.halo, "circle-stroke-width": 2, "circle-opacity": ["case", ["get", "stale"], 0.7, 1] } },
    { id: "zone-names", type: "symbol", source: "zone-names", minzoom: 9, layout: { ...text, "text-field": ["get", "name"], "text-size": 11, "text-max-width": 14, "text-anchor": "bottom", "text-offset": [0, -0.3] }, paint: { ...paint, "text-color": ["case", ["get", "active"], c.ban, c.idle] } },
    { id: "wearer-names", type: "symbol", source: "wearers", layout: { ...text, "text-field": ["get", "name"], "text-size": 13, "text-anchor": "top", "text-offset": [0, 0.9], "text-optional": true, "symbol-sort-key": ["case", ["get", "breach"], 0, 1] }, paint },
  ];
}

/** The whole style; `data` holds what the live sources show now. */
export function mapStyle(isDark, data) {
  const c = isDark ? NIGHT : DAY;
  const sources = {
    world: { type: "geojson", data: new URL("../vendor/world.json", import.meta.url).href, attribution: "Natural Earth" },
    detail: { type: "geojson", data: new URL("../vendor/detail.json", import.meta.url).href, tolerance: 0.2, attribution: "© OpenStreetMap contributors, GeoNames" },
  };
  for (const name of LIVE_SOURCES) sources[name] = { type: "geojson", data: data[name] ?? empty() };
  return { version: 8, sources, layers: [...base(c), ...bans(c), ...people(c)] };
}

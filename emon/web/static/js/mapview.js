// The map: zones, wearers with the circle that holds them in 95 of 100 cases, open breaches.

import { circle, extend, graticule } from "./geometry.js";
import { mapStyle } from "./mapstyle.js";
import { say } from "./texts.js";
import { ageText } from "./time.js";
import { isStale, STALE_MS, wearerCard } from "./wearerlist.js";
import { kindWords } from "./words.js";

const HOME = { center: [5.2, 52.1], zoom: 6.4 }; // the Netherlands, while nobody is watched
const FLY_ZOOM_MAX = 15;
const CROWD = 300; // wearers, above which each drawing takes a good part of a second's work

/** What the library's own controls are called. */
const locale = () => ({
  "Map.Title": say("map.name"), "NavigationControl.ZoomIn": say("map.zoom_in"), "NavigationControl.ZoomOut": say("map.zoom_out"),
  "AttributionControl.ToggleAttribution": say("map.attribution"), "Popup.Close": say("map.close_card"),
});

const feature = (geometry, properties) => ({ type: "Feature", geometry, properties });
const collection = (features) => ({ type: "FeatureCollection", features });

export class MapView {
  constructor(root, state, isDark, onSelect) {
    this.root = root;
    this.state = state;
    this.isDark = isDark;
    this.onSelect = onSelect;
    this.data = {};
    this.map = null;
    this.popup = null;
    this.pending = null;
    this.withTrails = false;
    this.wasFitted = false;
    this.queued = new Set();
  }

  /** Load the library and draw. Rejects when it is not installed or there is no WebGL. */
  async open() {
    const library = await import("../vendor/maplibre-gl.mjs");
    library.setWorkerUrl(new URL("../vendor/maplibre-gl-worker.mjs", import.meta.url).href);
    this.library = library;
    this.map = new library.Map({ container: this.root, style: mapStyle(this.isDark, this.data), ...HOME, attributionControl: false, dragRotate: false, pitchWithRotate: false, maxPitch: 0, renderWorldCopies: false, locale: locale() });
    this.map.addControl(new library.NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new library.ScaleControl({ maxWidth: 140 }), "bottom-right");
    this.map.addControl(new library.AttributionControl({ compact: true }), "bottom-right");
    this.map.touchZoomRotate.disableRotation();
    this.map.on("moveend", () => this.#grid());
    this.map.on("render", () => { delete this.root.dataset.drawn; });
    this.map.on("idle", () => { this.root.dataset.drawn = "true"; });
    this.map.on("click", "wearers", (event) => this.onSelect(event.features[0].properties.wearer));
    this.map.on("mouseenter", "wearers", () => { this.map.getCanvas().style.cursor = "pointer"; });
    this.map.on("mouseleave", "wearers", () => { this.map.getCanvas().style.cursor = ""; });
    await this.map.once("load");
    this.root.querySelector(".maplibregl-compact-show")?.classList.remove("maplibregl-compact-show");
    this.#grid();
    this.drawZones();
    this.drawPositions();
  }

  setDark(isDark) {
    this.isDark = isDark;
    this.map?.setStyle(mapStyle(isDark, this.data), { diff: false });
  }

  setTrails(withTrails) {
    this.withTrails = withTrails;
    this.drawPositions();
  }

  // Many events of one frame draw once.
  #set(name, data) {
    this.data[name] = data;
    if (this.map === null || this.queued.has(name)) return;
    this.queued.add(name);
    requestAnimationFrame(() => {
      this.queued.delete(name);
      this.map.getSource(name)?.setData(this.data[name]);
    });
  }

  #grid() {
    const bounds = this.map.getBounds();
    this.#set("grid", graticule(bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()));
  }

  drawZones() {
    const breached = new Set([...this.state.openBreaches().values()].flat().map((breach) => `${breach.order}/${breach.condition}`));
    const drawn = this.state.conditions.filter((condition) => condition.zone !== null);
    const about = (one) => ({ active: one.active, breached: breached.has(`${one.order}/${one.condition}`), name: `${one.order}/${one.condition}\n${kindWords(one.kind)}${one.active ? "" : `, ${say("map.not_now")}`}${one.secret ? `, ${say("map.secret")}` : ""}` });
    this.#set("zones", collection(drawn.map((one) => feature(one.zone, about(one)))));
    this.#set("buffers", collection(drawn.filter((one) => one.buffer !== null).map((one) => feature(one.buffer, about(one)))));
    this.#set("zone-names", collection(drawn.map((one) => feature({ type: "Point", coordinates: one.label_at }, about(one)))));
    this.#fitOnce();
  }

  /** After news of positions: at once where few are watched, once a second where many are. */
  drawPositionsSoon() {
    if (this.state.wearers.size <= CROWD) return this.drawPositions();
    this.pending ??= setTimeout(() => this.drawPositions(), 1000);
  }

  drawPositions() {
    clearTimeout(this.pending);
    this.pending = null;
    const open = this.state.openBreaches();
    const seen = [...this.state.wearers.values()].filter((wearer) => wearer.position !== null);
    const about = (wearer) => ({ wearer: wearer.wearer, name: wearer.wearer, breach: open.has(wearer.wearer), stale: isStale(wearer.position), selected: wearer.wearer === this.state.selected });
    this.#set("accuracy", collection(seen.map((wearer) => feature(circle(wearer.position.lon, wearer.position.lat, wearer.position.accuracy_m), about(wearer)))));
    this.#set("wearers", collection(seen.map((wearer) => feature({ type: "Point", coordinates: [wearer.position.lon, wearer.position.lat] }, about(wearer)))));
    this.#set("trails", collection(this.withTrails ? this.#trails() : []));
    this.#movePopup();
    this.#fitOnce();
  }

  /** Each contact ban's radius around where the protected person was last seen; `carried` as the API gives it. */
  drawProtected(carried) {
    const seen = carried.filter((one) => one.position !== null);
    const at = (one) => [one.position.lon, one.position.lat];
    this.#set("contacts", collection(seen.flatMap((one) => [
      feature(circle(...at(one), one.radius_m), { what: "radius" }),
      feature(circle(...at(one), one.position.accuracy_m), { what: "accuracy" })])));
    this.#set("carriers", collection(seen.map((one) => feature({ type: "Point", coordinates: at(one) },
      { stale: isStale(one.position), name: `${one.order}/${one.condition}\n${say("map.hers", { age: ageText(one.position.fixed_at) })}` }))));
  }

  // Straight pieces between fixes, dotted where the gap is long: the line is not the way that was taken.
  #trails() {
    const pieces = [];
    for (const trail of this.state.trails.values()) {
      for (let place = 1; place < trail.length; place += 1) {
        const [a, b] = [trail[place - 1], trail[place]];
        pieces.push(feature({ type: "LineString", coordinates: [[a.lon, a.lat], [b.lon, b.lat]] }, { gap: b.at_ms - a.at_ms > STALE_MS }));
      }
    }
    return pieces;
  }

  #fitOnce() {
    if (this.wasFitted || this.map === null || (this.state.conditions.length === 0 && this.state.wearers.size === 0)) return;
    this.wasFitted = true;
    this.fit(false);
  }

  /** Everything that is watched, in view. */
  fit(moving = true) {
    let box = null;
    for (const condition of this.state.conditions) if (condition.zone !== null) box = extend(box, (condition.buffer ?? condition.zone).coordinates);
    for (const wearer of this.state.wearers.values()) if (wearer.position !== null) box = extend(box, [wearer.position.lon, wearer.position.lat]);
    this.#go(box, moving);
  }

  /** Where an alert is: its ban, and where its wearer is now. */
  showAlert(alert) {
    const condition = this.state.conditions.find((one) => one.order === alert.order && one.condition === alert.condition);
    const position = this.state.wearers.get(alert.wearer)?.position ?? null;
    let box = condition?.zone ? extend(null, condition.zone.coordinates) : null;
    if (position !== null) box = extend(box, [position.lon, position.lat]);
    this.#go(box, true);
  }

  showWearer(wearer) {
    const position = wearer.position;
    if (position !== null) this.#go(extend(null, circle(position.lon, position.lat, Math.max(position.accuracy_m, 150)).coordinates), true);
  }

  #go(box, moving) {
    if (box === null || this.map === null) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map.fitBounds(box, { padding: 70, maxZoom: FLY_ZOOM_MAX, duration: moving && !calm ? 900 : 0 });
  }

  /** The card of the selected wearer, or none. */
  drawSelected() {
    const before = this.popup;
    this.popup = null; // first: its own closing is no person's
    before?.remove();
    const wearer = this.state.wearers.get(this.state.selected);
    if (this.map !== null && wearer?.position) {
      this.popup = new this.library.Popup({ closeButton: true, closeOnClick: false, offset: 14, maxWidth: "280px", focusAfterOpen: false })
        .setLngLat([wearer.position.lon, wearer.position.lat])
        .setDOMContent(wearerCard(wearer, this.state.conditions))
        .addTo(this.map);
      const popup = this.popup;
      popup.on("close", () => { if (this.popup === popup) this.onSelect(null); });
    }
    this.drawPositions();
  }

  #movePopup() {
    const wearer = this.state.wearers.get(this.state.selected);
    if (this.popup === null || !wearer?.position) return;
    this.popup.setLngLat([wearer.position.lon, wearer.position.lat]).setDOMContent(wearerCard(wearer, this.state.conditions));
  }
}

// The list of wearers: who is watched, where, how old the position is.

import { make } from "./dom.js";
import { edge_m } from "./geometry.js";
import { number, parts, say } from "./texts.js";
import { ageNode, durationText, now_ms, timeNode } from "./time.js";
import { riskWords, sourceWords } from "./words.js";

export const STALE_MS = 5 * 60_000; // a gap beyond it is "missing" in the field's practice

/** Whether a position is too old to say where somebody is. */
export const isStale = (position) => now_ms() - Date.parse(position.fixed_at) > STALE_MS;

export class WearerList {
  constructor(root, empty, state, onShow) {
    this.root = root;
    this.empty = empty;
    this.state = state;
    this.onShow = onShow;
  }

  draw() {
    const open = this.state.openBreaches();
    const rank = (wearer) => (open.has(wearer.wearer) ? 0 : { high: 1, medium: 2, low: 3 }[wearer.risk]);
    const sorted = [...this.state.wearers.values()].sort((a, b) => rank(a) - rank(b) || (a.wearer < b.wearer ? -1 : 1));
    const focused = this.root.contains(document.activeElement) ? document.activeElement.dataset.wearer : null;
    this.root.replaceChildren(...sorted.map((wearer) => this.#row(wearer, open.get(wearer.wearer) ?? [])));
    this.empty.hidden = sorted.length > 0;
    if (focused) this.root.querySelector(`[data-wearer="${CSS.escape(focused)}"]`)?.focus();
  }

  #row(wearer, breaches) {
    const position = wearer.position;
    const stale = position !== null && isStale(position);
    const selected = this.state.selected === wearer.wearer;
    return make("li", {},
      make("button", { class: `wearer${breaches.length > 0 ? " in-breach" : ""}${stale ? " is-stale" : ""}`, type: "button", "aria-pressed": String(selected), data: { wearer: wearer.wearer }, on: { click: () => this.onShow(wearer) } },
        make("span", { class: "wearer-top" },
          make("strong", { text: wearer.wearer }),
          make("span", { class: `mark-chip risk-${wearer.risk}`, text: riskWords(wearer.risk) }),
          breaches.length > 0 ? make("span", { class: "mark-chip goes-on-chip", text: say("wearer.breach") }) : null,
          position?.online === false ? make("span", { class: "mark-chip", text: say("wearer.offline") }) : null),
        make("span", { class: "quiet" },
          position === null
            ? wearer.devices.length === 0 ? say("wearer.no_device") : say("wearer.no_position", { devices: wearer.devices.join(", ") })
            : [...parts("wearer.fix", { age: ageNode(position.fixed_at) }), ` · ±${number(Math.round(position.accuracy_m))} m · ${sourceWords(position.source)}`])));
  }
}

const WALK_M_S = 1000 / 720; // as in the alerts' texts (emon/limits.py): 1 km is 12 minutes on foot
const DRIVE_M_S = 1000 / 36; // and 36 seconds by car
const MOVING_MIN_M_S = 0.5;
const WAYS_SHOWN = 3;

/** How far the nearest bans that hold now are, and how soon he can be there. */
function ways(position, conditions) {
  const found = conditions.filter((one) => one.active && one.kind === "exclusion" && one.zone !== null)
    .map((one) => [say("way.to", { ban: `${one.order}/${one.condition}` }), edge_m(one.zone, position.lon, position.lat)])
    .sort((a, b) => a[1] - b[1]).slice(0, WAYS_SHOWN);
  const metres = (m) => (m >= 1000 ? `${number(m / 1000, 1)} km` : `${Math.ceil(m)} m`);
  const span = (m, m_s) => durationText(Math.ceil(m / m_s) * 1000);
  return found.map(([name, m]) => {
    if (m <= 0) return [name, say("way.inside", { distance: metres(-m) })];
    const said = { distance: metres(m), walk: span(m, WALK_M_S), drive: span(m, DRIVE_M_S) };
    return [name, position.speed_m_s >= MOVING_MIN_M_S ? say("way.there_now", { ...said, now: span(m, position.speed_m_s) }) : say("way.there", said)];
  });
}

/** What the map says of a wearer when asked. */
export function wearerCard(wearer, conditions) {
  const position = wearer.position;
  const rows = [
    [say("wearer.device"), position.device],
    [say("wearer.at"), [timeNode(position.fixed_at), " (", ...parts("wearer.old", { age: ageNode(position.fixed_at) }), ")"]],
    [say("wearer.accuracy"), `±${number(Math.round(position.accuracy_m))} m (95 %)`],
    [say("wearer.source"), sourceWords(position.source)],
    [say("wearer.speed"), position.speed_m_s === null ? null : `${number(position.speed_m_s * 3.6)} ${say("unit.km_h")}`],
    [say("wearer.battery"), position.battery === null ? null : `${Math.round(position.battery * 100)} %`],
    ...ways(position, conditions.filter((one) => one.wearer === wearer.wearer)),
    [say("wearer.bans"), conditions.filter((one) => one.wearer === wearer.wearer).map((one) => `${one.order}/${one.condition}`).join(", ")],
  ];
  return make("div", { class: "card" },
    make("p", { class: "card-title" }, make("strong", { text: wearer.wearer }), " ", make("span", { class: `mark-chip risk-${wearer.risk}`, text: riskWords(wearer.risk) })),
    make("p", {}, make("a", { href: `device.html?device=${encodeURIComponent(position.device)}`, text: say("wearer.ask") })),
    make("dl", {}, rows.filter(([, value]) => value).map(([name, value]) => [make("dt", { text: name }), make("dd", {}, value)]).flat()));
}

// Blind time: which conditions were unseen for longest, why, since when; and the ledger of one order.

import "./language.js";
import * as api from "./api.js";
import { byId, make } from "./dom.js";
import { many, number, say, word } from "./texts.js";
import { localText } from "./time.js";
import { kindWords, riskWords, unseenText } from "./words.js";

const REFRESH_MS = 30_000;
const DAY_MS = 86_400_000;

const hours = (s) => (s < 5_970 ? `${number(s / 60)} ${say("unit.min")}` : `${number(s / 3600, 1)} ${say("unit.h")}`);
const causeText = (cause) => word("blind.cause", cause);
const share = (one) => say("blind.share", { time: hours(one.active_s), percent: number((100 * one.blind_s) / one.active_s, 1) });
const conditionText = (one) => say("blind.kind", { condition: one.condition, kind: kindWords(one.kind) });

function causesText(one) {
  const said = Object.entries(one.by_cause_s).sort((a, b) => b[1] - a[1]).map(([cause, s]) => say("blind.by", { time: hours(s), cause: causeText(cause) }));
  if (one.victim_device_s > 0) said.push(say("blind.hers", { time: hours(one.victim_device_s) }));
  return said.join("; ");
}

const nowText = (one) => (one.blind_since === null ? say("blind.seen") : say("blind.since", { when: localText(one.blind_since) }));
const row = (words, begin = []) => make("tr", {}, begin, words.map((text) => make("td", { text })));

function orderCell(order) {
  return make("td", {}, make("button", { class: "button plain", type: "button", text: order, on: { click: () => attempt(() => showLedger(order)) } }));
}

function span() {
  const to = Date.now();
  return [new Date(to - Number(byId("span").value) * DAY_MS).toISOString(), null];
}

async function draw() {
  const found = await api.blindWorst(...span());
  byId("some").hidden = found.unseen_orders <= found.read_orders;
  byId("some").textContent = say("blind.some", { read: found.read_orders, all: number(found.unseen_orders) });
  byId("none").hidden = found.conditions.length > 0;
  byId("worst").replaceChildren(...found.conditions.map((one) => row(
    [`${one.wearer}, ${riskWords(one.risk)}`, conditionText(one), hours(one.blind_s), share(one), causesText(one), nowText(one)],
    [orderCell(one.order)])));
  byId("outage").hidden = found.outages === null;
  if (found.outages === null) return;
  byId("no-outage").hidden = found.outages.length > 0;
  byId("outages").replaceChildren(...found.outages.map((outage) => make("section", {},
    make("p", { text: many("unseen.head", outage.devices, { heard: outage.heard }) }),
    make("ol", {}, outage.unseen.map((one) => make("li", { text: unseenText(one, localText) }))))));
}

async function showLedger(order) {
  byId("order").value = order;
  const found = await api.blindOf(order, ...span());
  byId("ledger").replaceChildren(...found.conditions.map((one) => make("section", {},
    make("h3", { text: conditionText(one) }),
    make("p", { text: one.active_s === 0 ? say("blind.never_held") : say("blind.ledger", { blind: hours(one.blind_s), share: share(one), seen: hours(one.seen_s), stopped: hours(one.stopped_s), now: nowText(one) }) }),
    one.blind_s === 0 ? null : make("p", { text: causesText(one) }),
    make("ol", {}, one.blind.slice(-50).reverse().map((part) => make("li", { text: say(part.victim_device ? "blind.part_hers" : "blind.part", { from: localText(part.from), to: localText(part.to), cause: causeText(part.cause) }) }))))));
}

async function attempt(work) {
  byId("fault").textContent = "";
  try {
    await work();
  } catch (fault) {
    if (fault.status === 401) location.assign("/");
    byId("fault").textContent = fault.message;
  }
}

byId("span").addEventListener("change", () => attempt(draw));
byId("one").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => showLedger(byId("order").value.trim()));
});
setInterval(() => attempt(draw), REFRESH_MS);
await attempt(draw);

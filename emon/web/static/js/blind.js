// Blind time: which conditions were unseen for longest, why, since when; and the ledger of one order.

import * as api from "./api.js";
import { byId, make } from "./dom.js";
import { localText } from "./time.js";
import { kindWords, riskWords, unseenText } from "./words.js";

const REFRESH_MS = 30_000;
const DAY_MS = 86_400_000;
const CAUSES = {
  jamming: "satellites jammed, as the device said",
  shielding: "shielded, as the device said",
  implausible: "only implausible positions",
  clock: "only positions with an impossible time",
  indoors: "lay still, presumably indoors",
  no_fix: "heard, but found no position",
  silence: "not heard at all",
  no_device: "no device worn",
};

const hours = (s) => (s < 5_970 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`);
const causeText = (cause) => CAUSES[cause] ?? cause;
const share = (one) => `${hours(one.active_s)} (${((100 * one.blind_s) / one.active_s).toFixed(1)} %)`;

function causesText(one) {
  const said = Object.entries(one.by_cause_s).sort((a, b) => b[1] - a[1]).map(([cause, s]) => `${hours(s)} ${causeText(cause)}`);
  if (one.victim_device_s > 0) said.push(`of it ${hours(one.victim_device_s)} of the protected person's device alone`);
  return said.join("; ");
}

const nowText = (one) => (one.blind_since === null ? "seen" : `blind since ${localText(one.blind_since)}`);
const row = (words, begin = []) => make("tr", {}, begin, words.map((text) => make("td", { text })));

function orderCell(order) {
  return make("td", {}, make("button", { class: "button plain", type: "button", text: order, on: { click: () => attempt(() => showLedger(order)) } }));
}

function span() {
  const to = Date.now();
  return [new Date(to - Number(byId("span").value) * DAY_MS).toISOString(), null];
}

async function draw() {
  const [found, open] = await Promise.all([api.blindWorst(...span()), api.alerts("unresolved", null, 400)]);
  byId("none").hidden = found.conditions.length > 0;
  byId("worst").replaceChildren(...found.conditions.map((one) => row(
    [`${one.wearer}, ${riskWords(one.risk)}`, `${one.condition} (${kindWords(one.kind)})`, hours(one.blind_s), share(one), causesText(one), nowText(one)],
    [orderCell(one.order)])));
  const outages = open.alerts.map((alert) => alert.trouble).filter((trouble) => trouble !== null && trouble.cleared_at === null && trouble.unseen.length > 0);
  byId("no-outage").hidden = outages.length > 0;
  byId("outages").replaceChildren(...outages.flatMap((trouble) => trouble.unseen).map((one) => make("li", { text: unseenText(one, localText) })));
}

async function showLedger(order) {
  byId("order").value = order;
  const found = await api.blindOf(order, ...span());
  byId("ledger").replaceChildren(...found.conditions.map((one) => make("section", {},
    make("h3", { text: `${one.condition} (${kindWords(one.kind)})` }),
    make("p", { text: one.active_s === 0 ? "It did not hold in this time." : `Blind ${hours(one.blind_s)} of ${share(one)}; seen ${hours(one.seen_s)}; the service itself was down ${hours(one.stopped_s)}. ${nowText(one)}.` }),
    one.blind_s === 0 ? null : make("p", { text: causesText(one) }),
    make("ol", {}, one.blind.slice(-50).reverse().map((part) => make("li", { text: `${localText(part.from)} to ${localText(part.to)}: ${causeText(part.cause)}${part.victim_device ? ", the protected person's device" : ""}` }))))));
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

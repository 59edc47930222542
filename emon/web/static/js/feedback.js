// What people closed alerts with: precision, load, and whoever and whatever is noisy.

import * as api from "./api.js";
import { byId, make } from "./dom.js";
import { certaintyWords, closingCauseWords, eventWords, howWords, sourceWords } from "./words.js";

const GROUPS = { event: "by_event", how: "by_how", certainty: "by_certainty", source: "by_source", "device model": "by_model", "zone's edge": "by_edge" };
const NAMES = { event: eventWords, how: howWords, certainty: certaintyWords, source: sourceWords };
const NO_NAME = "none"; // of cases that have no such thing
const HOURS = { shifts: "by the policy's shifts", sessions: "by the sessions of its people", nowhere: "nobody's hours are on file" };

const many = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
const named = (by, name) => (name === NO_NAME ? "–" : NAMES[by]?.(name) ?? name);
const percent = (share) => `${Math.round(share * 100)} %`;
const shareText = (share) => (share === null ? "–" : `${percent(share.of_true)} (${percent(share.low)} to ${percent(share.high)})`);
const row = (words) => make("tr", {}, words.map((text) => make("td", { text: String(text) })));

function countRow(by, name, counts) {
  return row([by, name, counts.alerts, counts.cases, counts.true, counts.false, counts.unknown, counts.open, shareText(counts.precision)]);
}

function loadText(load) {
  const hour = load.per_operator_hour === null ? "not known" : load.per_operator_hour.toFixed(2);
  const day = load.per_wearer_day === null ? "not known, nobody wore a device" : `${load.per_wearer_day.toFixed(3)} (${many(load.wearers, "wearer")})`;
  return `${many(load.alerts, "alert")}, ${load.to_centre} of them to the monitoring centre. Per operator-hour: ${hour}, ${HOURS[load.duty.hours_from]}. Per wearer and day: ${day}.`;
}

function noisy(one) {
  const said = `${one.id}: ${one.false} closed as false of ${many(one.tally.alerts, "alert")}`;
  return make("li", {}, said, one.proposals.map((proposal) => make("p", { class: "quiet", text: `Proposed: ${proposal.words}` })));
}

function draw(found) {
  byId("load").textContent = loadText(found.load);
  byId("shifts").replaceChildren(...found.load.duty.shifts.map((one) => row([one.shift, one.turn, one.hours.toFixed(1), one.alerts, one.hours > 0 ? (one.alerts / one.hours).toFixed(2) : "–"])));
  const grouped = Object.entries(GROUPS).flatMap(([by, member]) => found[member].map((one) => countRow(by, named(by, one.name), one.tally)));
  byId("groups").replaceChildren(countRow("all", "", found.all), ...grouped);
  byId("causes").replaceChildren(...found.by_cause.map((one) => row([closingCauseWords(one.cause), one.alerts, shareText(one.share)])));
  for (const what of ["wearers", "zones", "devices"]) document.getElementById(what).replaceChildren(...found[what].map(noisy));
}

const instant = (id) => (byId(id).value === "" ? null : new Date(byId(id).value).toISOString());

async function show() {
  byId("fault").textContent = "";
  try {
    draw(await api.feedback(instant("from"), instant("to")));
  } catch (fault) {
    if (fault.status === 401) location.assign("/");
    byId("fault").textContent = fault.message;
  }
}

byId("period").addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});

await show();

// What people closed alerts with: precision, load, and whoever and whatever is noisy.

import "./language.js";
import * as api from "./api.js";
import "./dates.js";
import { byId, make } from "./dom.js";
import { many, number, say, has } from "./texts.js";
import { instantOf } from "./time.js";
import { certaintyWords, closingCauseWords, eventWords, howWords, sourceWords } from "./words.js";

const GROUPS = { event: "by_event", how: "by_how", certainty: "by_certainty", source: "by_source", model: "by_model", edge: "by_edge" };
const NAMES = { event: eventWords, how: howWords, certainty: certaintyWords, source: sourceWords };
const NO_NAME = "none"; // of cases that have no such thing

const named = (by, name) => (name === NO_NAME ? "–" : NAMES[by]?.(name) ?? name);
const percent = (share) => number(share * 100);
const shareText = (share) => (share === null ? "–" : say("feedback.share", { of_true: percent(share.of_true), low: percent(share.low), high: percent(share.high) }));
const row = (words) => make("tr", {}, words.map((text) => make("td", { text: String(text) })));

function countRow(by, name, counts) {
  return row([by, name, counts.alerts, counts.cases, counts.true, counts.false, counts.unknown, counts.open, shareText(counts.precision)]);
}

function loadText(load) {
  const hour = load.per_operator_hour === null ? say("feedback.not_known") : number(load.per_operator_hour, 2);
  const day = load.per_wearer_day === null ? say("feedback.nobody_wore")
    : say("feedback.per_day", { count: number(load.per_wearer_day, 3), wearers: many("feedback.wearers_worn", load.wearers) });
  return say("feedback.load_text", { alerts: many("feedback.alerts", load.alerts), to_centre: load.to_centre, hour, hours_from: say(`feedback.hours.${load.duty.hours_from}`), day });
}

function noisy(one) {
  const said = say("feedback.noisy", { id: one.id, false: one.false, alerts: many("feedback.alerts", one.tally.alerts) });
  return make("li", {}, said, one.proposals.map((proposal) => make("p", { class: "quiet", text: say("feedback.proposed", { words: proposed(proposal) }) })));
}

/** A remedy's proposal with its figures; one that the page does not know, as the report words it. */
function proposed(proposal) {
  const id = `remedy.${proposal.remedy}`;
  return has(id) ? say(id, proposal.figures) : proposal.words;
}

function draw(found) {
  byId("load").textContent = loadText(found.load);
  byId("shifts").replaceChildren(...found.load.duty.shifts.map((one) => row([one.shift, one.turn, number(one.hours, 1), one.alerts, one.hours > 0 ? number(one.alerts / one.hours, 2) : "–"])));
  const grouped = Object.entries(GROUPS).flatMap(([by, member]) => found[member].map((one) => countRow(say(`feedback.by.${by}`), named(by, one.name), one.tally)));
  byId("groups").replaceChildren(countRow(say("feedback.all"), "", found.all), ...grouped);
  byId("causes").replaceChildren(...found.by_cause.map((one) => row([closingCauseWords(one.cause), one.alerts, shareText(one.share)])));
  for (const what of ["wearers", "zones", "devices"]) document.getElementById(what).replaceChildren(...found[what].map(noisy));
}

const instant = (id) => (byId(id).value === "" ? null : instantOf(byId(id).value));

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

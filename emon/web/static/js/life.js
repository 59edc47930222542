// Where an alert stands, how often it was told again, who closed it; and its whole life on demand.

import { make } from "./dom.js";
import { localText, timeNode } from "./time.js";
import { closingCauseWords, closingOutcomeWords, partyWords, stageWords, victimOutcomeWords } from "./words.js";

const names = (parties) => parties.map(partyWords).join(", ");

/** One line: the stage, whose answer is owed, and when it is told again. */
export function stageLine(alert) {
  const parts = [make("strong", { text: stageWords(alert.stage) })];
  if (alert.owed.length > 0) parts.push(` · answer owed by ${names(alert.owed)}`);
  if (alert.next_climb_at !== null) parts.push(" · told again ", timeNode(alert.next_climb_at));
  return make("p", { class: `stage stage-${alert.stage}` }, ...parts);
}

/** The times it was told again because nobody answered. */
export function climbsOf(alert) {
  if (alert.climbs.length === 0) return null;
  const times = alert.climbs.length === 1 ? "once" : `${alert.climbs.length} times`;
  return make("details", { class: "climbs" },
    make("summary", { text: `Nobody answered: told again ${times}, last ${localText(alert.climbs.at(-1).at)}` }),
    make("ol", {}, alert.climbs.map((climb) => make("li", {}, timeNode(climb.at), ` to ${names(climb.deliveries.map((one) => one.recipient)) || "nobody"}`,
      climb.withheld.length > 0 ? make("span", { class: "failing", text: ` (${names(climb.withheld)}: out of reach, still waits for the last one)` }) : null))));
}

/** With what a person closed it. */
export function resolutionOf(alert) {
  const closed = alert.resolution;
  if (closed === null) return null;
  return make("div", { class: "resolution" },
    make("p", {}, "Closed by ", make("strong", { text: closed.person }), ` (${partyWords(closed.party)}) `, timeNode(closed.resolved_at)),
    make("p", { text: `${closingCauseWords(closed.cause)}; ${closingOutcomeWords(closed.outcome)}` }),
    closed.victim_outcome === null ? null : make("p", { text: `Protected person: ${victimOutcomeWords(closed.victim_outcome)}` }),
    closed.note === "" ? null : make("p", { class: "quiet", text: closed.note }));
}

/** Who did what when. `life` is the API's answer, or null while it is asked for. */
export function lifeList(life) {
  if (life === null) return make("p", { class: "quiet small", text: "Asking …" });
  return make("div", {},
    make("ol", { class: "life" }, life.happened.map((one) => make("li", { class: `life-${one.fact}` }, timeNode(one.at), " ", words(one)))),
    life.file ? fileLinks(life.alert) : null);
}

/** The alert's file for a court, for whom it is: to read and print, and as data to check. */
function fileLinks(id) {
  const place = `api/v1/alerts/${encodeURIComponent(id)}/file`;
  return make("p", { class: "small file-links" }, "File for the court: ",
    make("a", { href: `${place}?as=html`, target: "_blank", rel: "noopener", text: "to print" }), " (",
    make("a", { href: `${place}?as=html&language=en`, target: "_blank", rel: "noopener", text: "English" }), "), ",
    make("a", { href: place, download: `alert-${id}.json`, title: "For emon verify --file", text: "data" }));
}

function words(one) {
  const who = one.person === undefined ? partyWords(one.party) : `${one.person} (${partyWords(one.party)})`;
  switch (one.fact) {
    case "raised": return `raised, for ${names(one.told)}`;
    case "receipt": return `${who} has received ${one.step > 0 ? `repetition ${one.step}` : "it"} (${one.via})`;
    case "acknowledged": return `${who} took it in hand (${one.via})`;
    case "said_again": return `${who} said again that it is ${one.detail === "closed" ? "closed" : "in hand"}${one.times > 1 ? `, ${one.times} times` : ""}: changed nothing`;
    case "climbed": return `nobody answered: repetition ${one.step} to ${names(one.told ?? []) || "nobody"}, owed by ${names(one.owed)}${one.withheld ? `; ${names(one.withheld)} could not be reached yet` : ""}`;
    case "cleared": return "what it tells of is over";
    case "risen": return "a surer alert was raised in its place";
    case "merged": return "joined with another alert";
    case "suspended": return `the order was suspended${one.detail ? `: ${one.detail}` : ""}`;
    case "closed": return `${who} closed it: ${closingCauseWords(one.cause)}; ${closingOutcomeWords(one.outcome)}${one.victim_outcome ? `; protected person: ${victimOutcomeWords(one.victim_outcome)}` : ""}${one.detail ? `; ${one.detail}` : ""}`;
    default: return String(one.fact);
  }
}

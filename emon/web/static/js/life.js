// Where an alert stands, how often it was told again, who closed it; and its whole life on demand.

import { make } from "./dom.js";
import { localText, timeNode } from "./time.js";
import { language, many, parts, say } from "./texts.js";
import { closingCauseWords, closingOutcomeWords, partyWords, stageWords, viaWords, victimOutcomeWords } from "./words.js";

const names = (parties) => parties.map(partyWords).join(", ");
const namesOrNobody = (parties) => names(parties) || say("nobody");

/** One line: the stage, whose answer is owed, and when it is told again. */
export function stageLine(alert) {
  const said = [make("strong", { text: stageWords(alert.stage) })];
  if (alert.owed.length > 0) said.push(say("stage.owed", { who: names(alert.owed) }));
  if (alert.followed_by !== null && alert.resolution === null) said.push(say("stage.followed"));
  if (alert.next_climb_at !== null) said.push(...parts("stage.again", { when: timeNode(alert.next_climb_at) }));
  return make("p", { class: `stage stage-${alert.stage}` }, ...said);
}

/** The times it was told again because nobody answered. */
export function climbsOf(alert) {
  const told = alert.climbs.filter((climb) => climb.deliveries.length > 0);
  if (alert.climbs.length === 0) return null;
  const head = told.length === 0 ? say("climb.nobody") : many("climb.head", told.length, { when: localText(told.at(-1).at) });
  return make("details", { class: "climbs" },
    make("summary", { text: head }),
    make("ol", {}, alert.climbs.map((climb) => make("li", {},
      ...parts("climb.to", { when: timeNode(climb.at), who: namesOrNobody(climb.deliveries.map((one) => one.recipient)) }),
      climb.withheld.length > 0 ? make("span", { class: "failing", text: say("climb.withheld", { who: names(climb.withheld) }) }) : null))));
}

/** With what a person closed it. */
export function resolutionOf(alert) {
  const closed = alert.resolution;
  if (closed === null) return null;
  return make("div", { class: "resolution" },
    make("p", {}, ...parts("closed.by", { person: make("strong", { text: closed.person }), party: partyWords(closed.party), when: timeNode(closed.resolved_at) })),
    make("p", { text: say("closed.with", { cause: closingCauseWords(closed.cause), outcome: closingOutcomeWords(closed.outcome) }) }),
    closed.victim_outcome === null ? null : make("p", { text: say("closed.hers", { how: victimOutcomeWords(closed.victim_outcome) }) }),
    closed.note_withheld ? make("p", { class: "quiet", text: say("note.withheld") }) : null,
    closed.note === "" ? null : make("p", { class: "quiet", text: closed.note }));
}

/** Who did what when. `life` is the API's answer, or null while it is asked for. */
export function lifeList(life) {
  if (life === null) return make("p", { class: "quiet small", text: say("life.asking") });
  return make("div", {},
    make("ol", { class: "life" }, life.happened.map((one) => make("li", { class: `life-${one.fact}` }, timeNode(one.at), " ", words(one)))),
    life.file ? fileLinks(life.alert) : null);
}

/** The alert's file for a court, for whom it is: to read and print, and as data to check. */
function fileLinks(id) {
  const place = `api/v1/alerts/${encodeURIComponent(id)}/file`;
  const other = language === "nl" ? "en" : "nl";
  const page = (tongue, text) => make("a", { href: `${place}?as=html&language=${tongue}`, target: "_blank", rel: "noopener", text });
  return make("p", { class: "small file-links" }, say("file.is"), " ", page(language, say("file.print")), " (", page(other, say("file.other")), "), ",
    make("a", { href: place, download: `alert-${id}.json`, title: say("file.data_help"), text: say("file.data") }));
}

function words(one) {
  const who = one.person === undefined ? partyWords(one.party) : say("life.who", { person: one.person, party: partyWords(one.party) });
  const via = viaWords(one.via);
  switch (one.fact) {
    case "raised": return say("life.raised", { told: names(one.told) });
    case "receipt": return one.step > 0 ? say("life.receipt_again", { who, via, step: one.step }) : say("life.receipt", { who, via });
    case "acknowledged": return say("life.acknowledged", { who, via });
    case "said_again": return many(one.detail === "closed" ? "life.again_closed" : "life.again_taken", one.times ?? 1, { who });
    case "climbed": return say("life.climbed", { step: one.step, told: namesOrNobody(one.told ?? []), owed: names(one.owed) }) + (one.withheld ? say("life.withheld", { who: names(one.withheld) }) : "");
    case "suspended": return one.detail ? say("life.suspended_why", { why: one.detail }) : say("life.suspended");
    case "closed": return say("life.closed", { who, cause: closingCauseWords(one.cause), outcome: closingOutcomeWords(one.outcome) })
      + (one.victim_outcome ? say("life.closed_hers", { how: victimOutcomeWords(one.victim_outcome) }) : "") + (one.detail ? `; ${one.detail}` : "");
    case "cleared": return say("life.cleared");
    case "risen": return say("life.risen");
    case "merged": return say("life.merged");
    default: return String(one.fact);
  }
}

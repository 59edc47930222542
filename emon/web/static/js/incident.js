// An open incident on its alerts' cards: the newest update, what the police answered, and their buttons.

import { make } from "./dom.js";
import { ageNode, timeNode } from "./time.js";
import { parts as textParts, say } from "./texts.js";
import { answerList, answerWords, partyWords, updateWords } from "./words.js";

const ANSWERERS = ["politie"]; // whose answers these are

/** `onAnswer(word)` gives one; without it there are no buttons. */
export function incidentOf(alert, party, { busy, onAnswer }) {
  const incident = alert.incident ?? null;
  if (incident === null) return null;
  const parts = [lastUpdate(incident), answersOf(incident)];
  if (ANSWERERS.includes(party) && onAnswer !== null) parts.push(buttons(incident, busy, onAnswer));
  return parts.every((part) => part === null) ? null : make("div", { class: "incident" }, ...parts);
}

function lastUpdate(incident) {
  if (incident.said_at === null) return null;
  const fix = incident.fixed_at === null ? [] : textParts("incident.fix", { age: ageNode(incident.fixed_at) });
  return make("p", { class: `incident-said incident-${incident.state}` },
    ...textParts("incident.said", { what: make("strong", { text: updateWords(incident.said) }), age: ageNode(incident.said_at) }), ...fix);
}

function answersOf(incident) {
  if (incident.answers.length === 0) return null;
  return make("ul", { class: "answers", "aria-label": say("incident.answers") }, incident.answers.map((one) =>
    make("li", {}, ...textParts("incident.answered", { answer: make("strong", { text: answerWords(one.answer) }), person: one.person, party: partyWords(one.party), when: timeNode(one.answered_at) }),
      one.note_withheld ? make("span", { class: "quiet", text: ` ${say("note.withheld")}` }) : null,
      one.note === "" ? null : make("span", { class: "quiet", text: ` ${one.note}` }))));
}

function buttons(incident, busy, onAnswer) {
  return make("div", { class: "answer-buttons", role: "group", "aria-label": say("incident.report") }, answerList().map(([word, words]) =>
    make("button", { class: "button", type: "button", "aria-disabled": busy, data: { act: `answer-${word}` }, on: { click: () => onAnswer(word) }, text: words })));
}

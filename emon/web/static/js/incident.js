// An open incident on its alerts' cards: the newest update, what the police answered, and their buttons.

import { make } from "./dom.js";
import { ageNode, timeNode } from "./time.js";
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
  const fix = incident.fixed_at === null ? [] : [" · position ", ageNode(incident.fixed_at), " old"];
  return make("p", { class: `incident-said incident-${incident.state}` },
    make("strong", { text: updateWords(incident.said) }), " · told ", ageNode(incident.said_at), " ago", ...fix);
}

function answersOf(incident) {
  if (incident.answers.length === 0) return null;
  return make("ul", { class: "answers", "aria-label": "Answers of the police" }, incident.answers.map((one) =>
    make("li", {}, make("strong", { text: answerWords(one.answer) }), `: ${one.person} (${partyWords(one.party)}), `, timeNode(one.answered_at),
      one.note === "" ? null : make("span", { class: "quiet", text: ` ${one.note}` }))));
}

function buttons(incident, busy, onAnswer) {
  return make("div", { class: "answer-buttons", role: "group", "aria-label": "Report for the police" }, Object.entries(answerList).map(([word, words]) =>
    make("button", { class: "button", type: "button", "aria-disabled": busy, data: { act: `answer-${word}` }, on: { click: () => onAnswer(word) }, text: words })));
}

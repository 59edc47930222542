// The words of the page: one for each word of the wire. An unknown one is shown as it came.

import { has, number, say, word } from "./texts.js";

const ICONS = {
  approach: "near", breach: "breach", breach_cleared: "cleared", proximity: "near", possible_incursion: "maybe", historic_breach: "historic",
  strap_tamper: "device", case_tamper: "device", silence: "signal", no_position: "signal", outage: "platform", battery_low: "battery",
  battery_critical: "battery", charging_missed: "battery", clock_wrong: "device", implausible_fixes: "maybe", order_without_device: "device",
  panic: "breach", command_unanswered: "signal", recipient_down: "platform", platform: "platform",
};

// Words with which a person closes an alert (emon/model/resolution.py), in the order of the form.
const CLOSING = {
  cause: ["wearer", "permitted", "emergency", "position_error", "zone_wrong", "schedule_wrong", "tampering", "handling", "device_fault", "coverage", "platform", "exercise", "not_found"],
  outcome: ["arrested", "sent_away", "left_himself", "spoken_to", "reported", "device_replaced", "device_restored", "order_corrected", "handed_over", "no_action"],
  victim_outcome: ["safe_informed", "safe_not_informed", "moved", "hurt"],
};
const ANSWERS = ["unit_assigned", "on_scene", "found", "not_found"]; // emon/model/answer.py

const OF_A_CONDITION = ["breach", "breach_cleared", "historic_breach"];

/** What an alert is of, as its messages say it: with the kind of condition where it is of one. */
export function eventWords(event, breach = null) {
  const kind = breach?.kind ?? null;
  return OF_A_CONDITION.includes(event) && kind !== null ? `${word("event", event)}, ${kindWords(kind)}` : word("event", event);
}
export const eventIcon = (event, how) => (event === "breach" && how === "crossed" ? "crossed" : ICONS[event] ?? "platform");
export const howWords = (how) => word("how", how);
export const certaintyWords = (certainty) => word("certainty", certainty);
export const certaintyHelp = (certainty) => word("certainty.help", certainty);
export const causeWords = (cause) => word("trouble", cause);
export const priorityWords = (priority) => word("priority", priority);
export const riskWords = (risk) => word("risk", risk);
export const partyWords = (party) => word("party", party);
export const sourceWords = (source) => word("source", source);
export const kindWords = (kind) => word("kind", kind);
export const stageWords = (stage) => word("stage", stage);
export const viaWords = (via) => word("via", via);
export const closingCauseWords = (cause) => word("closing.cause", cause);
export const closingOutcomeWords = (outcome) => word("closing.outcome", outcome);
export const victimOutcomeWords = (outcome) => word("closing.victim_outcome", outcome);
export const updateWords = (said) => word("update", said);
export const answerWords = (answer) => word("answer", answer);
export const answerList = () => ANSWERS.map((one) => [one, answerWords(one)]);

/** The choices of a member of a closing, each with what it asks the note for. */
export function closingList(member) {
  return CLOSING[member].map((one) => {
    const words = word(`closing.${member}`, one);
    const hint = `hint.${member}.${one}`;
    return [one, has(hint) ? say(hint, { words }) : words];
  });
}

/** One device of an outage's list; `when` puts an instant into words. */
export function unseenText(one, when) {
  const who = one.wearer === null ? "device" : "wearer";
  const id = one.victim_device ? `unseen.hers${one.wearer === null ? "_device" : ""}` : `unseen.${who}`;
  const parts = [say(id, { wearer: one.wearer, device: one.device, order: one.order, risk: riskWords(one.risk) })];
  if (one.near_ban_m !== null) parts.push(one.near_ban_m <= 0 ? say("unseen.inside") : say("unseen.near", { metres: number(Math.ceil(one.near_ban_m)) }));
  parts.push(one.seen_at === null ? say("unseen.never") : say("unseen.seen", { when: when(one.seen_at) }));
  return parts.join(", ");
}

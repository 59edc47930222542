// The words of the page: one for each word of the wire. An unknown one is shown as it came.

const EVENTS = {
  approach: ["Approaching a ban", "near"],
  breach: ["Inside a banned area", "breach"],
  breach_cleared: ["Breach ended", "cleared"],
  proximity: ["Near the protected person", "near"],
  possible_incursion: ["May have entered during a gap", "maybe"],
  historic_breach: ["Past breach, found later", "historic"],
  strap_tamper: ["Strap tampered with", "device"],
  case_tamper: ["Case tampered with", "device"],
  silence: ["No message from the device", "signal"],
  no_position: ["No usable position", "signal"],
  outage: ["Many devices silent", "platform"],
  battery_low: ["Battery low", "battery"],
  battery_critical: ["Battery critical", "battery"],
  charging_missed: ["Charging missed", "battery"],
  clock_wrong: ["Device clock wrong", "device"],
  implausible_fixes: ["Implausible positions", "maybe"],
  order_without_device: ["Order without a device", "device"],
  panic: ["Panic button", "breach"],
  command_unanswered: ["Device does not answer", "signal"],
  recipient_down: ["Recipient cannot be reached", "platform"],
  platform: ["Fault of the platform", "platform"],
};

const HOW = {
  inside: "positions inside the area",
  crossed: "the way between two positions crosses it",
  reachable: "it could have been reached in a gap",
  schedule: "inside when the ban began",
  late_home: "not home in time",
  left_early: "left home early",
  absent: "not home at all",
  proximity: "too near the protected person",
};

const CERTAINTY = {
  certain: ["certain", "Wrong in fewer than 1 of 1,000 cases, by the engine's own model."],
  probable: ["probable", "More likely than not; a further position will tell."],
  possible: ["possible", "Cannot be told apart from receiver error."],
};

const CAUSES = {
  jamming: "it reports that satellites are jammed",
  shielding: "it reports that it is shielded",
  implausible: "only implausible positions come",
  clock: "only positions with an impossible time come",
  indoors: "it lies still, presumably indoors",
  no_fix: "it finds no position",
};

// Causes and outcomes with which a person closes an alert (emon/model/resolution.py), in the order of the form.
const CLOSING_CAUSES = {
  wearer: "the wearer did it",
  permitted: "he was allowed to, and it was not on file",
  emergency: "he did it for his own safety or health",
  position_error: "the position was wrong",
  zone_wrong: "the area is not what the court decided",
  schedule_wrong: "the hours are not what the court decided",
  tampering: "strap, case or signal was tampered with",
  handling: "not charged, left behind or worn wrongly",
  device_fault: "the device is broken",
  coverage: "no network or satellites there",
  platform: "a fault of this system",
  exercise: "a test or exercise",
  not_found: "could not be found out (say what was tried)",
};

const CLOSING_OUTCOMES = {
  arrested: "arrested",
  sent_away: "police sent him away",
  left_himself: "he left by himself",
  spoken_to: "he was spoken to",
  reported: "reported, to be decided on",
  device_replaced: "device replaced",
  device_restored: "device works again",
  order_corrected: "order corrected",
  handed_over: "handed over (say to whom)",
  no_action: "no action needed",
};

const VICTIM_OUTCOMES = {
  safe_informed: "safe, and told what happened",
  safe_not_informed: "safe, and not told (say why)",
  moved: "brought to a safe place",
  hurt: "hurt or threatened, help is with her",
};

const STAGES = {
  raised: "raised, no receipt yet",
  delivered: "delivered, nobody has answered",
  taken: "in hand, another answer is owed",
  acknowledged: "in hand",
  resolved: "closed",
};

// What is said of an open incident (emon/alerts/incident.py), and what the police answer (emon/model/answer.py).
const UPDATES = {
  position: "Position",
  signal_lost: "Signal lost",
  signal_back: "Signal back",
  left: "Left the area",
  lapsed: "Over: the condition no longer holds",
  goes_on: "Goes on after all",
  stand_down: "Stand down",
  answer: "Answer of the police",
};
const ANSWERS = {
  unit_assigned: "Unit assigned",
  on_scene: "On scene",
  found: "Found",
  not_found: "Not found",
};

const PRIORITY = { 1: "act now", 2: "look now", 3: "today", 4: "for information", 5: "note" };
const RISK = { high: "high risk", medium: "medium risk", low: "low risk" };
const PARTIES = {
  meldkamer_em: "Meldkamer EM",
  politie: "Politie",
  reclassering: "Reclassering",
  om: "OM",
  cjib: "CJIB",
  veilig_thuis: "Veilig Thuis",
  shn: "SHN",
  beschermde: "Protected person",
};
const SOURCES = { gnss: "satellite", wifi: "Wi-Fi", cell: "cell tower", rf: "radio beacon" };
const KINDS = { exclusion: "ban", inclusion: "must be here", contact: "contact ban" };

const OF_A_REQUIRED_PLACE = ["late_home", "left_early", "absent"];

export const eventWords = (event, how) => (event === "breach" && OF_A_REQUIRED_PLACE.includes(how) ? "Not at the required place" : EVENTS[event]?.[0] ?? String(event));
export const eventIcon = (event, how) => (event === "breach" && how === "crossed" ? "crossed" : EVENTS[event]?.[1] ?? "platform");
export const howWords = (how) => HOW[how] ?? String(how ?? "");
export const certaintyWords = (certainty) => CERTAINTY[certainty]?.[0] ?? String(certainty);
export const certaintyHelp = (certainty) => CERTAINTY[certainty]?.[1] ?? "";
export const causeWords = (cause) => CAUSES[cause] ?? String(cause);
export const priorityWords = (priority) => PRIORITY[priority] ?? "";
export const riskWords = (risk) => RISK[risk] ?? String(risk ?? "");
export const partyWords = (party) => PARTIES[party] ?? String(party);
export const sourceWords = (source) => SOURCES[source] ?? String(source);
export const kindWords = (kind) => KINDS[kind] ?? String(kind);
export const stageWords = (stage) => STAGES[stage] ?? String(stage);
export const closingCauseWords = (cause) => CLOSING_CAUSES[cause] ?? String(cause);
export const closingOutcomeWords = (outcome) => CLOSING_OUTCOMES[outcome] ?? String(outcome);
export const victimOutcomeWords = (outcome) => VICTIM_OUTCOMES[outcome] ?? String(outcome);
export const updateWords = (said) => UPDATES[said] ?? String(said);
export const answerWords = (answer) => ANSWERS[answer] ?? String(answer);
export const answerList = ANSWERS;
export const closingLists = { causes: CLOSING_CAUSES, outcomes: CLOSING_OUTCOMES, victims: VICTIM_OUTCOMES };

/** One device of an outage's list; `when` puts an instant into words. */
export function unseenText(one, when) {
  const parts = [`${one.device} (${one.order}), ${riskWords(one.risk)}`];
  if (one.victim_device) parts.push("victim's device");
  if (one.near_ban_m !== null) parts.push(one.near_ban_m <= 0 ? "in a banned area" : `${Math.round(one.near_ban_m)} m from a ban`);
  parts.push(one.seen_at === null ? "never seen" : `last position ${when(one.seen_at)}`);
  return parts.join(", ");
}

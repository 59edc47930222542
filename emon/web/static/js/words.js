// The words of the page: one for each word of the wire. An unknown one is shown as it came.

const EVENTS = {
  approach: ["Approaching a ban", "near"],
  breach: ["Suspected breach of a ban", "breach"],
  breach_cleared: ["Suspected breach ended", "cleared"],
  proximity: ["Too close to the protected person", "near"],
  possible_incursion: ["May have been in the zone while positions were missing", "maybe"],
  historic_breach: ["Suspected breach in the past, found later", "historic"],
  strap_tamper: ["Possible tampering with the strap", "device"],
  case_tamper: ["Possible tampering with the case", "device"],
  silence: ["No message from the device", "signal"],
  no_position: ["No usable position", "signal"],
  outage: ["Many devices silent", "platform"],
  battery_low: ["Battery low", "battery"],
  battery_critical: ["Battery almost empty", "battery"],
  charging_missed: ["Charging missed", "battery"],
  clock_wrong: ["Device clock wrong", "device"],
  implausible_fixes: ["Implausible positions", "maybe"],
  order_without_device: ["Order without a device", "device"],
  panic: ["Panic button", "breach"],
  command_unanswered: ["Device does not answer", "signal"],
  recipient_down: ["Recipient cannot be reached", "platform"],
  platform: ["Fault in the system itself", "platform"],
};

const HOW = {
  inside: "one or more positions inside the zone",
  crossed: "the path between two positions runs through the zone",
  reachable: "no position in the zone, but it was in reach while positions were missing",
  schedule: "in the zone when the ban began",
  late_home: "not at the required place in time",
  left_early: "left the required place too early",
  absent: "not at the required place at any time",
  proximity: "too little distance to the protected person's device",
};

const CERTAINTY = {
  certain: ["certain", "Wrong in fewer than 1 of 1,000 cases, by the engine's own model."],
  probable: ["probable", "Not certain: the measurements point to it, but an error is possible."],
  possible: ["possible", "Not certain: the measurements do not rule out a breach, but show no more."],
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
  wearer: "the wearer did what the alert says",
  permitted: "the wearer had permission that was not on file",
  emergency: "the wearer acted for own safety or health",
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
  sent_away: "sent away by the police",
  left_himself: "left without being told to",
  spoken_to: "spoken to",
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

export const eventWords = (event, how) => (event === "breach" && OF_A_REQUIRED_PLACE.includes(how) ? "Suspected breach: not at the required place" : EVENTS[event]?.[0] ?? String(event));
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
  if (one.near_ban_m !== null) parts.push(one.near_ban_m <= 0 ? "in an exclusion zone" : `${Math.ceil(one.near_ban_m)} m from an exclusion zone`);
  parts.push(one.seen_at === null ? "never seen" : `last position ${when(one.seen_at)}`);
  return parts.join(", ");
}

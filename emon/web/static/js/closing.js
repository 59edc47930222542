// The form with which a person closes an alert: cause and outcome, and how the protected person is.

import { make } from "./dom.js";
import { many, say } from "./texts.js";
import { closingList } from "./words.js";

const NEED_A_NOTE = { cause: "not_found", outcome: "handed_over", victim_outcome: "safe_not_informed" };

/** What was chosen so far, by alert: a card is made anew whenever its alert changes, and nothing typed may be lost. */
export class Drafts {
  constructor() {
    this.byAlert = new Map();
  }

  has = (id) => this.byAlert.has(id);
  begin = (id) => this.byAlert.set(id, { cause: "", outcome: "", victim_outcome: "", note: "", together: false });
  end = (id) => this.byAlert.delete(id);
  of = (id) => this.byAlert.get(id);
  all = () => [...this.byAlert];
  take = (all) => { this.byAlert = new Map(all); };
}

/**
 * `others`: open alerts of the same breach. `onClose(closing, together)` with what the API takes, and whether it is
 * meant for all of them; `onCancel()`; `onTogether()` when that is chosen or not.
 */
export function closingForm(alert, draft, { busy, fault, others, onClose, onCancel, onTogether }) {
  const together = others.length > 0 && draft.together;
  const concernsHer = alert.concerns_protected_person || (together && others.some((one) => one.concerns_protected_person));
  const keep = (name) => (event) => {
    draft[name] = event.target.value;
    note.required = Object.entries(NEED_A_NOTE).some(([member, value]) => draft[member] === value);
  };
  const note = make("textarea", { rows: "2", maxlength: "2000", id: `note-${alert.id}`, data: { act: "note" }, on: { input: keep("note") } });
  note.value = draft.note;
  note.required = Object.entries(NEED_A_NOTE).some(([member, value]) => draft[member] === value);
  const form = make("form", { class: "closing", "aria-label": say("form.name") },
    choice(alert, draft, "cause", say("form.cause"), keep),
    choice(alert, draft, "outcome", say("form.outcome"), keep),
    concernsHer ? choice(alert, draft, "victim_outcome", say("form.hers"), keep) : null,
    concernsHer ? make("p", { class: "quiet small", text: say("form.hers_open") }) : null,
    make("label", { for: note.id, text: say("form.note") }),
    note,
    others.length > 0 ? both(alert, draft, others.length, onTogether) : null,
    fault ? make("p", { class: "fault", role: "alert", text: fault }) : null,
    make("div", { class: "closing-foot" },
      make("button", { class: "button primary", type: "submit", "aria-disabled": busy, data: { act: "close" }, text: busy ? say("form.closing") : many("form.close", together ? others.length + 1 : 1) }),
      make("button", { class: "button plain", type: "button", data: { act: "cancel" }, on: { click: onCancel }, text: say("form.cancel") })));
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    onCancel();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const closing = { cause: draft.cause, outcome: draft.outcome, note: draft.note };
    if (concernsHer) closing.victim_outcome = draft.victim_outcome;
    onClose(closing, together);
  });
  return form;
}

function choice(alert, draft, name, label, keep) {
  const id = `${name}-${alert.id}`;
  const select = make("select", { id, required: true, data: { act: name }, on: { change: keep(name) } },
    make("option", { value: "", text: say("form.choose") }),
    closingList(name).map(([value, words]) => make("option", { value, text: words })));
  select.value = draft[name];
  return make("div", { class: "closing-choice" }, make("label", { for: id, text: label }), select);
}

function both(alert, draft, count, onTogether) {
  const box = make("input", { type: "checkbox", id: `together-${alert.id}`, data: { act: "together" }, on: { change: () => { draft.together = box.checked; onTogether(); } } });
  box.checked = draft.together;
  return make("label", { class: "small", for: box.id }, box, many("form.together", count));
}

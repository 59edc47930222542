// The list of alerts: one card each, made anew when its alert changes.

import { icon, make } from "./dom.js";
import { many, number, parts, say } from "./texts.js";
import { ageNode, localText, sinceText, timeNode } from "./time.js";
import { Drafts, closingForm } from "./closing.js";
import { incidentOf } from "./incident.js";
import { climbsOf, lifeList, resolutionOf, stageLine } from "./life.js";
import { isInHand, isOpen, standing } from "./state.js";
import { causeWords, certaintyHelp, certaintyWords, eventIcon, eventWords, howWords, partyWords, priorityWords, riskWords, unseenText } from "./words.js";

const SETTLE_MS = 400; // between two clicks of one press, and longer than a double click takes

export class AlertList {
  /** `onShow(alert)` flies to it; `onTake(alert)` acknowledges, `onClose(alert, closing, together)` closes, `onAnswer(alert,
   * word)` answers for the police, and all resolve when it is done; `onLife(alert)` gives its life. */
  constructor(root, empty, state, { onShow, onTake, onClose, onAnswer, onLife }) {
    this.root = root;
    this.empty = empty;
    this.state = state;
    this.onShow = onShow;
    this.onTake = onTake;
    this.onClose = onClose;
    this.onAnswer = onAnswer;
    this.onLife = onLife;
    this.filter = "open";
    this.drafts = new Drafts();
    this.lives = new Map(); // id -> the API's answer, null while asked for; only of cards that show it
    this.cards = new Map(); // id -> {text, said, node, alert, breach, isPlain}: the card and what it was made of
    this.faults = new Map(); // id -> words of a refused acknowledgement
    this.busy = new Set();
    this.held = null; // {id, standing}: the card in which somebody works, where it stood when he came to it
    this.said = { id: null, at: -Infinity }; // the last alert that something was said of here, and when that was begun, done, or took its card away
    root.addEventListener("focusin", (event) => this.#hold(event.target.closest("[data-alert]")?.dataset.alert));
    root.addEventListener("focusout", (event) => {
      if (!event.target.closest("[data-alert]")?.contains(event.relatedTarget)) setTimeout(() => this.#release(), SETTLE_MS);
    });
  }

  #hold(id) {
    const alert = this.state.alerts.get(id);
    if (alert !== undefined && this.held?.id !== id) this.held = { id, standing: standing(alert) };
  }

  /** Once he has left the card, and the click with which he left it is done. */
  #release() {
    if (!this.cards.get(this.held?.id)?.node.contains(document.activeElement)) this.held = null;
    this.draw();
  }

  setFilter(filter) {
    this.filter = filter;
    this.draw();
  }

  draw() {
    const listed = this.state.listed(this.filter, this.held);
    const held = document.activeElement?.closest("[data-alert]") ?? null;
    const place = held === null ? -1 : [...this.root.children].indexOf(held);
    const act = document.activeElement?.dataset.act ?? null;
    const nodes = listed.map((alert) => this.#card(alert));
    const shown = new Set(listed.map((alert) => alert.id));
    for (const [id, card] of this.cards) {
      if (shown.has(id)) continue;
      card.node.remove();
      this.cards.delete(id);
      if (id === this.said.id) this.said.at = performance.now(); // the stream may tell of it before the answer comes
    }
    arrange(this.root, nodes, document.activeElement?.closest("[data-alert]") ?? null);
    if (place >= 0 && !this.root.contains(document.activeElement)) {
      const still = nodes.find((node) => node.dataset.alert === held.dataset.alert);
      focusOn(still ?? nodes[Math.min(place, nodes.length - 1)], still === undefined ? "show" : act);
    }
    this.empty.hidden = listed.length > 0;
    this.empty.textContent = say(`empty.${this.filter}`);
  }

  /** Brings the card of an alert before the eyes, and the keyboard to it. */
  show(id) {
    const card = this.cards.get(id)?.node;
    card?.scrollIntoView({ block: "center" });
    focusOn(card, "show");
  }

  #card(alert) {
    const breach = this.state.breachOf(alert);
    const known = this.cards.get(alert.id);
    const draft = this.drafts.of(alert.id);
    // What arrives is a new object each time; of thousands of cards few are not just what they were.
    const isPlain = draft === undefined && !this.busy.has(alert.id) && !this.faults.has(alert.id) && !this.lives.has(alert.id);
    if (isPlain && known?.isPlain && known.alert === alert && known.breach === breach) return known.node;
    const said = JSON.stringify([alert, breach]);
    const form = draft === undefined ? null : [draft.together, this.#others(alert).map((one) => one.id)];
    const text = JSON.stringify([said, this.faults.get(alert.id), this.busy.has(alert.id), form, this.lives.get(alert.id)]);
    if (known?.text === text) {
      Object.assign(known, { alert, breach, isPlain });
      return known.node;
    }
    if (known?.said !== said && this.lives.has(alert.id)) this.#loadLife(alert);
    const active = known?.node.contains(document.activeElement) ? document.activeElement : null;
    const hadFocus = active?.dataset.act ?? null;
    const caret = active?.selectionStart ?? null;
    const node = this.#make(alert, breach);
    known?.node.replaceWith(node);
    this.cards.set(alert.id, { text, said, node, alert, breach, isPlain });
    if (hadFocus) {
      const again = focusOn(node, hadFocus);
      if (caret !== null && again?.setSelectionRange) again.setSelectionRange(caret, caret);
    }
    return node;
  }

  #make(alert, breach) {
    const open = breach !== null && isOpen(breach);
    const waits = !isInHand(alert) && alert.resolution === null;
    return make("li", { class: `alert p${alert.priority}${waits ? " waits" : ""}${open ? " goes-on" : ""}`, data: { alert: alert.id } },
      make("button", { class: "alert-head", type: "button", title: say("card.show"), data: { act: "show" }, on: { click: () => this.onShow(alert) } },
        icon(eventIcon(alert.event, breach?.how)),
        make("span", { class: "alert-title" },
          make("strong", { text: eventWords(alert.event, breach) }),
          make("span", { class: "alert-who", text: alert.wearer ?? alert.device ?? "" })),
        make("span", { class: "alert-when" },
          make("span", { class: "priority", title: say("card.priority", { priority: alert.priority }), text: `P${alert.priority} · ${priorityWords(alert.priority)}` }),
          ageNode(alert.detected_at, "quiet"))),
      this.#facts(alert, breach),
      this.#clocks(alert),
      this.#recipients(alert),
      this.#incident(alert),
      make("div", { class: "alert-life" }, stageLine(alert), climbsOf(alert), resolutionOf(alert), this.#life(alert)),
      this.#foot(alert));
  }

  #facts(alert, breach) {
    const marks = [];
    if (breach !== null) marks.push(stateMark(breach));
    if (alert.certainty) marks.push(make("span", { class: `mark-chip certainty-${alert.certainty}`, title: certaintyHelp(alert.certainty), text: certaintyWords(alert.certainty) }));
    if (alert.risk) marks.push(make("span", { class: `mark-chip risk-${alert.risk}`, text: riskWords(alert.risk) }));
    const words = [];
    if (breach !== null && breach.how !== null) words.push(howWords(breach.how));
    if (breach !== null && breach.deepest_m >= 1) words.push(say("card.deep", { metres: number(Math.round(breach.deepest_m)) }));
    const place = alert.order === null ? null : `${alert.order}${alert.condition === null ? "" : ` / ${alert.condition}`}`;
    return make("div", { class: "facts" },
      make("div", { class: "marks" }, marks),
      words.length > 0 ? make("p", { class: "fact-words", text: words.join(", ") }) : null,
      place === null ? null : make("p", { class: "fact-words quiet", text: place }),
      breach === null ? null : make("p", { class: "fact-words quiet" },
        make("a", { href: `api/v1/breaches/${encodeURIComponent(breach.id)}/explanation`, download: `${breach.id}.json`,
          title: say("card.explanation_help"), text: say("card.explanation") })),
      ...this.#trouble(alert.trouble ?? null));
  }

  #trouble(trouble) {
    if (trouble === null) return [];
    const lines = [];
    if (trouble.cleared_at !== null) lines.push(make("p", { class: "fact-words", text: say("card.over_since", { when: localText(trouble.cleared_at) }) }));
    if (trouble.victim_device) lines.push(make("p", { class: "fact-words", text: say("trouble.protection") }));
    if (trouble.cause !== null) lines.push(make("p", { class: "fact-words", text: causeWords(trouble.cause) }));
    if (trouble.unseen.length > 0) {
      lines.push(make("details", {},
        make("summary", { text: many("unseen.head", trouble.devices, { heard: trouble.heard }) }),
        make("ol", { class: "quiet" }, trouble.unseen.map((one) => make("li", { text: unseenText(one, localText) })))));
    }
    return lines;
  }

  #clocks(alert) {
    const delivered = alert.deliveries.map((delivery) => delivery.delivered_at).filter((at) => at !== null).sort();
    const missing = alert.deliveries.length - delivered.length;
    const last = delivered.at(-1) ?? null;
    return make("dl", { class: "clocks" },
      clock(say("clock.happened"), alert.happened_at, null),
      clock(say("clock.received"), alert.received_at, alert.happened_at, say("clock.timer")),
      clock(say("clock.detected"), alert.detected_at, alert.received_at ?? alert.happened_at),
      clock(missing > 0 && last !== null ? say("clock.delivered_some", { done: delivered.length, all: alert.deliveries.length }) : say("clock.delivered"), last, alert.detected_at, say(alert.deliveries.length === 0 ? "clock.nobody" : "clock.not_yet")));
  }

  #recipients(alert) {
    return make("ul", { class: "recipients" }, alert.recipients.map((party) => {
      const delivery = alert.deliveries.find((one) => one.recipient === party);
      const taken = alert.acknowledgements.find((one) => one.party === party);
      return make("li", { class: taken ? "taken" : (delivery?.state ?? "none") },
        icon(taken ? "hand" : delivery?.state === "delivered" ? "sent" : "waiting"),
        make("span", { class: "party", text: partyWords(party) }),
        make("span", { class: "quiet" }, ...deliveryWords(delivery, taken)));
    }), alert.acknowledgements.filter((one) => !alert.recipients.includes(one.party)).map((taken) =>
      make("li", { class: "taken" }, icon("hand"), make("span", { class: "party", text: partyWords(taken.party) }), make("span", { class: "quiet" }, ...deliveryWords(undefined, taken)))));
  }

  #incident(alert) {
    const mayAnswer = alert.resolution === null && this.#wasTold(alert);
    const onAnswer = mayAnswer ? (word) => this.#say(alert, () => this.onAnswer(alert, word)) : null;
    return incidentOf(alert, this.state.person?.party, { busy: this.busy.has(alert.id), onAnswer });
  }

  #wasTold(alert) {
    const told = [...alert.recipients, ...alert.deliveries.map((one) => one.recipient), ...alert.climbs.flatMap((climb) => climb.deliveries.map((one) => one.recipient))];
    return told.includes(this.state.person?.party);
  }

  #life(alert) {
    const shown = this.lives.has(alert.id);
    const toggle = () => {
      if (shown) this.lives.delete(alert.id);
      else this.#loadLife(alert);
      this.draw();
    };
    return make("div", {},
      make("button", { class: "button plain small", type: "button", "aria-expanded": String(shown), data: { act: "life" }, on: { click: toggle }, text: say(shown ? "do.life_hide" : "do.life") }),
      shown ? lifeList(this.lives.get(alert.id)) : null);
  }

  async #loadLife(alert) {
    if (!this.lives.has(alert.id)) this.lives.set(alert.id, null);
    const life = await this.onLife(alert).catch(() => null);
    if (life === null || !this.lives.has(alert.id)) return;
    this.lives.set(alert.id, life);
    this.draw();
  }

  /** Open alerts of the same breach. */
  #others(alert) {
    if (alert.breach === null) return [];
    return [...this.state.alerts.values()].filter((one) => one.breach?.id === alert.breach.id && one.id !== alert.id && one.resolution === null);
  }

  #foot(alert) {
    const party = this.state.person?.party;
    if (alert.resolution !== null || !this.#wasTold(alert)) return null;
    const busy = this.busy.has(alert.id);
    const fault = this.faults.get(alert.id);
    const name = `${eventWords(alert.event, this.state.breachOf(alert))}, ${alert.wearer ?? alert.device ?? ""}`;
    if (this.drafts.has(alert.id)) {
      return make("div", { class: "alert-foot" }, closingForm(alert, this.drafts.of(alert.id), {
        busy, fault,
        others: this.#others(alert),
        onClose: (closing, together) => this.#say(alert, () => this.onClose(alert, closing, together).then(() => this.drafts.end(alert.id))),
        onTogether: () => this.draw(),
        onCancel: () => { this.drafts.end(alert.id); this.faults.delete(alert.id); this.draw(); },
      }));
    }
    const mine = alert.acknowledgements.some((one) => one.party === party);
    return make("div", { class: "alert-foot" },
      fault ? make("p", { class: "fault", role: "alert", text: fault }) : null,
      mine ? null : make("button", { class: "button primary", type: "button", "aria-disabled": busy, data: { act: "take" },
        "aria-label": say("do.take_named", { name }),
        on: { click: (event) => { if (!this.#slidThere(alert, event)) this.#say(alert, () => this.onTake(alert)); } } }, icon("hand"), say(busy ? "do.taking" : "do.take")),
      make("button", { class: `button${mine ? " primary" : ""}`, type: "button", "aria-disabled": busy, data: { act: "begin-closing" }, "aria-label": say("do.close_named", { name }),
        on: { click: () => { if (busy) return; this.drafts.begin(alert.id); this.draw(); this.cards.get(alert.id)?.node.querySelector("[data-act=cause]")?.focus(); } }, text: say("do.close") }));
  }

  /** Whether this click is the second of a double one, meant for a card that has just left from under the pointer. */
  #slidThere(alert, event) {
    return event.detail > 0 && this.said.id !== alert.id && performance.now() - this.said.at < SETTLE_MS;
  }

  /** While one word is on its way no other leaves: its button stays, so that whoever pressed it keeps the focus. */
  async #say(alert, say) {
    if (this.busy.has(alert.id)) return;
    this.said = { id: alert.id, at: performance.now() };
    this.busy.add(alert.id);
    this.faults.delete(alert.id);
    this.draw();
    try {
      await say();
    } catch (fault) {
      this.faults.set(alert.id, fault.message);
    } finally {
      this.busy.delete(alert.id);
      this.said = { id: alert.id, at: performance.now() };
      this.draw();
    }
  }
}

/** Puts the nodes into this order without moving the one that has the focus: its menu and half a word stay. */
function arrange(root, nodes, fixed) {
  let next = root.firstChild;
  for (const node of nodes) {
    if (node === fixed) {
      while (next !== fixed) {
        const early = next;
        next = early.nextSibling;
        root.append(early);
      }
    }
    if (node === next) next = node.nextSibling;
    else root.insertBefore(node, next);
  }
}

/** Puts the focus on what did this before, or on what a person does next with this alert. Gives it back. */
function focusOn(card, act) {
  const found = [act, "begin-closing", "show"].map((one) => card?.querySelector(`[data-act="${one}"]`)).find((one) => one) ?? null;
  found?.focus();
  return found;
}

function stateMark(breach) {
  if (breach.refuted) return make("span", { class: "mark-chip", title: say("card.withdrawn_help"), text: say("card.withdrawn") });
  if (breach.closed_at === null) return make("span", { class: `mark-chip ${breach.historic ? "" : "goes-on-chip"}`, text: say(breach.historic ? "card.open_late" : "card.goes_on") });
  return make("span", { class: "mark-chip ended-chip" }, ...parts("card.ended", { when: timeNode(breach.closed_at) }));
}

function clock(name, at, since, otherwise = "") {
  return make("div", {},
    make("dt", { text: name }),
    make("dd", {}, at === null ? make("span", { class: "quiet", text: otherwise }) : timeNode(at)),
    make("dd", { class: "since quiet", text: at !== null && since !== null ? sinceText(since, at) : "\u00a0" }));
}

function deliveryWords(delivery, taken) {
  if (taken) return parts("delivery.taken", { person: taken.person, when: timeNode(taken.acknowledged_at) });
  if (delivery === undefined) return [say("delivery.no_way")];
  if (delivery.state === "delivered") return parts("delivery.done", { when: timeNode(delivery.delivered_at) });
  if (delivery.attempts === 0) return [say("delivery.sending")];
  if (delivery.refused_at !== null) return [make("span", { class: "failing", text: say("delivery.refused", { error: delivery.last_error ?? "" }) })];
  return [make("span", { class: "failing", title: delivery.last_error ?? "", text: many("delivery.failed", delivery.attempts) })];
}

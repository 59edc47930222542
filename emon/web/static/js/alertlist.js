// The list of alerts: one card each, made anew when its alert changes.

import { icon, make } from "./dom.js";
import { ageNode, localText, sinceText, timeNode } from "./time.js";
import { isOpen } from "./state.js";
import { causeWords, certaintyHelp, certaintyWords, eventIcon, eventWords, howWords, partyWords, priorityWords, riskWords } from "./words.js";

export class AlertList {
  /** `onShow(alert)` flies to it, `onTake(alert)` acknowledges and resolves when it is done. */
  constructor(root, empty, state, { onShow, onTake }) {
    this.root = root;
    this.empty = empty;
    this.state = state;
    this.onShow = onShow;
    this.onTake = onTake;
    this.waitingOnly = true;
    this.cards = new Map(); // id -> {text, node}: the card and what it was made of
    this.faults = new Map(); // id -> words of a refused acknowledgement
    this.busy = new Set();
  }

  setFilter(waitingOnly) {
    this.waitingOnly = waitingOnly;
    this.draw();
  }

  draw() {
    const listed = this.state.listed(this.waitingOnly);
    const nodes = listed.map((alert) => this.#card(alert));
    const shown = new Set(listed.map((alert) => alert.id));
    for (const id of this.cards.keys()) if (!shown.has(id)) this.cards.delete(id);
    nodes.forEach((node, place) => {
      if (this.root.children[place] !== node) this.root.insertBefore(node, this.root.children[place] ?? null);
    });
    while (this.root.children.length > nodes.length) this.root.lastChild.remove();
    this.empty.hidden = listed.length > 0;
    this.empty.textContent = this.waitingOnly ? "Nothing waits. New alerts appear here by themselves." : "No alert has been raised yet.";
  }

  #card(alert) {
    const breach = this.state.breachOf(alert);
    const text = JSON.stringify([alert, breach, this.faults.get(alert.id), this.busy.has(alert.id)]);
    const known = this.cards.get(alert.id);
    if (known?.text === text) return known.node;
    const hadFocus = known?.node.contains(document.activeElement) ? document.activeElement.dataset.act : null;
    const node = this.#make(alert, breach);
    known?.node.replaceWith(node);
    this.cards.set(alert.id, { text, node });
    if (hadFocus) (node.querySelector(`[data-act="${hadFocus}"]`) ?? node.querySelector("button"))?.focus();
    return node;
  }

  #make(alert, breach) {
    const open = breach !== null && isOpen(breach);
    const waits = alert.acknowledgements.length === 0;
    return make("li", { class: `alert p${alert.priority}${waits ? " waits" : ""}${open ? " goes-on" : ""}`, data: { alert: alert.id } },
      make("button", { class: "alert-head", type: "button", title: "Show on the map", data: { act: "show" }, on: { click: () => this.onShow(alert) } },
        icon(eventIcon(alert.event, breach?.how)),
        make("span", { class: "alert-title" },
          make("strong", { text: eventWords(alert.event, breach?.how) }),
          make("span", { class: "alert-who", text: alert.wearer ?? alert.device ?? "" })),
        make("span", { class: "alert-when" },
          make("span", { class: "priority", title: `Priority ${alert.priority} of 5`, text: `P${alert.priority} · ${priorityWords(alert.priority)}` }),
          ageNode(alert.detected_at, "quiet"))),
      this.#facts(alert, breach),
      this.#clocks(alert),
      this.#recipients(alert),
      this.#foot(alert));
  }

  #facts(alert, breach) {
    const marks = [];
    if (breach !== null) marks.push(stateMark(breach));
    if (alert.certainty) marks.push(make("span", { class: `mark-chip certainty-${alert.certainty}`, title: certaintyHelp(alert.certainty), text: certaintyWords(alert.certainty) }));
    if (alert.risk) marks.push(make("span", { class: `mark-chip risk-${alert.risk}`, text: riskWords(alert.risk) }));
    const words = [];
    if (breach !== null) words.push(howWords(breach.how));
    if (breach !== null && breach.deepest_m >= 1) words.push(`${Math.round(breach.deepest_m)} m past its edge`);
    const place = alert.order === null ? null : `${alert.order}${alert.condition === null ? "" : ` / ${alert.condition}`}`;
    return make("div", { class: "facts" },
      make("div", { class: "marks" }, marks),
      words.length > 0 ? make("p", { class: "fact-words", text: words.join(", ") }) : null,
      place === null ? null : make("p", { class: "fact-words quiet", text: place }),
      breach === null ? null : make("p", { class: "fact-words quiet" },
        make("a", { href: `api/v1/breaches/${encodeURIComponent(breach.id)}/explanation`, download: `${breach.id}.json`,
          title: "Everything that made this suspected breach, for emon explain", text: "explanation" })),
      ...this.#trouble(alert.trouble ?? null));
  }

  #trouble(trouble) {
    if (trouble === null) return [];
    const lines = [];
    if (trouble.cleared_at !== null) lines.push(make("p", { class: "fact-words", text: `over since ${localText(trouble.cleared_at)}` }));
    if (trouble.victim_device) lines.push(make("p", { class: "fact-words", text: "Protection reduced to fixed zones: where the victim's device is, nobody knows." }));
    if (trouble.cause !== null) lines.push(make("p", { class: "fact-words", text: causeWords(trouble.cause) }));
    if (trouble.unseen.length > 0) {
      lines.push(make("details", {},
        make("summary", { text: `${trouble.devices} devices, ${trouble.heard} heard again: who was unseen, the most urgent first` }),
        make("ol", { class: "quiet" }, trouble.unseen.map((one) => make("li", { text: unseenText(one) })))));
    }
    return lines;
  }

  #clocks(alert) {
    const delivered = alert.deliveries.map((delivery) => delivery.delivered_at).filter((at) => at !== null).sort();
    const missing = alert.deliveries.length - delivered.length;
    const last = delivered.at(-1) ?? null;
    return make("dl", { class: "clocks" },
      clock("Happened", alert.happened_at, null),
      clock("Received", alert.received_at, alert.happened_at, "by timer"),
      clock("Detected", alert.detected_at, alert.received_at ?? alert.happened_at),
      clock(missing > 0 && last !== null ? `Delivered ${delivered.length}/${alert.deliveries.length}` : "Delivered", last, alert.detected_at, alert.deliveries.length === 0 ? "to nobody" : "not yet"));
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

  #foot(alert) {
    const mine = alert.acknowledgements.find((one) => one.party === this.state.person?.party);
    if (mine) return null;
    const busy = this.busy.has(alert.id);
    const fault = this.faults.get(alert.id);
    return make("div", { class: "alert-foot" },
      fault ? make("p", { class: "fault", role: "alert", text: fault }) : null,
      make("button", { class: `button${alert.recipients.includes(this.state.person?.party) ? " primary" : ""}`, type: "button", disabled: busy, data: { act: "take" },
        "aria-label": `Acknowledge: ${eventWords(alert.event, this.state.breachOf(alert)?.how)}, ${alert.wearer ?? alert.device ?? ""}`,
        on: { click: () => this.#take(alert) } }, icon("hand"), busy ? "Acknowledging …" : "Acknowledge"));
  }

  async #take(alert) {
    this.busy.add(alert.id);
    this.faults.delete(alert.id);
    this.draw();
    try {
      await this.onTake(alert);
    } catch (fault) {
      this.faults.set(alert.id, fault.message);
    } finally {
      this.busy.delete(alert.id);
      this.draw();
    }
  }
}

function unseenText(one) {
  const parts = [`${one.device} (${one.order}), ${riskWords(one.risk)}`];
  if (one.victim_device) parts.push("victim's device");
  if (one.near_ban_m !== null) parts.push(one.near_ban_m <= 0 ? "in a banned area" : `${Math.round(one.near_ban_m)} m from a ban`);
  parts.push(one.seen_at === null ? "never seen" : `last position ${localText(one.seen_at)}`);
  return parts.join(", ");
}

function stateMark(breach) {
  if (breach.refuted) return make("span", { class: "mark-chip", title: "A later position shows that there was no breach.", text: "refuted" });
  if (breach.closed_at === null) return make("span", { class: `mark-chip ${breach.historic ? "" : "goes-on-chip"}`, text: breach.historic ? "open, seen late" : "going on" });
  return make("span", { class: "mark-chip ended-chip", title: `${breach.closed_at} UTC`, text: `ended ${localText(breach.closed_at)}` });
}

function clock(name, at, since, otherwise = "") {
  return make("div", {},
    make("dt", { text: name }),
    make("dd", {}, at === null ? make("span", { class: "quiet", text: otherwise }) : timeNode(at)),
    make("dd", { class: "since quiet", text: at !== null && since !== null ? sinceText(since, at) : "\u00a0" }));
}

function deliveryWords(delivery, taken) {
  if (taken) return [`${taken.person}, `, timeNode(taken.acknowledged_at)];
  if (delivery === undefined) return ["no way to tell it: not configured"];
  if (delivery.state === "delivered") return ["delivered ", timeNode(delivery.delivered_at)];
  if (delivery.attempts === 0) return ["being sent"];
  return [make("span", { class: "failing", title: delivery.last_error ?? "", text: `${delivery.attempts} ${delivery.attempts === 1 ? "try" : "tries"} failed, goes on trying` })];
}

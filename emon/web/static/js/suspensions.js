// Suspensions: what holds now and until when, what waits for a second person, and asking for one.

import * as api from "./api.js";
import { byId, make } from "./dom.js";
import { localText } from "./time.js";

const REFRESH_MS = 30_000; // an end is seen soon, without anybody doing anything

function action(text, work) {
  return make("td", {}, make("button", { class: "button", type: "button", text, on: { click: () => attempt(work) } }));
}

const cells = (words) => words.map((text) => make("td", { text }));

async function draw() {
  const found = await api.suspensions();
  byId("none").hidden = found.suspensions.length > 0;
  byId("holding").replaceChildren(...found.suspensions.map((one) => make("tr", {},
    cells([one.order, one.wearer, localText(one.from), localText(one.to), one.reason, one.by.join(", ")]),
    one.holds ? action("End now", () => api.endSuspension(one.order)) : make("td", { text: "not yet" }))));
  const waiting = found.requests.filter((one) => one.state === "waiting");
  byId("waiting").replaceChildren(...waiting.map((one) => make("tr", {},
    cells([one.order, localText(one.from), localText(one.to), one.reason, one.asked_by]),
    action("Confirm", () => api.confirmSuspension(one.id)),
    action("Withdraw", () => api.withdrawSuspension(one.id)))));
  byId("told").replaceChildren(...found.notices.map((one) => make("tr", {}, cells([localText(one.at), toldText(one), gotText(one.received)]))));
}

function toldText(one) {
  const said = one.kind === "suspended" ? `suspended until ${localText(one.until)}: ${one.reason}` : one.by_itself ? "over: its end had come" : "over: ended by a person";
  return `${one.order} (${one.wearer}) ${said}`;
}

function gotText(received) {
  return Object.entries(received).map(([recipient, at]) => `${recipient} ${at === null ? "not yet" : localText(at)}`).join(", ") || "nobody can be told";
}

async function attempt(work) {
  byId("fault").textContent = "";
  try {
    await work();
    await draw();
  } catch (fault) {
    if (fault.status === 401) location.assign("/");
    byId("fault").textContent = fault.message;
  }
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const to = new Date(byId("until").value).toISOString();
    await api.suspend({ order: byId("order").value.trim(), to, reason: byId("reason").value });
    byId("ask").reset();
  });
});

setInterval(() => attempt(() => null), REFRESH_MS);
await attempt(() => null);

// Suspensions: what holds now and until when, what waits for a second person, and asking for one.

import "./language.js";
import * as api from "./api.js";
import "./dates.js";
import { byId, make } from "./dom.js";
import { say } from "./texts.js";
import { instantOf, localText } from "./time.js";
import { partyWords } from "./words.js";

const REFRESH_MS = 30_000; // an end is seen soon, without anybody doing anything

function action(text, work) {
  return make("td", {}, make("button", { class: "button", type: "button", text, on: { click: () => attempt(work) } }));
}

const cells = (words) => words.map((text) => make("td", { text }));

/** Null where its reader may not know a place of the order, which whoever wrote it may have named. */
const reasonOf = (one) => one.reason ?? say("reason.withheld");

async function draw() {
  const found = await api.suspensions();
  byId("none").hidden = found.suspensions.length > 0;
  byId("holding").replaceChildren(...found.suspensions.map((one) => make("tr", {},
    cells([one.order, one.wearer, localText(one.from), localText(one.to), reasonOf(one), one.by.join(", ")]),
    one.holds ? action(say("suspend.end_now"), () => api.endSuspension(one.order)) : make("td", { text: say("suspend.not_yet") }))));
  const waiting = found.requests.filter((one) => one.state === "waiting");
  byId("waiting").replaceChildren(...waiting.map((one) => make("tr", {},
    cells([one.order, localText(one.from), localText(one.to), reasonOf(one), one.asked_by]),
    action(say("suspend.confirm"), () => api.confirmSuspension(one.id)),
    action(say("suspend.withdraw"), () => api.withdrawSuspension(one.id)))));
  byId("told").replaceChildren(...found.notices.map((one) => make("tr", {}, cells([localText(one.at), toldText(one), gotText(one.received)]))));
}

function toldText(one) {
  const about = { order: one.order, wearer: one.wearer };
  if (one.kind === "suspended") return say("suspend.said.begun", { ...about, when: localText(one.until), why: reasonOf(one) });
  return say(one.by_itself ? "suspend.said.by_itself" : "suspend.said.ended", about);
}

function gotText(received) {
  return Object.entries(received).map(([recipient, at]) => say("suspend.got", { party: partyWords(recipient), when: at === null ? say("suspend.not_yet") : localText(at) })).join(", ") || say("suspend.nobody");
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
    const to = instantOf(byId("until").value);
    await api.suspend({ order: byId("order").value.trim(), to, reason: byId("reason").value });
    byId("ask").reset();
  });
});

setInterval(() => attempt(() => null), REFRESH_MS);
await attempt(() => null);

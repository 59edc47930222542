// Asking a device: a position now, a faster rate, its plan again; and what became of what it was asked.

import "./language.js";
import * as api from "./api.js";
import { byId, make } from "./dom.js";
import { has, number, say, word } from "./texts.js";
import { localText, sinceText } from "./time.js";

const REFRESH_MS = 3_000; // an answer is due within three minutes, and somebody is waiting for it

let listed = null; // the device of the table

function whatText(one) {
  if (one.asks !== "rate") return word("device.what", one.asks);
  return one.for_s === null ? say("device.what.rate", { rate_s: one.rate_s }) : say("device.what.rate_for", { rate_s: one.rate_s, minutes: number(one.for_s / 60) });
}

function whoText(one) {
  if (one.asked_by !== null) return say("device.by_person", { person: one.asked_by, why: one.why ?? say("reason.withheld") });
  const reason = `device.reason.${one.reason.replaceAll(" ", "_")}`;
  return say("device.by_engine", { why: has(reason) ? say(reason) : one.reason });
}

/** The command's state in one sentence; an answer that came late stands beside the lapse. */
function fateText(one) {
  const answer = one.answered_at === null ? null : say("device.answered", { when: localText(one.answered_at), after: sinceText(one.asked_at, one.answered_at) });
  if (one.lapsed_at !== null) return say(answer === null ? "device.lapsed" : "device.lapsed_then", { when: localText(one.lapsed_at), answer });
  if (answer !== null) return answer;
  if (one.result === "refused") return say("device.refused", { when: localText(one.replied_at) });
  if (one.state === "expired") return say("device.expired");
  return say(one.state === "waiting" ? "device.waiting" : "device.sent");
}

async function draw() {
  if (listed === null) return;
  const found = await api.device(listed);
  byId("none").hidden = found.commands.length > 0;
  byId("asked").replaceChildren(...found.commands.map((one) => make("tr", { class: one.lapsed_at === null ? null : "fault" },
    [localText(one.asked_at), whatText(one), whoText(one), one.sent_at === null ? "" : localText(one.sent_at), fateText(one)]
      .map((text) => make("td", { text })))));
}

async function attempt(work) {
  try {
    await work();
    byId("fault").textContent = "";
    await draw();
  } catch (fault) {
    if (fault.status === 401) location.assign("/");
    byId("fault").textContent = fault.message;
  }
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const asks = event.submitter?.value ?? "fix";
  listed = byId("device").value.trim();
  attempt(async () => {
    await api.askDevice(listed, { asks, why: byId("why").value });
  });
});

byId("device").addEventListener("change", () => {
  listed = byId("device").value.trim() || null;
  attempt(() => null);
});

setInterval(() => draw().catch((fault) => { if (fault.status === 401) location.assign("/"); }), REFRESH_MS);
byId("device").value ||= new URLSearchParams(location.search).get("device") ?? "";
listed = byId("device").value || null;
await attempt(() => null);

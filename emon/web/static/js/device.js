// Asking a device: a position now, a faster rate, its plan again; and what became of what it was asked.

import * as api from "./api.js";
import { byId, make } from "./dom.js";
import { localText, sinceText } from "./time.js";

const REFRESH_MS = 3_000; // an answer is due within three minutes, and somebody is waiting for it
const ENGINE = "the engine: ";
const WHATS = { fix: "position now", vibrate: "vibrate", message: "show a message" };

let listed = null; // the device of the table

function whatText(one) {
  if (one.asks !== "rate") return WHATS[one.asks] ?? one.asks;
  return one.for_s === null ? `a position each ${one.rate_s} s from now on` : `a position each ${one.rate_s} s for ${Math.round(one.for_s / 60)} min`;
}

/** The command's state in one sentence; an answer that came late stands beside the lapse. */
function fateText(one) {
  const answer = one.answered_at === null ? null : `answered ${localText(one.answered_at)} (${sinceText(one.asked_at, one.answered_at)})`;
  if (one.lapsed_at !== null) return `no answer by ${localText(one.lapsed_at)}${answer === null ? "" : `; ${answer}`}`;
  if (answer !== null) return answer;
  if (one.result === "refused") return `refused ${localText(one.replied_at)}`;
  if (one.state === "expired") return "not sent in time: the broker was away";
  return one.state === "waiting" ? "being sent" : "waiting for its answer";
}

async function draw() {
  if (listed === null) return;
  const found = await api.device(listed);
  byId("none").hidden = found.commands.length > 0;
  byId("asked").replaceChildren(...found.commands.map((one) => make("tr", { class: one.lapsed_at === null ? null : "fault" },
    [localText(one.asked_at), whatText(one), one.asked_by === null ? `${ENGINE}${one.reason}` : `${one.asked_by}: ${one.why}`, one.sent_at === null ? "" : localText(one.sent_at), fateText(one)]
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
byId("device").value = new URLSearchParams(location.search).get("device") ?? "";
listed = byId("device").value || null;
await attempt(() => null);

// Instants: shown in Dutch time whatever this machine's own is, with zone and UTC to hover, and kept right by the
// server's clock.

import { make } from "./dom.js";
import { locale, number, say } from "./texts.js";

const ZONE = "Europe/Amsterdam"; // of the orders' hours, the messages and those who act on them

let ahead_ms = 0; // server's clock less ours, as of the last heartbeat

/** Learn the server's clock from an instant it just sent. */
export function setServerNow(text) {
  ahead_ms = Date.parse(text) - Date.now();
}

/** The server's now, in milliseconds since 1970: ages must not depend on this machine's clock. */
export const now_ms = () => Date.now() + ahead_ms;

const format = (options) => new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options });
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const clock = format(CLOCK);
const day = format({ day: "numeric", month: "short", year: "numeric" });
const whole = format({ weekday: "long", day: "numeric", month: "long", year: "numeric", ...CLOCK, timeZoneName: "short" });
const zone = format({ timeZoneName: "short" });
const wall = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit", ...CLOCK });

const zoneText = (date) => zone.formatToParts(date).find((part) => part.type === "timeZoneName").value;

/** Time of day, with the date where it is not today's, and the zone where the clocks have changed since or will. */
export function localText(text) {
  const date = new Date(text);
  const now = new Date(now_ms());
  const parts = [clock.format(date)];
  if (day.format(date) !== day.format(now)) parts.unshift(day.format(date));
  if (zoneText(date) !== zoneText(now)) parts.push(zoneText(date));
  return parts.join(" ");
}

/** The time of day now, with its zone: which clock all times of the page are of. */
export const clockText = () => `${clock.format(new Date(now_ms()))} ${zoneText(new Date(now_ms()))}`;

/** In full: the day in words, and the zone. */
export const wholeText = (text) => whole.format(new Date(text));

/** In full, and in UTC. */
const helpText = (text) => `${wholeText(text)} = ${text.replace("T", " ").replace("Z", "")} UTC`;

/** A <time> that says all of it on hover. */
export function timeNode(text, className = null) {
  return make("time", { class: className, datetime: text, title: helpText(text), text: localText(text) });
}

const MINUTE_MS = 60_000;

/** How far Dutch clocks are ahead of UTC at an instant, in milliseconds. */
const offset_ms = (at_ms) => Date.parse(`${wall.format(new Date(at_ms)).replace(" ", "T")}Z`) - Math.floor(at_ms / 1000) * 1000;

/**
 * The instant of a form's Dutch date and time ("2026-10-25T02:30") as the API takes it. Of a time that comes twice the
 * first, so that nothing is lifted for longer than was meant; one that does not exist moves on by what the clocks did.
 */
export function instantOf(text) {
  const meant_ms = Date.parse(`${text}Z`);
  const offsets = [offset_ms(meant_ms - 1440 * MINUTE_MS), offset_ms(meant_ms + 1440 * MINUTE_MS)];
  const found = offsets.map((ahead) => meant_ms - ahead).filter((at_ms) => at_ms + offset_ms(at_ms) === meant_ms);
  return new Date(found.length > 0 ? Math.min(...found) : meant_ms - offsets[0]).toISOString();
}

/** "0.4 s", "12 s", "3 min", "2 h", "5 d". */
export function durationText(ms) {
  const s = Math.max(0, ms) / 1000;
  if (s < 10) return `${number(s, 1)} ${say("unit.s")}`;
  if (s < 100) return `${number(s)} ${say("unit.s")}`;
  if (s < 100 * 60) return `${number(s / 60)} ${say("unit.min")}`;
  if (s < 72 * 3600) return `${number(s / 3600)} ${say("unit.h")}`;
  return `${number(s / 86400)} ${say("unit.d")}`;
}

/** How long ago, in whole seconds and up: it changes once a second at most. */
export function ageText(text) {
  const ms = now_ms() - Date.parse(text);
  return ms < 10_000 ? `${number(Math.max(0, Math.floor(ms / 1000)))} ${say("unit.s")}` : durationText(ms);
}

/** An age that `tickAges` keeps right. */
export function ageNode(text, className = null) {
  return make("span", { class: className, data: { age: text }, title: helpText(text), text: ageText(text) });
}

/** Write every shown age again. */
export function tickAges(root = document) {
  for (const node of root.querySelectorAll("[data-age]")) {
    const words = ageText(node.dataset.age);
    if (node.textContent !== words) node.textContent = words;
  }
}

/** "+0.3 s" after an earlier instant, "−2.0 s" before it. */
export function sinceText(earlier, later) {
  const ms = Date.parse(later) - Date.parse(earlier);
  return `${ms < 0 ? "−" : "+"}${durationText(Math.abs(ms))}`;
}

// Instants: shown in the viewer's own time, with UTC to hover, and kept right by the server's clock.

import { make } from "./dom.js";

let ahead_ms = 0; // server's clock less ours, as of the last heartbeat

/** Learn the server's clock from an instant it just sent. */
export function setServerNow(text) {
  ahead_ms = Date.parse(text) - Date.now();
}

/** The server's now, in milliseconds since 1970: ages must not depend on this machine's clock. */
export const now_ms = () => Date.now() + ahead_ms;

const two = (number) => String(number).padStart(2, "0");

function dayText(date) {
  return `${two(date.getDate())}-${two(date.getMonth() + 1)}-${date.getFullYear()}`;
}

/** Local time of day, with the date where it is not today's. */
export function localText(text) {
  const date = new Date(text);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return dayText(date) === dayText(new Date(now_ms())) ? clock : `${dayText(date)} ${clock}`;
}

/** A <time> in local time that says UTC on hover. */
export function timeNode(text, className = null) {
  return make("time", { class: className, datetime: text, title: `${text.replace("T", " ").replace("Z", "")} UTC`, text: localText(text) });
}

/** "0.4 s", "12 s", "3 min", "2 h", "5 d". */
export function durationText(ms) {
  const s = Math.max(0, ms) / 1000;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 100) return `${Math.round(s)} s`;
  if (s < 100 * 60) return `${Math.round(s / 60)} min`;
  if (s < 72 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

/** How long ago, in whole seconds and up: it changes once a second at most. */
export function ageText(text) {
  const ms = now_ms() - Date.parse(text);
  return ms < 10_000 ? `${Math.max(0, Math.floor(ms / 1000))} s` : durationText(ms);
}

/** An age that `tickAges` keeps right. */
export function ageNode(text, className = null) {
  return make("span", { class: className, data: { age: text }, title: `${text} UTC`, text: ageText(text) });
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

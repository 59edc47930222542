// Calls of the API. A refusal is an ApiFault with the server's own words, in the page's language.

import { language, say } from "./texts.js";

export class ApiFault extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function call(method, path, body) {
  const headers = { "accept-language": language, ...(body === undefined ? {} : { "content-type": "application/json" }) };
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new ApiFault(0, say("service.unreached"));
  }
  if (answer.status === 204) return null;
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ApiFault(answer.status, content.error ?? content.faults?.map(faultText).join("; ") ?? say("service.answered", { status: answer.status }));
  return content;
}

/** A member of a form needs no name: the form has few, and the sentence says it. A place in a document does. */
const faultText = ({ path, message }) => (/^\w+$/.test(path) ? message : `${path}: ${message}`);

export const session = () => call("GET", "/api/v1/session");
export const logIn = (name, password) => call("POST", "/api/v1/session", { name, password });
export const logOut = () => call("DELETE", "/api/v1/session");
export const now = () => call("GET", "/api/v1/now");
export const protectedNow = () => call("GET", "/api/v1/protected");
export const acknowledge = (id) => call("POST", `/api/v1/alerts/${encodeURIComponent(id)}/acknowledge`, {});

export const suspensions = () => call("GET", "/api/v1/suspensions");
export const suspend = (asked) => call("POST", "/api/v1/suspensions", asked);
export const confirmSuspension = (id) => call("POST", `/api/v1/suspensions/${encodeURIComponent(id)}/confirm`, {});
export const withdrawSuspension = (id) => call("POST", `/api/v1/suspensions/${encodeURIComponent(id)}/withdraw`, {});
export const endSuspension = (order) => call("DELETE", `/api/v1/orders/${encodeURIComponent(order)}/suspension`);
export const device = (id) => call("GET", `/api/v1/devices/${encodeURIComponent(id)}`);
export const askDevice = (id, asked) => call("POST", `/api/v1/devices/${encodeURIComponent(id)}/commands`, asked);
const during = (from, to) => `from=${encodeURIComponent(from)}${to === null ? "" : `&to=${encodeURIComponent(to)}`}`;
export const blindWorst = (from, to) => call("GET", `/api/v1/blind?${during(from, to)}`);
export const blindOf = (order, from, to) => call("GET", `/api/v1/orders/${encodeURIComponent(order)}/blind?${during(from, to)}`);
export const policy = () => call("GET", "/api/v1/policy");
export const resolve = (id, closing) => call("POST", `/api/v1/alerts/${encodeURIComponent(id)}/resolve`, closing);
export const resolveBreach = (id, closing) => call("POST", `/api/v1/breaches/${encodeURIComponent(id)}/resolve`, closing);
export const answerIncident = (id, answer) => call("POST", `/api/v1/incidents/${encodeURIComponent(id)}/answers`, { answer });
export const life = (id) => call("GET", `/api/v1/alerts/${encodeURIComponent(id)}/life`);

export function feedback(from, to) {
  const wishes = new URLSearchParams();
  if (from !== null) wishes.set("from", from);
  if (to !== null) wishes.set("to", to);
  return call("GET", `/api/v1/feedback?${wishes}`);
}

export function alerts(status, before = null, { limit = 100, order = "newest" } = {}) {
  const wishes = new URLSearchParams({ status, limit: String(limit), order });
  if (before !== null) wishes.set("before", before);
  return call("GET", `/api/v1/alerts?${wishes}`);
}

/** All that wait, the most urgent first, page by page; `ask` makes each call, and a null of it is the last. */
export async function* waiting(ask) {
  for (let before = null; ; ) {
    const page = await ask(() => alerts("open", before, { limit: 400, order: "urgency" }));
    yield page?.alerts ?? null;
    if ((page?.next ?? null) === null) return;
    before = page.next;
  }
}

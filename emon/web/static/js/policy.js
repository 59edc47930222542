// The policy in force as a table, and the ones before it.

import "./language.js";
import * as api from "./api.js";
import { byId, make } from "./dom.js";
import { say } from "./texts.js";
import { localText } from "./time.js";

try {
  const shown = await api.policy();
  byId("version").textContent = shown.in_force_from === null
    ? say("policy.version", { version: shown.version })
    : say("policy.version_since", { version: shown.version, when: localText(shown.in_force_from) });
  const cells = (tag, words) => make("tr", {}, words.map((text) => make(tag, { text })));
  byId("table").append(
    make("thead", {}, [cells("th", shown.table.columns)]),
    make("tbody", {}, shown.table.rows.map((row) => cells("td", row))),
  );
  byId("uses").replaceChildren(...shown.uses.map((use) => make("li", { text: say("policy.use", { version: use.version, when: localText(use.from) }) })));
} catch (fault) {
  if (fault.status === 401) location.assign("/");
  byId("fault").textContent = fault.message;
  byId("fault").hidden = false;
}

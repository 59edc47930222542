// The policy in force as a table, and the ones before it.

import * as api from "./api.js";
import { byId, make } from "./dom.js";
import { localText } from "./time.js";

try {
  const shown = await api.policy();
  const since = shown.in_force_from === null ? "" : `, in force from ${localText(shown.in_force_from)}`;
  byId("version").textContent = `Version ${shown.version}${since}`;
  const cells = (tag, words) => make("tr", {}, words.map((text) => make(tag, { text })));
  byId("table").append(
    make("thead", {}, [cells("th", shown.table.columns)]),
    make("tbody", {}, shown.table.rows.map((row) => cells("td", row))),
  );
  byId("uses").replaceChildren(...shown.uses.map((use) => make("li", { text: `${use.version} from ${localText(use.from)}` })));
} catch (fault) {
  if (fault.status === 401) location.assign("/");
  byId("fault").textContent = fault.message;
  byId("fault").hidden = false;
}

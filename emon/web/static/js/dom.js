// Small ways to build a page without ever parsing text as markup: what came from outside is text.

const SVG = "http://www.w3.org/2000/svg";

/** An element by its id. */
export const byId = (id) => document.getElementById(id);

// What turns the direction of a line and is no letter; and words that run from right to left.
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const RTL = "\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufefc\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}";
const RTL_RUN = new RegExp(`[${RTL}]+(?:[ .'’\\-]+[${RTL}]+)*`, "gu");

/** Text as it is shown: a sign that would turn the line round is seen as one that cannot be read, and words that run from
 * right to left are kept apart, so that an Arabic name leaves the time behind it where it belongs. */
export const shown = (text) => String(text).replace(TURNS, "\ufffd").replace(RTL_RUN, "\u2068$&\u2069");

const SPOKEN = ["title", "aria-label"];

/**
 * Makes an element. `members`: `class`, `text`, `on` (event -> listener), `data` (dataset), and any
 * other attribute; null and false leave it out. Children are nodes or strings, null is left out.
 */
export function make(tag, members = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(members)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = shown(value);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "on") for (const [kind, listen] of Object.entries(value)) node.addEventListener(kind, listen);
    else node.setAttribute(name, value === true ? "" : SPOKEN.includes(name) ? shown(value) : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : shown(child))));
  return node;
}

const PATHS = {
  breach: "M12 3 2.5 20h19L12 3Zm0 6v5m0 3v.5",
  crossed: "M4 20 20 4M9 4h11v11",
  cleared: "m5 13 4 4L19 7",
  historic: "M12 8v5l3 2M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4",
  maybe: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4m0 3v.5M12 2.5a9.5 9.5 0 1 1 0 19 9.5 9.5 0 0 1 0-19Z",
  device: "M8 3h8v18H8zM8 7h8M8 17h8",
  signal: "M3 3l18 18M5 12.5a10 10 0 0 1 3-2M19 12.5a10 10 0 0 0-6-2.8M8.5 16a5 5 0 0 1 7 0M12 20v.1",
  battery: "M3 8h15v8H3zM21 11v2M6 11v2",
  near: "M8 12a4 4 0 1 0 0-.1M16 12a4 4 0 1 0 0-.1",
  platform: "M4 5h16v6H4zM4 13h16v6H4zM8 8v.1M8 16v.1",
  sent: "m5 13 4 4L19 7",
  waiting: "M12 7v5l3 3M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Z",
  hand: "M7 12V6.5a1.5 1.5 0 0 1 3 0V11m0-5.5v-1a1.5 1.5 0 0 1 3 0V11m0-5a1.5 1.5 0 0 1 3 0v6m0-3a1.5 1.5 0 0 1 3 0v5a7 7 0 0 1-7 7c-4 0-5-2-8.500-7a1.600 1.600 0 0 1 2.500-1.500L7 14",
};

/** A line drawing, hidden from screen readers: the words beside it say the same. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.platform);
  svg.append(path);
  return svg;
}

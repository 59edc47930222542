// What the page says, in the language it was served in. The texts stand with the server (emon/web/texts), so that
// pages, refusals and scripts have one table of them.

export const language = document.documentElement.lang;
export const locale = language === "nl" ? "nl-NL" : "en-GB";

const { texts } = await import(`./texts-${language}.js`);
const HOLE = /\{(\w+)\}/;

/** Whether there is such a text: words of the wire may be newer than the page. */
export const has = (id) => Object.hasOwn(texts, id);

/** One text, filled with `names`. A text that is not there shows its id: better than nothing at all. */
export const say = (id, names = {}) => parts(id, names).join("");

/** The same as pieces, so that what fills it may be nodes. */
export function parts(id, names = {}) {
  return (texts[id] ?? id).split(HOLE).map((piece, place) => (place % 2 === 0 ? piece : (names[piece] ?? ""))).flat().filter((piece) => piece !== "");
}

/** Of two texts, `ID.one` and `ID.other`, the one for this number, which it may name as `count`. */
export const many = (id, count, names = {}) => say(`${id}.${count === 1 ? "one" : "other"}`, { count, ...names });

/** A word of the wire under a prefix; an unknown one as it came. */
export const word = (prefix, name) => (has(`${prefix}.${name}`) ? say(`${prefix}.${name}`) : String(name ?? ""));

const formats = new Map();

/** A number with so many decimals, as the language writes it. */
export function number(value, digits = 0) {
  if (!formats.has(digits)) formats.set(digits, new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return formats.get(digits).format(value);
}

// A browser writes a form's date in its own language, not in the page's: 03/04 is March to one and April to another.
// So the page says beneath it, in words, which day and hour it takes.

import { make } from "./dom.js";
import { instantOf, wholeText } from "./time.js";

for (const field of document.querySelectorAll("input[type=datetime-local]")) {
  const said = make("output", { class: "quiet small", for: field.id });
  const draw = () => { said.textContent = field.value === "" ? "" : wholeText(instantOf(field.value)); };
  field.after(said);
  field.addEventListener("input", draw);
  field.form?.addEventListener("reset", () => setTimeout(draw));
  draw();
}

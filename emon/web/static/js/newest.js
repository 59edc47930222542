// Who waits longest stands first; what came in last of the most urgent then stands far below. A line above the list
// says what that is, and leads to it.

import { make } from "./dom.js";
import { isInHand } from "./state.js";
import { parts } from "./texts.js";
import { ageNode } from "./time.js";
import { eventWords } from "./words.js";

const IN_SIGHT = 2; // cards that are seen without scrolling, on a laptop

export class Newest {
  constructor(root, onGo) {
    this.root = root;
    this.id = null;
    root.addEventListener("click", () => onGo(this.id));
  }

  /** `waiting`: all that wait, in the order of the list; `isShown`: whether that list is. */
  draw(waiting, isShown, breachOf) {
    const unanswered = waiting.filter((alert) => !isInHand(alert));
    const asked = unanswered.filter((alert) => alert.priority === unanswered[0].priority);
    const last = asked.length > IN_SIGHT ? asked.at(-1) : null;
    this.root.hidden = last === null || !isShown;
    if (last === null || last.id === this.id) return;
    this.id = last.id;
    const who = last.wearer ?? last.device ?? "";
    const what = eventWords(last.event, breachOf(last));
    this.root.replaceChildren(make("span", {}, ...parts("newest", { priority: last.priority, what, who, age: ageNode(last.detected_at) })));
  }
}

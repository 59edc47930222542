// Day or night: as the system says, until somebody chooses; the choice stays in this browser.

import { say } from "./texts.js";

const KEY = "emon-theme";

export class Theme {
  constructor(button, onChange) {
    this.button = button;
    this.onChange = onChange;
    this.system = matchMedia("(prefers-color-scheme: dark)");
    this.system.addEventListener("change", () => this.#apply());
    button.addEventListener("click", () => {
      localStorage.setItem(KEY, this.isDark ? "light" : "dark");
      this.#apply();
    });
    this.#show();
  }

  get isDark() {
    const chosen = localStorage.getItem(KEY);
    return chosen === null ? this.system.matches : chosen === "dark";
  }

  #apply() {
    this.#show();
    this.onChange(this.isDark);
  }

  #show() {
    document.documentElement.dataset.theme = this.isDark ? "dark" : "light";
    this.button.textContent = say(this.isDark ? "theme.day" : "theme.night");
    this.button.title = say(this.isDark ? "theme.to_light" : "theme.to_dark");
  }
}

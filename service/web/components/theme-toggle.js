// Light and dark follow the system until the reader presses the switch; style.css does the rest.
import { remember } from "/static/lib/local-storage.js";

const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = () => document.documentElement.dataset.theme;

export const isDark = () => (chosen() ? chosen() === "dark" : system.matches);

/**
 * Canvas does not follow CSS by itself, so the chart listens for "themechange".
 * @param {HTMLElement} button
 */
function announce(button) {
  button.setAttribute("aria-pressed", String(isDark()));
  document.dispatchEvent(new Event("themechange"));
}

/** @param {HTMLElement} button */
export function startTheme(button) {
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    remember("descent.theme", theme);
    announce(button);
  });
  system.addEventListener("change", () => announce(button));
  announce(button);
}

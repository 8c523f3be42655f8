// The theme follows the system until the reader presses the switch. style.css defines the colours.
import { remember } from "/static/lib/local-storage.js";

const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = () => document.documentElement.dataset.theme;

export const isDark = () => (chosen() ? chosen() === "dark" : system.matches);

/**
 * A canvas does not follow CSS: the chart redraws on "themechange".
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

// Two buttons that choose a linear or a logarithmic vertical scale.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

/** @param {(log: boolean) => void} onChoice */
export function scaleChoice(onChoice) {
  /** @param {boolean} log @param {string} words */
  const button = (log, words) => h("button", { type: "button", click: () => onChoice(log) }, words);
  const [straight, logarithmic] = [button(false, t("linear")), button(true, t("log"))];
  const element = h("div", { role: "group", class: "scale", "aria-label": t("scale") }, straight, logarithmic);
  /** @param {boolean} log */
  const show = (log) => {
    straight.setAttribute("aria-pressed", String(!log));
    logarithmic.setAttribute("aria-pressed", String(log));
  };
  return { element, show };
}

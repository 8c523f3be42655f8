// Chooses runs of the list for a comparison: a checkbox per run, and a button that explains why it is disabled.
import { h, say } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { compareLink, MOST_RUNS } from "/static/views/compare/url.js";

/**
 * `kept.chosen` are ids in the order of choice. `actions` are others for them.
 * @param {Page.Kept} kept
 * @param {{ elements: HTMLElement[], update: (chosen: string[]) => void }} actions
 */
export function choosing(kept, actions) {
  const chosen = () => kept.chosen ?? [];
  const hint = h("span", { id: "compare-hint", role: "status" });
  const button = h("button", { type: "button", "aria-describedby": "compare-hint", click: compare }, t("compareButton"));
  const element = h("p", { class: "choosing" }, button, actions.elements, hint);
  const isEnough = () => chosen().length > 1 && chosen().length <= MOST_RUNS;

  function compare() {
    if (isEnough()) location.hash = compareLink(chosen());
    else hint.classList.add("missing");
  }

  function tell() {
    const n = chosen().length;
    actions.update(chosen());
    button.classList.toggle("primary", isEnough());
    hint.classList.remove("missing");
    say(hint, n > MOST_RUNS ? t("compareTooMany", { n: n - MOST_RUNS, most: MOST_RUNS }) : n > 1 ? t("compareChosen", { n }) : t(n === 1 ? "compareNeed.1" : "compareNeed.0"));
  }

  /** The checkbox of a run, and a function that names it. @param {string} id @returns {Page.Box} */
  function box(id) {
    const input = h("input", { type: "checkbox", change: () => {
      kept.chosen = chosen().filter((other) => other !== id).concat(input.checked ? id : []);
      tell();
    } });
    input.checked = chosen().includes(id);
    return { element: input, name: (title) => input.setAttribute("aria-label", t("compareBox", { name: title })) };
  }

  /** Drops chosen runs that the list no longer shows. @param {string[]} ids */
  function keepOnly(ids) {
    kept.chosen = chosen().filter((id) => ids.includes(id));
    tell();
  }
  return { element, box, keepOnly };
}

// Chooses runs of the list to be compared: a box a run, and a button that says what is missing.
import { h, say } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { compareLink, MOST_RUNS } from "/static/views/compare/url.js";

/** `kept.chosen` are ids in the order in which they were chosen. @param {Page.Kept} kept */
export function choosing(kept) {
  const chosen = () => kept.chosen ?? [];
  const hint = h("span", { id: "compare-hint", role: "status" });
  const button = h("button", { type: "button", "aria-describedby": "compare-hint", click: compare }, t("compareButton"));
  const element = h("p", { class: "choosing" }, button, hint);
  const isEnough = () => chosen().length > 1 && chosen().length <= MOST_RUNS;

  function compare() {
    if (isEnough()) location.hash = compareLink(chosen());
    else hint.classList.add("missing");
  }

  function tell() {
    const n = chosen().length;
    button.classList.toggle("primary", isEnough());
    hint.classList.remove("missing");
    say(hint, n > MOST_RUNS ? t("compareTooMany", { n: n - MOST_RUNS, most: MOST_RUNS }) : n > 1 ? t("compareChosen", { n }) : t(n === 1 ? "compareNeed.1" : "compareNeed.0"));
  }

  /** The box of a run, and how to name it. @param {string} id @returns {Page.Box} */
  function box(id) {
    const input = h("input", { type: "checkbox", change: () => {
      kept.chosen = chosen().filter((other) => other !== id).concat(input.checked ? id : []);
      tell();
    } });
    input.checked = chosen().includes(id);
    return { element: input, name: (title) => input.setAttribute("aria-label", t("compareBox", { name: title })) };
  }

  /** What is not listed any more is not chosen either: what one sees is what is compared. @param {string[]} ids */
  function keepOnly(ids) {
    kept.chosen = chosen().filter((id) => ids.includes(id));
    tell();
  }
  return { element, box, keepOnly };
}

// Chooses runs of the list to be compared: a box a run, and a button that says what is missing.
import { h, say } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { compareLink, MOST_RUNS } from "/static/views/compare/url.js";

/** `kept.chosen` are ids in the order in which they were chosen. */
export function choosing(kept) {
  kept.chosen ??= [];
  const hint = h("span", { id: "compare-hint", role: "status" });
  const button = h("button", { type: "button", "aria-describedby": "compare-hint", click: compare }, t("compareButton"));
  const element = h("p", { class: "choosing" }, button, hint);
  const isEnough = () => kept.chosen.length > 1 && kept.chosen.length <= MOST_RUNS;

  function compare() {
    if (isEnough()) location.hash = compareLink(kept.chosen);
    else hint.classList.add("missing");
  }

  function tell() {
    const n = kept.chosen.length;
    button.classList.toggle("primary", isEnough());
    hint.classList.remove("missing");
    say(hint, n > MOST_RUNS ? t("compareTooMany", { n: n - MOST_RUNS, most: MOST_RUNS }) : n > 1 ? t("compareChosen", { n }) : t(`compareNeed.${n}`));
  }

  /** The box of a run, and how to name it. */
  function box(id) {
    const input = h("input", { type: "checkbox", change: () => {
      kept.chosen = kept.chosen.filter((other) => other !== id).concat(input.checked ? id : []);
      tell();
    } });
    input.checked = kept.chosen.includes(id);
    return { element: input, name: (title) => input.setAttribute("aria-label", t("compareBox", { name: title })) };
  }

  /** Whatever is not listed any more is not chosen either: what one sees is what is compared. */
  function keepOnly(ids) {
    kept.chosen = kept.chosen.filter((id) => ids.includes(id));
    tell();
  }
  return { element, box, keepOnly };
}

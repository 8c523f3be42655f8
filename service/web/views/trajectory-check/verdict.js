// The verdict of a check: right, or the first differing step and the mistake that explains every step.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/form-i18n.js";
import { NOTHING, rounded } from "/static/lib/format.js";
import { fit } from "/static/lib/api.js";
import { runLink } from "/static/components/sample-run-button.js";
import { act } from "/static/components/error-banner.js";

/**
 * `request` is the checked request without its trajectory.
 * @param {Api.Verdict} found
 * @param {Api.FitRequest} request
 */
export function verdict(found, request) {
  const button = h("button", { type: "button", class: "primary", click: () => act(button, run) }, t(found.right ? "runSame" : "runRight"));
  const run = async () => { location.hash = runLink((await fit(request)).id); };
  return h("section", { class: `outcome ${found.right ? "right" : "wrong"}`, tabindex: "-1", "aria-labelledby": "outcome" },
    h("h2", { id: "outcome" }, found.right ? t("checkRight", { n: found.steps }) : t("checkWrong", { n: found.step ?? 0 })),
    found.right ? h("p", {}, precisely(found.precision)) : difference(found),
    found.right ? null : mistakes(found.mistakes),
    h("p", { class: "mend" }, button));
}

/** @param {Api.Precision | null} precision */
const precisely = (precision) => (precision ? t(`checkRightTo.${precision.unit}`, { n: precision.number }) : t("checkRightText"));

/** @param {Api.Verdict} found */
function difference({ step, given, expected, steps }) {
  const n = step ?? 0;
  if (!expected) return h("p", {}, t("checkTooLong", { n }));
  if (!given) return h("p", {}, t("checkTooShort", { n }), " ", t("checkSteps", { n: steps }));
  const names = [...new Set([...Object.keys(expected), ...Object.keys(given)])];
  /** @param {string} name */
  const row = (name) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, number(given[name])), h("td", {}, number(expected[name])), h("td", {}, apart(given[name], expected[name])));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("checkTable", { n }) },
    h("table", { class: "grid numbers" }, h("caption", { class: "unseen" }, t("checkTable", { n })),
      h("thead", {}, h("tr", {}, [t("parameter"), t("given"), t("expected"), t("theirDifference")].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, names.map(row))));
}

const DIGITS = 9; // more digits than the tolerance
/** @param {unknown} value */
const number = (value) => (typeof value === "number" ? rounded(value, DIGITS) : NOTHING);
/** @param {unknown} given @param {unknown} expected */
const apart = (given, expected) => (typeof given === "number" && typeof expected === "number" ? rounded(given - expected) : NOTHING);

/** @param {Api.Mistake[]} found */
function mistakes(found) {
  if (found.length === 0) return h("p", { class: "unexplained" }, t("checkUnexplained"));
  const items = found.map(({ code, title, detail }) => h("li", { "data-code": code }, h("h3", {}, title), h("p", {}, detail)));
  return h("div", { class: "mistakes" }, h("p", {}, t(found.length > 1 ? "checkMistakes" : "checkMistake")), h("ul", {}, items));
}

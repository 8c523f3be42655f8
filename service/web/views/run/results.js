// The results of a run: the last and the best step side by side, with θ.
import { choose, h } from "/static/lib/dom.js";
import { count, t, word } from "/static/lib/i18n.js";
import { NOTHING, rounded } from "/static/lib/format.js";
import { isLive } from "/static/components/status-badge.js";
import { standardization } from "/static/views/run/request-summary.js";
import { readRow } from "/static/views/run/trajectory.js";
import { sayMore, SHOWN_PARAMETERS } from "/static/components/step-values.js";

const DIGITS = 8;
const APART = new Set(["step", "theta", "coefficients"]);

/** @param {string} id */
export function runResults(id) {
  const host = h("div");
  const element = h("section", { class: "results", hidden: true }, h("h2", {}, t("results")), host);

  /** @param {Api.Run} run @param {AbortSignal} signal */
  async function update(run, signal) {
    if (isLive(run) || !run.final) return;
    const best = run.best && { ...(await readRow(id, run.best.step, signal)), ...run.best }; // a run's `best` lacks most columns
    choose(host, scores({ ...run.final }, best, run.dataset !== null), thetas(run, run.final));
    element.hidden = false;
  }
  return { element, update };
}

/**
 * The last step and the best test step, for every number of the run.
 * @param {Page.Row & { step: number }} final
 * @param {Page.Row & { step: number } | null} best
 * @param {boolean} hasData without data the errors are null
 */
function scores(final, best, hasData) {
  const names = Object.keys(final).filter((name) => !APART.has(name) && (typeof final[name] === "number" || (hasData && final[name] === null)));
  /** @param {string} name @param {string} last @param {string | null} lowest */
  const row = (name, last, lowest) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, last), best ? h("td", {}, lowest) : null);
  return h("table", { class: "grid numbers" }, h("caption", { class: "unseen" }, t("results")),
    h("thead", {}, h("tr", {}, h("td"), column(t("final")), best ? column(t("best")) : null)),
    h("tbody", {}, row(t("step"), count(final.step), best && count(best.step)),
      names.map((name) => row(word(name, name), rounded(final[name], DIGITS), best && rounded(best[name], DIGITS)))));
}

/** @param {Api.Run} run @param {Api.Criteria} final */
function thetas({ parameters, best, request, dataset }, final) {
  const { coefficients } = final;
  const named = dataset && Object.keys(coefficients).length > 0 ? coefficients : null; // without data there are no units
  /** @param {string} name @param {number} i */
  const row = (name, i) => h("tr", {},
    h("th", { scope: "row" }, name),
    h("td", {}, rounded(final.theta[i], DIGITS)),
    best ? h("td", {}, rounded(best.theta[i], DIGITS)) : null,
    named ? h("td", {}, name in named ? rounded(named[name], DIGITS) : NOTHING) : null);
  const heads = [t("parameter"), t("final"), best ? t("best") : null, named ? t("coefficient") : null];
  const more = h("p", { class: "note" });
  sayMore(more, parameters.length);
  return [
    h("h3", {}, t("parameters")),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("parameters") }, h("table", { class: "grid numbers" }, h("caption", { class: "unseen" }, t("parameters")),
      h("thead", {}, h("tr", {}, heads.filter(Boolean).map(column))),
      h("tbody", {}, parameters.slice(0, SHOWN_PARAMETERS).map(row)))),
    more,
    named && standardization(request.standardize).features ? h("p", { class: "note" }, t("coefficientNote")) : null,
  ];
}

/** @param {Page.Child} words */
const column = (words) => h("th", { scope: "col" }, words);

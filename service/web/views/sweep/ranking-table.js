// The ranking: a row per run. Rows are updated in place, so that a refresh keeps the focus.
import { choose, h, say } from "/static/lib/dom.js";
import { count, t, word } from "/static/lib/i18n.js";
import { NOTHING, rounded } from "/static/lib/format.js";
import { runLink } from "/static/components/sample-run-button.js";
import { outcome } from "/static/components/status-badge.js";
import { variableWords } from "/static/views/sweep/parameters.js";

export function rankingTable() {
  const element = h("section", { class: "ranking" });
  /** @type {Map<string, ReturnType<typeof row>>} */
  const rows = new Map();
  let body = h("tbody");
  let heads = "";

  /** @param {Api.Sweep} sweep */
  function update(sweep) {
    const columns = [t("rank"), ...sweep.varied.map(variableWords), criterionWords(sweep), ...(ofFunctions(sweep) ? [] : [t("best")]), t("status"), t("steps")];
    if (heads !== columns.join()) {
      heads = columns.join();
      body = h("tbody");
      rows.clear();
      choose(element, h("h2", {}, t("ranking")),
        h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("ranking") },
          h("table", { class: "grid numbers" }, h("caption", { class: "unseen" }, t("ranking")),
            h("thead", {}, h("tr", {}, columns.map((words) => h("th", { scope: "col" }, words)))), body)));
    }
    for (const [index, member] of sweep.ranking.entries()) {
      const { element: line, update: show } = rows.get(member.run_id) ?? row(member, sweep.varied, ofFunctions(sweep));
      rows.set(member.run_id, { element: line, update: show });
      show(member);
      if (body.children[index] !== line) body.insertBefore(line, body.children[index] ?? null);
    }
    const known = new Set(sweep.ranking.map((member) => member.run_id));
    for (const [id, { element: line }] of rows) if (!known.has(id)) { line.remove(); rows.delete(id); }
  }

  /**
   * Marks the row of the run that is hovered in the chart.
   * @param {string | undefined} runId
   */
  function point(runId) {
    for (const [id, { element: line }] of rows) line.classList.toggle("pointed", id === runId);
  }
  return { element, update, point };
}

/** The runs with a rank, the best first, without those that ended above their start. @param {Api.Sweep} sweep */
export const bestOf = ({ ranking }) => ranking.filter(({ rank, convergence }) => rank && convergence?.state !== "rising");

/** Whether all runs descend functions without data, which have no test error. @param {Api.Sweep} sweep */
export const ofFunctions = ({ rank_by, ranking }) => rank_by === "train_loss" && ranking.every(({ train_mse: error }) => error === null);

/** @param {Api.Sweep} sweep @param {string} name */
export const criterionWords = (sweep, name = sweep.rank_by) => (ofFunctions(sweep) ? "E(θ)" : word(`criterion.${name}`, word(name, name)));

/**
 * @param {Api.Member} member
 * @param {string[]} varied
 * @param {boolean} hasNoTest
 */
function row(member, varied, hasNoTest) {
  const rank = h("span");
  const cells = { value: h("td"), ...(hasNoTest ? {} : { best: h("td") }), status: h("td"), steps: h("td") };
  const [first, ...rest] = varied.map((pointer) => shortened(member.values[pointer]));
  const link = h("a", { href: runLink(member.run_id) }, first ?? member.run_id.slice(0, 12));
  const element = h("tr", {}, h("td", {}, rank), h("th", { scope: "row" }, link), rest.map((value) => h("td", {}, value)),
    Object.values(cells));
  let shown = "";

  /** @param {Api.Member} news */
  function update(news) {
    const text = JSON.stringify(news);
    if (text === shown) return;
    shown = text;
    say(rank, news.rank ? count(news.rank) : NOTHING);
    say(cells.value, rounded(news.value, 8));
    if (cells.best) say(cells.best, news.best_step === null ? NOTHING : `${rounded(news.best_test_mse, 6)} (${count(news.best_step)})`);
    choose(cells.status, outcome(news, news.findings));
    say(cells.steps, t("stepsOf", { done: news.steps_done, total: news.steps_total }));
  }
  return { element, update };
}

/** @param {unknown} value */
function shortened(value) {
  if (typeof value === "number") return rounded(value, 6);
  if (value === null) return NOTHING;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

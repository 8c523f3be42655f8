// The comparison as a table: the differences between the requests, then the results. A word marks the best value of a row.
import { choose, h } from "/static/lib/dom.js";
import { count, t } from "/static/lib/i18n.js";
import { NOTHING, rounded } from "/static/lib/format.js";
import { isKnown } from "/static/lib/scale.js";
import { outcome as badges, sentence } from "/static/components/status-badge.js";
import { runName } from "/static/views/compare/run-label.js";

const DIGITS = 8;

/** @param {Page.RunSeries[]} allSeries @param {Page.ComparisonState} state */
export function summaryTable(allSeries, state) {
  const host = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "sheet" });
  const note = h("p", { class: "note" });
  const element = h("section", { class: "sheet" }, h("h2", { id: "sheet" }, t("compareSummary")), host, note);
  let shown = "";

  state.effect(() => {
    if (!state.news.value) return;
    const { found } = state.news.value;
    const news = JSON.stringify(allSeries.map(({ run, gap }) => [run, gap]));
    if (news === shown) return;
    shown = news;
    choose(host, table(allSeries, found));
    note.textContent = found.differ("/dataset", "/split") ? t("otherRows") : "";
  });
  return element;
}

/** @param {Page.RunSeries[]} allSeries @param {Page.Differences} found */
function table(allSeries, { rows, differ }) {
  const heads = allSeries.map(({ run, place }) => h("th", { scope: "col" }, runName(run, place)));
  const asked = rows.map(({ pointer, label, values }) => line(pointer, label, values));
  return h("table", { class: "grid numbers compared" }, h("caption", { class: "unseen" }, t("compareSummary")),
    h("thead", {}, h("tr", {}, h("td"), heads)),
    group(t("compareAsked"), asked.length ? asked : [line("nothing", t("compareSame"), allSeries.map(() => ""))], allSeries),
    group(t("compareOutcome"), outcome(allSeries, differ), allSeries));
}

/** @param {string} title @param {Page.Children} lines @param {Page.RunSeries[]} allSeries */
const group = (title, lines, allSeries) =>
  h("tbody", {}, h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: allSeries.length + 1 }, title)), ...lines);

/** @param {string} key @param {string} label @param {Page.Shown[]} values */
const line = (key, label, values) =>
  h("tr", { "data-row": key }, h("th", { scope: "row" }, label), values.map((value) => h("td", {}, ...[value].flat())));

/** @param {Page.RunSeries[]} allSeries @param {Page.Differences["differ"]} differ */
function outcome(allSeries, differ) {
  const runs = allSeries.map(({ run }) => run);
  const sameRows = !differ("/dataset", "/split");
  const sameE = sameRows && !differ("/objective", "/model", "/standardize", "/function");
  const withoutData = runs.every(({ dataset }) => !dataset);
  /** @param {string} key @param {string} label @param {(run: Api.Run) => Page.Shown} of */
  const plain = (key, label, of) => line(key, label, runs.map(of));
  /** @param {string} key @param {string} label @param {(Api.Value | undefined)[]} values @param {boolean} comparable */
  const score = (key, label, values, comparable) => {
    const known = values.filter(isKnown);
    if (known.length === 0) return null;
    const best = comparable && new Set(known).size > 1 ? Math.min(...known) : null;
    return line(key, label, values.map((value) => (value !== null && value === best ? bestOf(value) : rounded(value, DIGITS))));
  };
  return [
    plain("status", t("status"), (run) => badges(run, run.diagnosis.length)),
    plain("stop_reason", t("how"), (run) => h("span", { class: "words" }, sentence(run) || NOTHING)),
    plain("steps", t("steps"), (run) => t("stepsOf", { done: run.steps_done, total: run.steps_total })),
    plain("learning_rate", t("rateUsed"), (run) => rounded(run.learning_rate, DIGITS)),
    withoutData ? score("final.train_loss", t("lastOf", { what: t("train_loss") }), runs.map(({ final }) => final?.train_loss), sameE) : null,
    score("final.train_mse", t("lastOf", { what: t("train_mse") }), runs.map(({ final }) => final?.train_mse), sameRows),
    score("final.test_mse", t("lastOf", { what: t("test_mse") }), runs.map(({ final }) => final?.test_mse), sameRows),
    score("best.test_mse", t("lowestOf", { what: t("test_mse") }), runs.map(({ best }) => best?.test_mse), sameRows),
    withoutData ? null : plain("best.step", t("best"), ({ best }) => (best ? count(best.step) : NOTHING)),
    score("gap", t("optimality_gap"), allSeries.map(({ gap }) => gap), sameE),
  ];
}

/** @param {unknown} value */
const bestOf = (value) => [h("strong", {}, rounded(value, DIGITS)), " ", h("span", { class: "is-best" }, t("bestOfRow"))];

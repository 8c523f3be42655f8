// The comparison as a table: what was asked otherwise, and what came of it. The best of a row is said in a word.
import { choose, h } from "/static/lib/dom.js";
import { count, t } from "/static/lib/i18n.js";
import { NOTHING, rounded } from "/static/lib/format.js";
import { isKnown } from "/static/lib/scale.js";
import { badge, sentence } from "/static/components/status-badge.js";
import { runName } from "/static/views/compare/run-label.js";

const DIGITS = 8;

/** @param {Page.Track[]} tracks @param {Page.ComparisonState} state */
export function sheet(tracks, state) {
  const host = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "sheet" });
  const note = h("p", { class: "note" });
  const element = h("section", { class: "sheet" }, h("h2", { id: "sheet" }, t("compareSheet")), host, note);
  let shown = "";

  state.effect(() => {
    if (!state.news.value) return;
    const { found } = state.news.value;
    const news = JSON.stringify(tracks.map(({ run, gap }) => [run, gap]));
    if (news === shown) return;
    shown = news;
    choose(host, table(tracks, found));
    note.textContent = found.differ("/dataset", "/split") ? t("otherRows") : "";
  });
  return element;
}

/** @param {Page.Track[]} tracks @param {Page.Differences} found */
function table(tracks, { rows, differ }) {
  const heads = tracks.map(({ run, place }) => h("th", { scope: "col" }, runName(run, place)));
  const asked = rows.map(({ pointer, label, values }) => line(pointer, label, values));
  return h("table", { class: "grid numbers compared" }, h("caption", { class: "unseen" }, t("compareSheet")),
    h("thead", {}, h("tr", {}, h("td"), heads)),
    group(t("compareAsked"), asked.length ? asked : [line("nothing", t("compareSame"), tracks.map(() => ""))], tracks),
    group(t("compareOutcome"), outcome(tracks, differ), tracks));
}

/** @param {string} title @param {Page.Children} lines @param {Page.Track[]} tracks */
const group = (title, lines, tracks) =>
  h("tbody", {}, h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: tracks.length + 1 }, title)), ...lines);

/** @param {string} key @param {string} label @param {Page.Shown[]} values */
const line = (key, label, values) =>
  h("tr", { "data-row": key }, h("th", { scope: "row" }, label), values.map((value) => h("td", {}, ...[value].flat())));

/** @param {Page.Track[]} tracks @param {Page.Differences["differ"]} differ */
function outcome(tracks, differ) {
  const runs = tracks.map(({ run }) => run);
  const sameRows = !differ("/dataset", "/split");
  const sameE = sameRows && !differ("/objective", "/model", "/standardize");
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
    plain("status", t("status"), ({ status }) => badge(status)),
    plain("stop_reason", t("how"), (run) => h("span", { class: "words" }, sentence(run) || NOTHING)),
    plain("steps", t("steps"), (run) => t("stepsOf", { done: run.steps_done, total: run.steps_total })),
    plain("learning_rate", t("rateUsed"), (run) => rounded(run.learning_rate, DIGITS)),
    score("final.train_mse", t("lastOf", { what: t("train_mse") }), runs.map(({ final }) => final?.train_mse), sameRows),
    score("final.test_mse", t("lastOf", { what: t("test_mse") }), runs.map(({ final }) => final?.test_mse), sameRows),
    score("best.test_mse", t("lowestOf", { what: t("test_mse") }), runs.map(({ best }) => best?.test_mse), sameRows),
    plain("best.step", t("best"), ({ best }) => (best ? count(best.step) : NOTHING)),
    score("gap", t("optimality_gap"), tracks.map(({ gap }) => gap), sameE),
  ];
}

/** @param {unknown} value */
const bestOf = (value) => [h("strong", {}, rounded(value, DIGITS)), " ", h("span", { class: "is-best" }, t("bestOfRow"))];

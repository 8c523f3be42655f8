// One chart for several runs: a curve per run for the chosen column, and the slider that chooses the step.
import { choose, h, say } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { rounded } from "/static/lib/format.js";
import { titleOf } from "/static/lib/run-title.js";
import { chart } from "/static/components/chart.js";
import { curveTable } from "/static/components/data-table.js";
import { curveWords } from "/static/components/chart-description.js";
import { player } from "/static/components/playback-controls.js";
import { scaleChoice } from "/static/components/scale-toggle.js";
import { isKnown, suggestsLog } from "/static/lib/scale.js";
import { isLive } from "/static/components/status-badge.js";
import { stepper } from "/static/components/step-slider.js";
import { UNREAD } from "/static/components/step-values.js";
import { styleOf } from "/static/views/compare/run-label.js";
import { signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

/**
 * `state` is the comparison's state. `kept` holds the reader's choices: `column`, a name, and `log` (undefined: not chosen yet). Choosing
 * another column calls `onColumn()`.
 * @param {Page.RunSeries[]} allSeries
 * @param {Page.ComparisonState} state
 * @param {Page.Kept} kept
 * @param {() => void} onColumn
 */
export function curves(allSeries, state, kept, onColumn) {
  const log = signal({ isLog: kept.log, column: kept.column }); // the choice holds for this column
  const select = h("select", { id: "column", change: () => { [kept.column, kept.log] = [select.value, undefined]; onColumn(); } });
  const scale = scaleChoice((isLog) => {
    kept.log = isLog;
    log.value = { isLog, column: kept.column };
  });
  const figure = h("div", { class: "plot", role: "img", "aria-label": t("chartWaiting") });
  const caution = h("p", { class: "caution", role: "status" });
  const legend = h("p", { class: "note" });
  const slider = stepper(state, () => `${t("atStep", { n: state.step.value })}: ${allSeries.map((runSeries) => `${titleOf(runSeries.run)} ${valueWords(state.values.value[runSeries.id])}`).join(", ")}`);
  slider.row.prepend(player(state));
  const empty = h("p", { class: "nothing" });
  const table = curveTable((id) => titleOf(/** @type {Page.RunSeries} */ (allSeries.find((runSeries) => runSeries.id === id)).run));
  const drawn = [figure, slider.element, legend, table.element];
  const element = h("section", { class: "criteria", "aria-labelledby": "curves" }, h("h2", { id: "curves", class: "unseen" }, t("compareCurves")),
    h("div", { class: "criteria-top" }, h("p", { class: "pick-column" }, h("label", { for: "column" }, t("drawn")), select), scale.element), caution, figure, empty, slider.element, legend, table.element);
  const drawing = signal(/** @type {ReturnType<typeof chart> | null} */ (null));
  let offers = "";

  /** @param {Page.Column[]} offered */
  function offer(offered) {
    const news = JSON.stringify([offered, kept.column]);
    if (news === offers) return; // replacing the options would close an open list
    offers = news;
    /** @param {Page.Column} column */
    const option = ({ name, label }) => h("option", { value: name, selected: name === kept.column }, label);
    const [plain, thetas] = [false, true].map((isTheta) => offered.filter(({ field }) => (field === "theta") === isTheta));
    choose(select, plain.map(option), thetas.length ? h("optgroup", { label: t("more.theta") }, thetas.map(option)) : null);
  }

  state.effect(() => {
    if (!state.news.value) return;
    const { column, offered, found } = state.news.value;
    offer(offered);
    const columns = joined(allSeries, column);
    const isEmpty = columns.step.length === 0;
    for (const part of drawn) part.hidden = isEmpty;
    empty.hidden = !isEmpty;
    say(empty, allSeries.some(({ run }) => isLive(run)) ? t("chartWaiting") : t("chartNothing"));
    say(caution, cautions(column, found));
    say(legend, [allSeries.some(({ run }) => run.dataset) ? t("bestOfEach") : "", allSeries.some(({ run }) => run.status === "diverged") ? t("leavesChart") : ""].filter(Boolean).join(" "));
    table.update(columns);
    if (!isEmpty) draw(column, columns, log.value.column === column.name ? log.value.isLog : undefined);
  });

  /** @param {Page.Column} column @param {Page.Plotted} columns @param {boolean | undefined} chosen */
  function draw(column, columns, chosen) {
    const names = allSeries.map(({ id }) => id);
    const fitted = fitting(allSeries, column);
    const isLog = chosen ?? suggestsLog(fitted);
    const shown = drawing.peek() ?? chart(figure, allSeries.map(({ id, place }) => ({ name: id, ...styleOf(place) })), state.pass);
    drawing.value = shown;
    shown.draw({ columns }, names, isLog, allSeries.flatMap((runSeries) => mark(runSeries, column)), fitted);
    scale.show(isLog);
    figure.setAttribute("aria-label", `${column.label}. ${allSeries.map((runSeries) => curveWords(titleOf(runSeries.run), ...runSeries.points(column))).join(" ")}`);
  }

  state.effect(() => {
    drawing.value?.select(state.step.value, state.values.value, Object.keys(state.values.value));
  });
  return { element, stop: () => drawing.peek()?.stop() };
}

/** @param {Api.Value | undefined} value */
const valueWords = (value) => (value === undefined ? UNREAD : rounded(value));

/** The steps of all runs, and each run's values; undefined where a run lacks the step. @param {Page.RunSeries[]} allSeries @param {Page.Column} column @returns {Page.Plotted} */
function joined(allSeries, column) {
  const [step, ...values] = /** @type {[number[], ...(Api.Value | undefined)[][]]} */ (globalThis.uPlot.join(allSeries.map((runSeries) => runSeries.points(column))));
  return { step, ...Object.fromEntries(allSeries.map(({ id }, i) => [id, values[i]])) };
}

/** The values that the scale must cover. A diverged run counts with its start only, since its end would flatten all other curves. @param {Page.RunSeries[]} allSeries @param {Page.Column} column */
function fitting(allSeries, column) {
  /** @param {Page.RunSeries} runSeries */
  const isOff = ({ run }) => run.status === "diverged" && !allSeries.every((runSeries) => runSeries.run.status === "diverged");
  return allSeries.flatMap((runSeries) => runSeries.points(column)[1].slice(0, isOff(runSeries) ? 1 : undefined));
}

/** The best test step on the drawn curve, if there is one. @param {Page.RunSeries} runSeries @param {Page.Column} column @returns {Page.Mark[]} */
function mark(runSeries, column) {
  const step = runSeries.run.best?.step;
  const value = step === undefined ? null : runSeries.valueAt(column, step);
  return step !== undefined && isKnown(value) ? [{ step, value, colour: styleOf(runSeries.place).colour }] : [];
}

/** The reasons why these curves are not comparable. @param {Page.Column} column @param {Page.Differences} found */
function cautions({ name, field }, { differ }) {
  const otherE = ["train_loss", "gradient_norm", "optimality_gap"].includes(name) && differ("/objective", "/standardize");
  const otherUnits = field === "theta" && differ("/standardize", "/dataset");
  return [
    otherE ? t("cautionE") : "", otherUnits ? t("cautionUnits") : "", differ("/dataset", "/split") ? t("otherRows") : "",
  ].filter(Boolean).join(" ");
}

// One chart for several runs: a column of their trajectories, a curve a run, and the slider that moves along them.
import { choose, h, say } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { rounded, titleOf } from "/static/lib/format.js";
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
 * Of a comparison's state. `kept` holds the reader's choices: `column`, a name, and `log` (undefined: not chosen yet). `onColumn()` is called
 * when another column is chosen.
 * @param {Page.Track[]} tracks
 * @param {Page.ComparisonState} state
 * @param {Page.Kept} kept
 * @param {() => void} onColumn
 */
export function curves(tracks, state, kept, onColumn) {
  const log = signal({ isLog: kept.log, column: kept.column }); // chosen for a column
  const select = h("select", { id: "column", change: () => { [kept.column, kept.log] = [select.value, undefined]; onColumn(); } });
  const scale = scaleChoice((isLog) => {
    kept.log = isLog;
    log.value = { isLog, column: kept.column };
  });
  const figure = h("div", { class: "plot", role: "img", "aria-label": t("chartWaiting") });
  const caution = h("p", { class: "caution", role: "status" });
  const legend = h("p", { class: "note" });
  const slider = stepper(state, () => `${t("atStep", { n: state.step.value })}: ${tracks.map((track) => `${titleOf(track.run)} ${valueWords(state.values.value[track.id])}`).join(", ")}`);
  slider.row.prepend(player(state));
  const empty = h("p", { class: "nothing" });
  const table = curveTable((id) => titleOf(/** @type {Page.Track} */ (tracks.find((track) => track.id === id)).run));
  const drawn = [figure, slider.element, legend, table.element];
  const element = h("section", { class: "criteria", "aria-labelledby": "curves" }, h("h2", { id: "curves", class: "unseen" }, t("compareCurves")),
    h("div", { class: "criteria-top" }, h("p", { class: "pick-column" }, h("label", { for: "column" }, t("drawn")), select), scale.element), caution, figure, empty, slider.element, legend, table.element);
  const drawing = signal(/** @type {ReturnType<typeof chart> | null} */ (null));
  let offers = "";

  /** @param {Page.Column[]} offered */
  function offer(offered) {
    const news = JSON.stringify([offered, kept.column]);
    if (news === offers) return; // an open list stays as it is
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
    const columns = joined(tracks, column);
    const isEmpty = columns.step.length === 0;
    for (const part of drawn) part.hidden = isEmpty;
    empty.hidden = !isEmpty;
    say(empty, tracks.some(({ run }) => isLive(run)) ? t("chartWaiting") : t("chartNothing"));
    say(caution, cautions(column, found));
    say(legend, [t("bestOfEach"), tracks.some(({ run }) => run.status === "diverged") ? t("leavesChart") : ""].filter(Boolean).join(" "));
    table.update(columns);
    if (!isEmpty) draw(column, columns, log.value.column === column.name ? log.value.isLog : undefined);
  });

  /** @param {Page.Column} column @param {Page.Plotted} columns @param {boolean | undefined} chosen */
  function draw(column, columns, chosen) {
    const names = tracks.map(({ id }) => id);
    const fitted = fitting(tracks, column);
    const isLog = chosen ?? suggestsLog(fitted);
    const shown = drawing.peek() ?? chart(figure, tracks.map(({ id, place }) => ({ name: id, ...styleOf(place) })), state.pass);
    drawing.value = shown;
    shown.draw({ columns }, names, isLog, tracks.flatMap((track) => mark(track, column)), fitted);
    scale.show(isLog);
    figure.setAttribute("aria-label", `${column.label}. ${tracks.map((track) => curveWords(titleOf(track.run), ...track.points(column))).join(" ")}`);
  }

  state.effect(() => {
    drawing.value?.select(state.step.value, state.values.value, Object.keys(state.values.value));
  });
  return { element, stop: () => drawing.peek()?.stop() };
}

/** @param {Api.Value | undefined} value */
const valueWords = (value) => (value === undefined ? UNREAD : rounded(value));

/** The steps of all runs, and each run's values there: undefined where a run has not that step. @param {Page.Track[]} tracks @param {Page.Column} column @returns {Page.Plotted} */
function joined(tracks, column) {
  const [step, ...values] = /** @type {[number[], ...(Api.Value | undefined)[][]]} */ (globalThis.uPlot.join(tracks.map((track) => track.points(column))));
  return { step, ...Object.fromEntries(tracks.map(({ id }, i) => [id, values[i]])) };
}

/** What the scale is made for: of a run that diverged its start alone, else the others would be a flat line below it. @param {Page.Track[]} tracks @param {Page.Column} column */
function fitting(tracks, column) {
  /** @param {Page.Track} track */
  const isOff = ({ run }) => run.status === "diverged" && !tracks.every((track) => track.run.status === "diverged");
  return tracks.flatMap((track) => track.points(column)[1].slice(0, isOff(track) ? 1 : undefined));
}

/** The best test step on the drawn curve, if there is one. @param {Page.Track} track @param {Page.Column} column @returns {Page.Mark[]} */
function mark(track, column) {
  const step = track.run.best?.step;
  const value = step === undefined ? null : track.valueAt(column, step);
  return step !== undefined && isKnown(value) ? [{ step, value, colour: styleOf(track.place).colour }] : [];
}

/** What makes these curves no fair comparison. @param {Page.Column} column @param {Page.Differences} found */
function cautions({ name, field }, { differ }) {
  const otherE = ["train_loss", "gradient_norm", "optimality_gap"].includes(name) && differ("/objective", "/standardize");
  const otherUnits = field === "theta" && differ("/standardize", "/dataset");
  return [
    otherE ? t("cautionE") : "", otherUnits ? t("cautionUnits") : "", differ("/dataset", "/split") ? t("otherRows") : "",
  ].filter(Boolean).join(" ");
}

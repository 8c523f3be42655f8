// The chart of train and test error with its legend, its scale toggle, its text alternative and the step slider.
import { h, say } from "/static/lib/dom.js";
import { count, t } from "/static/lib/i18n.js";
import { rounded } from "/static/lib/format.js";
import { chart } from "/static/components/chart.js";
import { curveTable } from "/static/components/data-table.js";
import { curveWords } from "/static/components/chart-description.js";
import { scaleChoice } from "/static/components/scale-toggle.js";
import { CRITERIA, CURVES } from "/static/views/run/trajectory.js";
import { isKnown, suggestsLog } from "/static/lib/scale.js";
import { isLive } from "/static/components/status-badge.js";
import { player } from "/static/components/playback-controls.js";
import { stepper } from "/static/components/step-slider.js";
import { computed, signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

/**
 * `state` is the run's state. `kept` holds the reader's choices: `log` (undefined: not chosen yet) and `loss`. `tool` is a control for the
 * chosen step, placed beside the slider.
 * @param {Page.RunState} state
 * @param {Page.Kept} kept
 * @param {HTMLElement} tool
 */
export function chartPanel(state, kept, tool) {
  const hasData = computed(() => state.news.value?.run.dataset !== null);
  const [log, loss] = [signal(kept.log), signal(Boolean(kept.loss))];
  const figure = h("div", { class: "plot", role: "img", "aria-label": t("chartWaiting") });
  const note = h("p", { class: "note" });
  const star = legendEntry("best", "");
  const best = h("button", { type: "button", class: "to-best", title: t("goToBest"), click: goToBest }, star);
  const box = h("input", { type: "checkbox", change: () => { kept.loss = loss.value = box.checked; } });
  box.checked = loss.value;
  const scale = scaleChoice((isLog) => { kept.log = log.value = isLog; });
  const ofData = [legendEntry("train_mse", t("train_mse")), legendEntry("test_mse", t("test_mse")), box];
  const legend = h("div", { class: "legend" }, ofData.slice(0, 2), h("label", { class: "toggle" }, box, legendEntry("train_loss", t("showLoss"))), best);
  const slider = stepper(state, () => stepWords(state.step.value, state.row.value, hasData.value));
  const [title, explained] = [h("h2", { id: "criteria" }, t("chart")), h("p", { class: "explain" }, t("criteria"))];
  const why = h("h3", { hidden: true }, t("withoutDataTitle"));
  slider.row.prepend(player(state), tool);
  const empty = h("p", { class: "nothing", hidden: true });
  const table = curveTable();
  const element = h("section", { class: "criteria", "aria-labelledby": "criteria" },
    h("div", { class: "criteria-top" }, title, scale.element), legend, figure, empty, slider.element, note, table.element, why, explained);
  const needData = [figure, legend, scale.element, slider.element, table.element];
  const drawing = signal(/** @type {ReturnType<typeof chart> | null} */ (null)); // created at the first draw, since uPlot needs an element with a size
  const visible = computed(() => CURVES.filter((name) => (name === "train_loss" ? loss.value || !hasData.value : hasData.value)));
  state.effect(() => {
    say(title, t(hasData.value ? "chart" : "chartOfFunction"));
    say(explained, t(hasData.value ? "criteria" : "withoutData"));
    why.hidden = hasData.value;
    for (const entry of ofData) entry.hidden = !hasData.value;
  });

  state.effect(() => {
    const news = state.news.value;
    const isEmpty = state.last.value < 0;
    for (const part of needData) part.hidden = isEmpty;
    empty.hidden = !isEmpty;
    if (!news) return;
    const { run, curve } = news;
    say(empty, isLive(run) ? t("chartWaiting") : t("chartNothing"));
    say(note, notes(run, curve));
    table.update(hasData.value ? curve.columns : { step: curve.columns.step, train_loss: curve.columns.train_loss });
  });
  state.effect(() => {
    if (!state.news.value || state.last.value < 0) return;
    const { run, curve } = state.news.value;
    const [names, mark] = [visible.value, run.best && isKnown(run.best.test_mse) ? run.best : null];
    const isLog = log.value ?? suggestsLog(names.flatMap((name) => curve.columns[name]));
    const drawn = drawing.peek() ?? chart(figure, CRITERIA, state.pass);
    drawing.value = drawn;
    drawn.draw(curve, names, isLog, mark ? [{ step: mark.step, value: mark.test_mse, colour: "--chart-test_mse" }] : []);
    scale.show(isLog);
    best.hidden = !mark;
    if (mark) say(/** @type {Element} */ (star.lastElementChild), `${t("bestMark")} (${t("atStep", { n: mark.step }).toLowerCase()})`);
    figure.setAttribute("aria-label", names.map((name) => curveWords(t(name), curve.columns.step, curve.columns[name])).join(" "));
  });
  state.effect(() => {
    drawing.value?.select(state.step.value, state.row.value, visible.value);
  });
  function goToBest() {
    const known = state.news.peek()?.run.best;
    if (known) state.choose(known.step);
  }
  return { element, stop: () => drawing.peek()?.stop() };
}

/** @param {number} step @param {Page.Row | null} row @param {boolean} hasData */
function stepWords(step, row, hasData) {
  if (!row) return t("atStep", { n: step });
  return hasData ? t("stepValues", { n: step, train: rounded(row.train_mse), test: rounded(row.test_mse) }) : t("stepEnergy", { n: step, energy: rounded(row.train_loss) });
}
/** @param {string} name @param {string} words */
const legendEntry = (name, words) => h("span", { class: `entry ${name}` }, h("i", { class: "sample", "aria-hidden": "true" }), h("span", {}, words));

/** @param {Api.Run} run @param {Page.Curve} curve */
function notes(run, curve) {
  const { step } = curve.columns;
  if (step.length === 0) return "";
  const sampled = curve.sampled ? t("sampled", { n: step.length, all: count(curve.last + 1) }) : "";
  const noTest = run.dataset && !isLive(run) && !curve.has("test_mse") ? t("noTest") : "";
  return [noTest, sampled].filter(Boolean).join(" ");
}

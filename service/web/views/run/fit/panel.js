// The data and the predictions f(θ, x) at the chosen step. When the cursor moves, one request reads many steps and the nearest one
// is drawn; a debounced request reads the exact step.
import { choose, h, say } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getPredictions, part } from "/static/lib/api.js";
import { describe } from "/static/components/error-banner.js";
import { whenResting } from "/static/lib/debounce.js";
import { isLive } from "/static/components/status-badge.js";
import { curveLook } from "/static/views/run/fit/curve.js";
import { plane } from "/static/views/run/fit/axes.js";
import { computed, signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

const FEWEST_STEPS = 3; // the first, the best and the last, in the first request
const MOST_STEPS = 60;
const POINTS = 50; // of a curve: more are not visible at this size
const PAUSE_MS = 3000; // between two requests for a live run

/**
 * @param {string} id
 * @param {Page.RunState} state
 */
export function fitPanel(id, state) {
  const figure = h("div", { class: "fit-plot", role: "img", hidden: true });
  const legend = h("div", { class: "legend" });
  const note = h("div", { class: "note" });
  const about = h("p", { class: "help" });
  const element = h("section", { class: "fit-view", "aria-labelledby": "fit-view", hidden: true }, h("h2", { id: "fit-view" }, t("fitTitle")), about, figure, legend, note);
  const reader = whenResting((/** @type {number} */ step, signal) => ask({ step }, signal), (answer) => { exact.value = answer; }, fail);
  const none = /** @type {Api.Predictions | null} */ (null);
  const [film, exact] = [signal(none), signal(none)]; // sampled steps, and the chosen one
  /** @type {Page.Look | null} */
  let look = null;
  /** @type {ReturnType<typeof plane> | null} */
  let drawing = null;
  let most = FEWEST_STEPS;
  let [readAt, readLast, controller] = [-PAUSE_MS, -1, new AbortController()];

  /** @param {Api.Run} run @param {number} last */
  function update(run, last) {
    if (!run.dataset || last < 0 || last === readLast || (isLive(run) && performance.now() - readAt < PAUSE_MS)) return;
    readLast = last;
    read();
  }

  const dataset = () => /** @type {Api.RunDataset} */ (state.news.peek()?.run.dataset); // both are set: a run on data has steps
  /** @param {Api.Query} query @param {AbortSignal} stopped */
  const ask = (query, stopped) => getPredictions(id, { ...query, ...(dataset().features.length === 1 && { points: POINTS }) }, stopped);

  async function read() {
    readAt = performance.now();
    controller.abort();
    controller = new AbortController();
    const { signal: stopped } = controller;
    try {
      const answer = await ask({ max_steps: most }, stopped);
      look ??= await lookOf(answer, dataset().target);
      if (stopped.aborted) return;
      element.hidden = false;
      if (!drawing) begin(look);
      film.value = answer;
    } catch (error) {
      if (!stopped.aborted) fail(error);
    }
  }

  /** @param {unknown} error */
  function fail(error) {
    element.hidden = false;
    choose(note, describe(error));
  }

  /** @param {Page.Look} mine */
  function begin(mine) {
    say(about, mine.about);
    figure.hidden = false;
    drawing = plane(figure, mine);
  }

  const shown = computed(() => {
    const at = state.step.value;
    if (exact.value?.step[0] === at) return frame(exact.value, 0);
    if (!film.value) return null;
    const { step: steps } = film.value;
    return frame(film.value, steps.reduce((near, step, i) => (Math.abs(step - at) < Math.abs(steps[near] - at) ? i : near), 0));
  });

  state.effect(() => {
    if (state.news.value) update(state.news.value.run, state.last.value);
  });
  state.effect(() => {
    if (film.value && shown.value) draw(film.value, state.step.value, shown.value, state.news.value?.run.best?.step);
  });
  state.effect(() => {
    if (!film.value || !shown.value) return;
    if (shown.value.step === state.step.value) reader.stop();
    else {
      reader.want(state.step.value);
      widen();
    }
  });

  function widen() {
    if (most === MOST_STEPS) return;
    most = MOST_STEPS;
    read();
  }

  /** @param {Api.Predictions} steps @param {number} at @param {Page.Prediction} now @param {number | undefined} best */
  function draw(steps, at, now, best) {
    if (!look || !drawing) return;
    const bestAt = best === undefined ? -1 : steps.step.indexOf(best);
    const low = bestAt >= 0 && best !== now.step ? frame(steps, bestAt) : null;
    drawing.draw(now, low);
    choose(legend, look.legend(now, low));
    figure.setAttribute("aria-label", look.words(now));
    say(note, now.step === at ? "" : t("nearestStep", { n: now.step }));
    note.dataset.step = String(now.step);
  }

  const stop = () => {
    controller.abort();
    reader.stop();
    drawing?.stop();
  };
  return { element, stop };
}

/**
 * The look for the model and the features: a curve, decision regions, or predicted against actual. The latter two load on first use.
 * @param {Api.Predictions} answer
 * @param {string} target
 */
async function lookOf(answer, target) {
  const { y, classes } = answer;
  if (!y) return curveLook(answer, target);
  if (classes) return (await part(() => import("/static/views/run/fit/decision-regions.js"))).regionsLook({ ...answer, y, classes });
  return (await part(() => import("/static/views/run/fit/predicted-vs-actual.js"))).againstLook(answer, target);
}

/** @param {Api.Predictions} answer @param {number} i @returns {Page.Prediction} */
const frame = (answer, i) => ({ step: answer.step[i], prediction: answer.prediction[i], fitted: answer.fitted[i] });

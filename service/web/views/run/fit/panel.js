// The data, and what f(θ, x) makes of it at the cursor. Once that moves, many steps come in one answer, of which the nearest
// is drawn; the very step is fetched when the cursor rests.
import { choose, h, say } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getPredictions, part } from "/static/lib/api.js";
import { describe } from "/static/components/error-banner.js";
import { whenResting } from "/static/lib/debounce.js";
import { isLive } from "/static/components/status-badge.js";
import { curveLook } from "/static/views/run/fit/curve.js";
import { plane } from "/static/views/run/fit/axes.js";
import { computed, signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

const FEWEST_STEPS = 3; // the first, the best and the last, to begin with
const MOST_STEPS = 60;
const POINTS = 50; // of a curve: at this size, more could not be seen
const PAUSE_MS = 3000; // between two looks at a live run

/** Of a run's state. */
export function fitPanel(id, state) {
  const figure = h("div", { class: "fit-plot", role: "img", hidden: true });
  const legend = h("div", { class: "legend" });
  const note = h("div", { class: "note" });
  const about = h("p", { class: "help" });
  const element = h("section", { class: "fit-view", "aria-labelledby": "fit-view", hidden: true }, h("h2", { id: "fit-view" }, t("fitTitle")), about, figure, legend, note);
  const reader = whenResting((step, signal) => ask({ step }, signal), (answer) => { exact.value = answer; }, fail);
  const [film, exact] = [signal(null), signal(null)]; // many steps, and the very one
  let [look, drawing, most] = [null, null, FEWEST_STEPS];
  let [readAt, readLast, controller] = [-PAUSE_MS, -1, new AbortController()];

  function update(run, last) {
    if (last < 0 || last === readLast || (isLive(run) && performance.now() - readAt < PAUSE_MS)) return;
    readLast = last;
    read();
  }

  const dataset = () => state.news.peek().run.dataset;
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
      if (!drawing) begin();
      film.value = answer;
    } catch (error) {
      if (!stopped.aborted) fail(error);
    }
  }

  function fail(error) {
    element.hidden = false;
    choose(note, describe(error));
  }

  function begin() {
    say(about, look.about);
    figure.hidden = false;
    drawing = plane(figure, look);
  }

  const shown = computed(() => {
    const at = state.step.value;
    if (exact.value?.step[0] === at) return frame(exact.value, 0);
    const { step: steps } = film.value;
    return frame(film.value, steps.reduce((near, step, i) => (Math.abs(step - at) < Math.abs(steps[near] - at) ? i : near), 0));
  });

  state.effect(() => {
    if (state.news.value) update(state.news.value.run, state.last.value);
  });
  state.effect(() => {
    if (film.value) draw(state.step.value, shown.value, state.news.value.run.best?.step);
  });
  state.effect(() => {
    if (!film.value) return;
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

  function draw(at, now, best) {
    const bestAt = film.peek().step.indexOf(best);
    const low = bestAt >= 0 && best !== now.step ? frame(film.peek(), bestAt) : null;
    drawing.draw(now, low);
    choose(legend, look.legend(now, low));
    figure.setAttribute("aria-label", look.words(now));
    say(note, now.step === at ? "" : t("nearestStep", { n: now.step }));
    note.dataset.step = now.step;
  }

  const stop = () => {
    controller.abort();
    reader.stop();
    drawing?.stop();
  };
  return { element, stop };
}

/** A curve through the points; or classes on the plane, or predictions against what was given, loaded where they are wanted. */
async function lookOf(answer, target) {
  if (!answer.y) return curveLook(answer, target);
  if (answer.classes) return (await part(() => import("/static/views/run/fit/decision-regions.js"))).regionsLook(answer);
  return (await part(() => import("/static/views/run/fit/predicted-vs-actual.js"))).againstLook(answer, target);
}

const frame = (answer, i) => ({ step: answer.step[i], prediction: answer.prediction[i], fitted: answer.fitted[i] });

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

const FEWEST_STEPS = 3; // the first, the best and the last, to begin with
const MOST_STEPS = 60;
const POINTS = 50; // of a curve: at this size, more could not be seen
const PAUSE_MS = 3000; // between two looks at a live run

export function fitPanel(id) {
  const figure = h("div", { class: "fit-plot", role: "img", hidden: true });
  const legend = h("div", { class: "legend" });
  const note = h("div", { class: "note" });
  const about = h("p", { class: "help" });
  const element = h("section", { class: "fit-view", "aria-labelledby": "fit-view", hidden: true }, h("h2", { id: "fit-view" }, t("fitTitle")), about, figure, legend, note);
  const reader = whenResting((step, signal) => ask({ step }, signal), (answer) => { exact = answer; draw(); }, fail);
  let [run, look, drawing, film, exact, at, most] = [null, null, null, null, null, 0, FEWEST_STEPS];
  let [readAt, readLast, controller] = [-PAUSE_MS, -1, new AbortController()];

  /** To be told of the run and how far it is. */
  function update(news, last) {
    run = news;
    if (last < 0 || last === readLast || (isLive(run) && performance.now() - readAt < PAUSE_MS)) return;
    readLast = last;
    read();
  }

  const ask = (query, signal) => getPredictions(id, { ...query, ...(run.dataset.features.length === 1 && { points: POINTS }) }, signal);

  async function read() {
    readAt = performance.now();
    controller.abort();
    controller = new AbortController();
    const { signal } = controller;
    try {
      const answer = await ask({ max_steps: most }, signal);
      look ??= await lookOf(answer, run.dataset.target);
      if (signal.aborted) return;
      film = answer;
    } catch (error) {
      if (!signal.aborted) fail(error);
      return;
    }
    element.hidden = false;
    if (!drawing) begin();
    select(at);
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

  function select(step) {
    at = step;
    if (!drawing) return;
    draw();
    if (drawn().step === step) reader.stop();
    else {
      reader.want(step);
      widen();
    }
  }

  function widen() {
    if (most === MOST_STEPS) return;
    most = MOST_STEPS;
    read();
  }

  function drawn() {
    if (exact?.step[0] === at) return frame(exact, 0);
    const nearest = film.step.reduce((near, step, i) => (Math.abs(step - at) < Math.abs(film.step[near] - at) ? i : near), 0);
    return frame(film, nearest);
  }

  function draw() {
    const now = drawn();
    const bestAt = film.step.indexOf(run.best?.step);
    const low = bestAt >= 0 && run.best.step !== now.step ? frame(film, bestAt) : null;
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
  return { element, update, select, stop };
}

/** A curve through the points; or classes on the plane, or predictions against what was given, loaded where they are wanted. */
async function lookOf(answer, target) {
  if (!answer.y) return curveLook(answer, target);
  if (answer.classes) return (await part(() => import("/static/views/run/fit/decision-regions.js"))).regionsLook(answer);
  return (await part(() => import("/static/views/run/fit/predicted-vs-actual.js"))).againstLook(answer, target);
}

const frame = (answer, i) => ({ step: answer.step[i], prediction: answer.prediction[i], fitted: answer.fitted[i] });

// The landscape of a run as a map or as a surface in 3-D. A marker shows the chosen step.
import { choose, h, say } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getLandscape, part } from "/static/lib/api.js";
import { pictureLinks } from "/static/lib/download-link.js";
import { describe as describeProblem } from "/static/components/error-banner.js";
import { isLive } from "/static/components/status-badge.js";
import { isKnown } from "/static/lib/scale.js";
import { choices } from "/static/components/landscape/controls.js";
import { descent, gradients } from "/static/components/landscape/gradient-arrow.js";
import { legend } from "/static/components/landscape/legend.js";
import { describe, named, whereabouts } from "/static/components/landscape/description.js";
import { computed, signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

const PAUSE_MS = 5000; // between two requests for a live run

/**
 * `state` is the run's state. `mine` holds the reader's choices.
 * @param {string} id
 * @param {Page.RunState} state
 * @param {Page.LandscapeChoice} mine
 * @param {import("/static/vendor/preact-signals-core-1.14.5/signals-core.js").ReadonlySignal<boolean>} isOpen
 */
export function landscapePanel(id, state, mine, isOpen) {
  const host = h("div", { class: "landscape-host" });
  const words = h("div", { class: "note", id: "landscape-words" });
  const links = h("p", { class: "downloads" });
  const which = choices(mine.query, () => read());
  const buttons = [h("button", { type: "button", click: () => turnTo(false) }, t("landscape.map")), h("button", { type: "button", click: () => turnTo(true) }, t("landscape.surface"))];
  const views = h("div", { class: "scale", role: "group", "aria-label": t("landscape.view") }, buttons);
  const key = legend();
  const noArrow = h("p", { class: "note no-arrow" });
  const controls = h("div", { class: "criteria-top" }, which.element, views);
  const parts = [controls, key.element, host, noArrow, words, links];
  const arrows = gradients(id);
  const picture = signal(/** @type {Page.Picture & { surface: Page.Surface, hasArrow: boolean } | null} */ (null)); // may be older than `data`
  /** @type {Page.Surface | null} */
  let data = null;
  /** @type {AbortController | null} */
  let asked = null;
  let [readAt, readTo, left] = [0, -2, false]; // -1 is the last step of a run that failed at θ₀

  /** @param {boolean} in3d */
  function turnTo(in3d) {
    mine.in3d = in3d;
    if (data) draw(data);
  }

  function refresh() {
    const run = state.news.peek()?.run;
    const due = run && (!isLive(run) || performance.now() - readAt > PAUSE_MS);
    if (state.last.peek() > readTo && due && !asked) read();
  }

  async function read() {
    [readAt, readTo] = [performance.now(), state.last.peek()];
    asked?.abort(); // this request replaces it
    asked = new AbortController();
    const { signal: stopped } = asked;
    host.setAttribute("aria-busy", "true");
    try {
      const answer = await getLandscape(id, which.query(), stopped);
      if (stopped.aborted) return;
      data = named(answer);
      await draw(data);
    } catch (error) {
      if (!stopped.aborted) choose(words, describeProblem(error));
    }
    if (stopped.aborted) return;
    asked = null;
    host.removeAttribute("aria-busy");
    refresh(); // the run may have finished during the request
  }

  /** @param {Page.Surface} surface */
  const isIn3d = (surface) => Boolean(mine.in3d) && surface.y.label !== null;

  /** @param {Page.Surface} surface */
  async function draw(surface) {
    const in3d = isIn3d(surface);
    views.hidden = surface.y.label === null;
    for (const [i, button] of buttons.entries()) button.setAttribute("aria-pressed", String(Boolean(i) === in3d));
    const show = in3d // modules load on first use; surface-3d.js imports three.js
      ? (await part(() => import("/static/components/landscape/surface-3d.js"))).surface3d : (await part(() => import("/static/components/landscape/landscape.js"))).landscape;
    if (left || surface !== data || in3d !== isIn3d(surface)) return; // a newer request or choice replaces this drawing
    picture.peek()?.stop();
    const options = { paths: [{ ...surface.path, best: bestStep(surface) }], label: t("landscape.figure"), describedBy: words.id, choose: state.choose, pass: state.pass };
    const drawn = show(host, surface, options);
    picture.value = { ...drawn, surface, hasArrow: !in3d && surface.y.label !== null };
    choose(links, pictureLinks(id, "landscape", which.query(), t("landscape.picture")));
    key.update(surface, options.paths[0], in3d);
    say(words, [describe(surface, drawn.heightMap), leaves(surface), in3d ? t("landscape.height") : ""].filter(Boolean).join(" "));
  }

  /** The words for a path that leaves the window of a function. @param {Page.Surface} surface */
  function leaves({ path: { step }, minima }) {
    const last = step[step.length - 1];
    return minima.length > 0 && last < readTo ? t("landscape.leaves", { n: last }) : "";
  }

  /** @param {Page.Surface} surface */
  function bestStep({ path }) {
    const best = state.news.peek()?.run.best;
    return best && isKnown(best.test_mse) && best.step <= path.step[path.step.length - 1] ? best.step : null;
  }

  state.effect(() => {
    if (!isOpen.value || !state.news.value) return;
    const [{ run }, last] = [state.news.value, state.last.value];
    controls.hidden = host.hidden = last < 0;
    if (last < 0 && isLive(run)) return;
    which.update(run, last);
    refresh();
  });
  const hasArrow = computed(() => isOpen.value && Boolean(picture.value?.hasArrow));
  state.effect(() => {
    if (hasArrow.value) arrows.want(state.step.value);
  });
  const arrow = computed(() => {
    const surface = hasArrow.value ? picture.value?.surface : null;
    const answer = surface && arrows.at(state.step.value);
    return surface && answer ? descent(surface, answer) : { towards: null, why: null };
  });
  state.effect(() => {
    if (!picture.value) return;
    const { surface, select } = picture.value;
    const [step, row] = [state.step.value, state.row.value];
    const at = row?.theta.every(isKnown) ? place(surface, row) : null;
    select(step, at, row && at ? whereabouts(surface, step, at, row.train_loss) : undefined, arrow.value.towards);
    say(noArrow, arrow.value.why ? t(arrow.value.why) : "");
  });

  function stop() {
    left = true;
    asked?.abort();
    arrows.stop();
    picture.peek()?.stop();
  }
  return { parts, stop };
}

/**
 * θ projected onto the plane; with one parameter, [θ, E].
 * @param {Page.Surface} surface
 * @param {Page.StepRow} row
 * @returns {Page.Point}
 */
function place({ plane: { origin, axes } }, { theta, train_loss: energy }) {
  const along = axes.map((axis) => axis.reduce((sum, each, i) => sum + each * (theta[i] - origin[i]), 0));
  return [along[0], along.length === 1 ? energy : along[1]];
}

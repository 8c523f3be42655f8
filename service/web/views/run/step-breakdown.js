// The panel with the arithmetic of the chosen step. Its request is debounced; its buttons move the cursor.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getStep, part } from "/static/lib/api.js";
import { describe } from "/static/components/error-banner.js";
import { whenResting } from "/static/lib/debounce.js";
import { signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

/**
 * `kept.arithmetic` is true while the panel is open. `button` opens the panel; its place is beside the slider.
 * @param {string} id
 * @param {Page.RunState} state
 * @param {Page.Kept} kept
 */
export function arithmetic(id, state, kept) {
  const heading = h("h2", { id: "arithmetic", tabindex: "-1" });
  const [back, forward] = [mover("stepBack", -1), mover("stepForward", 1)];
  const body = h("div", { class: "sums" });
  const element = h("section", { class: "arithmetic", "aria-labelledby": "arithmetic", hidden: true },
    h("div", { class: "top" }, heading, h("p", { class: "actions" }, back, forward, h("button", { type: "button", click: close }, t("close")))), body);
  const button = h("button", { type: "button", "aria-expanded": "false", click: () => (element.hidden ? open() : close()) }, t("showArithmetic"));
  const reader = whenResting(read, show, fail);
  const isOpen = signal(Boolean(kept.arithmetic));

  /** @param {Page.Key} name @param {number} by */
  function mover(name, by) {
    return h("button", { type: "button", click: () => state.choose(state.step.peek() + by) }, t(name));
  }

  function open() {
    isOpen.value = true;
    heading.focus({ preventScroll: true });
    element.scrollIntoView();
  }

  function close() {
    isOpen.value = false;
    button.focus();
  }

  state.effect(() => {
    kept.arithmetic = isOpen.value;
    element.hidden = !isOpen.value;
    button.setAttribute("aria-expanded", String(isOpen.value));
    if (!isOpen.value) reader.stop();
  });
  state.effect(() => {
    if (isOpen.value && state.last.value >= 0) select(state.step.value, state.last.value);
  });

  /** @param {number} step @param {number} last */
  function select(step, last) {
    heading.textContent = t("arithmeticOf", { n: step });
    back.disabled = step <= 0;
    forward.disabled = step >= last;
    body.setAttribute("aria-busy", String(body.dataset.step !== String(step)));
    if (!body.dataset.step) choose(body, h("p", { class: "note", role: "status" }, t("computing")));
    reader.want(step);
  }

  /** The answer, and the module of its tables, which loads on first use. @param {number} step @param {AbortSignal} signal */
  function read(step, signal) {
    return Promise.all([getStep(id, step, signal), part(() => import("/static/views/run/step-breakdown-tables.js"))]);
  }

  /** @param {Awaited<ReturnType<typeof read>>} found */
  function show([answer, { arithmeticTables }]) {
    body.dataset.step = String(answer.step);
    body.setAttribute("aria-busy", "false");
    const { run } = /** @type {Page.RunNews} */ (state.news.peek()); // `news` is set: a step is chosen
    choose(body, arithmeticTables(answer, run.request.descent));
  }

  /** @param {unknown} error */
  function fail(error) {
    body.setAttribute("aria-busy", "false");
    choose(body, describe(error));
  }

  return { element, button, stop: reader.stop };
}

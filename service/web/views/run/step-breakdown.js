// The arithmetic of the step at the cursor. It follows the cursor when that rests, and has buttons of its own to move it.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getStep, part } from "/static/lib/api.js";
import { describe } from "/static/components/error-banner.js";
import { whenResting } from "/static/lib/debounce.js";
import { signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

/** Of a run's state. `kept.arithmetic` holds whether it is open. `button` opens it and belongs beside the cursor. */
export function arithmetic(id, state, kept) {
  const heading = h("h2", { id: "arithmetic", tabindex: "-1" });
  const [back, forward] = [["stepBack", -1], ["stepForward", 1]].map(([name, by]) => h("button", { type: "button", click: () => state.choose(state.step.peek() + by) }, t(name)));
  const body = h("div", { class: "sums" });
  const element = h("section", { class: "arithmetic", "aria-labelledby": "arithmetic", hidden: true },
    h("div", { class: "top" }, heading, h("p", { class: "actions" }, back, forward, h("button", { type: "button", click: close }, t("close")))), body);
  const button = h("button", { type: "button", "aria-expanded": "false", click: () => (element.hidden ? open() : close()) }, t("showArithmetic"));
  const reader = whenResting(read, show, fail);
  const isOpen = signal(Boolean(kept.arithmetic));

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

  function select(step, last) {
    heading.textContent = t("arithmeticOf", { n: step });
    back.disabled = step <= 0;
    forward.disabled = step >= last;
    body.setAttribute("aria-busy", String(body.dataset.step !== String(step)));
    if (!body.dataset.step) choose(body, h("p", { class: "note", role: "status" }, t("computing")));
    reader.want(step);
  }

  /** The answer, and the tables that show it, which are loaded when they are wanted. */
  function read(step, signal) {
    return Promise.all([getStep(id, step, signal), part(() => import("/static/views/run/step-breakdown-tables.js"))]);
  }

  function show([answer, { arithmeticTables }]) {
    body.dataset.step = answer.step;
    body.setAttribute("aria-busy", "false");
    choose(body, arithmeticTables(answer, state.news.peek().run.request.descent));
  }

  function fail(error) {
    body.setAttribute("aria-busy", "false");
    choose(body, describe(error));
  }

  return { element, button, stop: reader.stop };
}

// The arithmetic of the step at the cursor. It follows the cursor when that rests, and has buttons of its own to move it.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getStep, part } from "/static/lib/api.js";
import { describe } from "/static/components/error-banner.js";
import { whenResting } from "/static/lib/debounce.js";

/** `kept.arithmetic` holds whether it is open; `go(step)` chooses a step. `button` opens it and belongs beside the cursor. */
export function arithmetic(id, kept, go) {
  const heading = h("h2", { id: "arithmetic", tabindex: "-1" });
  const [back, forward] = [["stepBack", -1], ["stepForward", 1]].map(([name, by]) => h("button", { type: "button", click: () => go(at + by) }, t(name)));
  const body = h("div", { class: "sums" });
  const element = h("section", { class: "arithmetic", "aria-labelledby": "arithmetic", hidden: true },
    h("div", { class: "top" }, heading, h("p", { class: "actions" }, back, forward, h("button", { type: "button", click: close }, t("close")))), body);
  const button = h("button", { type: "button", "aria-expanded": "false", click: () => (element.hidden ? open() : close()) }, t("showArithmetic"));
  const reader = whenResting(read, show, fail);
  let [at, last, run] = [0, 0, null];

  function open() {
    turn(true);
    select(at);
    heading.focus({ preventScroll: true });
    element.scrollIntoView();
  }

  function close() {
    turn(false);
    reader.stop();
    button.focus();
  }

  function turn(isOpen) {
    kept.arithmetic = isOpen;
    element.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
  }

  /** To be told of the run and how far it is. */
  function update(news, steps) {
    run = news;
    last = steps;
  }

  function select(step) {
    at = step;
    if (element.hidden) return;
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
    choose(body, arithmeticTables(answer, run.request.descent));
  }

  function fail(error) {
    body.setAttribute("aria-busy", "false");
    choose(body, describe(error));
  }

  turn(Boolean(kept.arithmetic));
  return { element, button, update, select, stop: reader.stop };
}

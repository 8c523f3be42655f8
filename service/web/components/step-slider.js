// The controls that choose a step: a slider aligned with the chart (arrow keys, Home, End) and a number field.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

const STEPPING = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

/**
 * `words()` describes the chosen step for screen readers. The slider follows the signals that `words()` reads.
 * @param {Page.StepState} state
 * @param {() => string} words
 */
export function stepper(state, words) {
  const slider = h("input", { type: "range", min: 0, max: 0, step: 1, "aria-label": t("step"), input: () => choose(slider), pointerdown: grab, keydown: grab });
  const field = h("input", { type: "number", min: 0, max: 0, step: 1, inputmode: "numeric", input: () => type(true), change: () => { type(false); choose(field); }, blur: () => type(false) });
  const row = h("div", { class: "beside" }, h("label", { class: "pick" }, t("step"), field));
  const element = h("div", { class: "stepper" }, slider, row);
  let typing = false; // updates leave the field alone while the reader types
  /** @param {boolean} now */
  const type = (now) => { typing = now; };

  /**
   * Ends a playback even if the key changes no value, such as Home at step 0.
   * @param {Event} event
   */
  function grab(event) {
    if (!(event instanceof KeyboardEvent) || STEPPING.has(event.key)) state.choose(state.step.peek());
  }

  /** @param {HTMLInputElement} input */
  function choose({ valueAsNumber: step }) {
    if (Number.isFinite(step)) state.choose(step);
    if (!typing) field.value = String(state.step.peek()); // corrects an input that is out of range
  }

  state.effect(() => {
    const last = Math.max(0, state.last.value);
    const step = state.step.value;
    slider.max = field.max = String(last);
    slider.disabled = last === 0;
    slider.value = String(step);
    if (!typing) field.value = String(step);
    slider.setAttribute("aria-valuetext", words());
  });
  return { element, row };
}

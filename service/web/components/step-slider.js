// Chooses a step: a slider lined up with the chart (arrow keys, Home, End) and a field to type a number into.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

export function stepper(onStep) {
  const slider = h("input", { type: "range", min: 0, max: 0, step: 1, "aria-label": t("step"), input: () => choose(slider.valueAsNumber) });
  const field = h("input", { type: "number", min: 0, max: 0, step: 1, inputmode: "numeric", input: () => type(true), change: () => { type(false); choose(field.valueAsNumber); }, blur: () => type(false) });
  const row = h("div", { class: "beside" }, h("label", { class: "pick" }, t("step"), field));
  const element = h("div", { class: "stepper" }, slider, row);
  let last = 0;
  let typing = false; // what is half typed stays, whatever comes in meanwhile
  const type = (now) => { typing = now; };

  function choose(step) {
    if (Number.isFinite(step)) onStep(Math.min(last, Math.max(0, Math.round(step))));
  }

  function grow(step) {
    last = step;
    slider.max = field.max = String(step);
    slider.disabled = step === 0;
  }

  /** `words` say what is there, for those who do not see it. */
  function show(step, words = t("atStep", { n: step })) {
    slider.value = String(step);
    if (!typing) field.value = String(step);
    slider.setAttribute("aria-valuetext", words);
  }
  return { element, row, choose, grow, show, at: () => slider.valueAsNumber, last: () => last };
}

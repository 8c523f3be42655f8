// The state of a run's view: the run, its curves, the chosen step, and the numbers of that step.
import { computed, signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";
import { stepState } from "/static/lib/step-state.js";
import { rowReader } from "/static/views/run/trajectory.js";

/**
 * Extends the step state by two signals: `news`, {run, curve} or null before they are read, and `row`, the numbers of the chosen step or
 * null before they are read.
 * @param {string} id
 * @param {Page.Kept} kept
 * @param {(error: unknown) => void} onProblem
 */
export function runState(id, kept, onProblem) {
  const news = signal(/** @type {Page.RunNews | null} */ (null));
  const last = computed(() => news.value?.curve.last ?? -1);
  const rows = rowReader(id, onProblem);
  const state = stepState(kept, last);
  const row = computed(() => rows.at(state.step.value));
  state.effect(() => {
    if (state.step.value >= 0) rows.want(state.step.value);
  });
  return { ...state, news, row };
}

// The state of a comparison: the column, the runs, the chosen step, and each run's value at that step.
import { computed, signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";
import { stepState } from "/static/lib/step-state.js";

/**
 * Extends the step state by two signals: `news`, {column, offered, found} or null before the runs are read, and `values`, the exact values
 * of the column at the chosen step by run id.
 * @param {Page.RunSeries[]} allSeries
 * @param {Page.Kept} kept
 */
export function compareState(allSeries, kept) {
  const news = signal(/** @type {Page.ComparisonNews | null} */ (null));
  const last = computed(() => (news.value ? Math.max(...allSeries.map((runSeries) => runSeries.last)) : -1));
  const state = stepState(kept, last);
  const values = computed(() => {
    const column = news.value?.column;
    return Object.fromEntries(column ? allSeries.map((runSeries) => [runSeries.id, runSeries.valueAt(column, state.step.value)]) : []);
  });
  state.effect(() => {
    if (news.value && last.value >= 0) for (const runSeries of allSeries) runSeries.want(state.step.value);
  });
  return { ...state, news, values };
}

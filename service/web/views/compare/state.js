// The state of a comparison: what is drawn of which runs, the chosen step, and each run's value there.
import { computed, signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";
import { stepState } from "/static/lib/step-state.js";

/**
 * Besides what every view of steps has: the signals `news`, {column, offered, found} or null before the runs were read, and `values`, the
 * exact values of the column at the chosen step by the runs' ids.
 * @param {Page.Track[]} tracks
 * @param {Page.Kept} kept
 */
export function compareState(tracks, kept) {
  const news = signal(/** @type {Page.ComparisonNews | null} */ (null));
  const last = computed(() => (news.value ? Math.max(...tracks.map((track) => track.last)) : -1));
  const state = stepState(kept, last);
  const values = computed(() => {
    const column = news.value?.column;
    return Object.fromEntries(column ? tracks.map((track) => [track.id, track.valueAt(column, state.step.value)]) : []);
  });
  state.effect(() => {
    if (news.value && last.value >= 0) for (const track of tracks) track.want(state.step.value);
  });
  return { ...state, news, values };
}

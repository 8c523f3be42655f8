// The state of a view of descents: the chosen step and the playback. Every part of the view derives from this state, so that all parts
// show the same step.
import { batch, computed, effect, signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

/**
 * `last` is a signal, the last stored step (−1: none). `kept.step` is the reader's choice; undefined follows the last step of a live run.
 * Returns the signals `step` and `playing`; `choose(step)`, which ends a playback; `pass(step)`, for a hovering pointer; `go(step)`, for
 * the playback; and `effect(run)`, which runs after each change of a signal that it reads, until `stop()`.
 * @param {{ step?: number | undefined }} kept
 * @param {import("/static/vendor/preact-signals-core-1.14.5/signals-core.js").ReadonlySignal<number>} last
 */
export function stepState(kept, last) {
  const chosen = signal(kept.step);
  const playing = signal(false);
  const step = computed(() => Math.min(chosen.value ?? last.value, last.value));
  const ends = [() => { playing.value = false; }];

  /** @param {number} to */
  function go(to) {
    const within = Math.min(last.peek(), Math.max(0, Math.round(to)));
    kept.step = within === last.peek() ? undefined : within;
    chosen.value = kept.step;
  }

  /** @param {number} to */
  const choose = (to) => batch(() => {
    playing.value = false;
    go(to);
  });
  /** @param {number} to */
  const pass = (to) => playing.peek() || go(to);
  /** @param {() => void | (() => void)} run */
  const follow = (run) => {
    ends.push(effect(run));
  };
  const stop = () => {
    for (const end of ends) end();
  };
  return { last, step, playing, choose, pass, go, stop, effect: follow };
}

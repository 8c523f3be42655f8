// What a view of descents shows: the chosen step, and whether the steps are being played. Every part of the view derives from it, so that
// none shows another step than its neighbour.
import { batch, computed, effect, signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

/**
 * `last` is a signal, the last step there is (−1: none). `kept.step` is the reader's choice; undefined is the last step, which moves on with a
 * live run. Gives the signals `step` and `playing`; `choose(step)`, which ends a playback; `pass(step)`, for a pointer that is only passing;
 * `go(step)`, for the playback; `effect(run)`, which runs again when a signal that it has read has changed, until `stop()`.
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

// ∇E at the chosen step, asked for when the hand rests.
import { getStep } from "/static/lib/api.js";
import { whenResting } from "/static/lib/debounce.js";

/** Calls `show(step, gradient)` with the gradient in all parameters; a step is asked for once. */
export function gradients(id, show) {
  const known = new Map();
  // Without it the arrow is missing, and nothing else: what is wrong is told by who asks for more.
  const reader = whenResting((step, signal) => getStep(id, step, signal), ({ step, gradient }) => {
    known.set(step, gradient);
    show(step, gradient);
  }, () => {});

  function want(step) {
    if (!known.has(step)) return reader.want(step);
    reader.stop();
    show(step, known.get(step));
  }
  return { want, stop: reader.stop };
}

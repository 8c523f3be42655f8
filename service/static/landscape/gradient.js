// ∇E at the chosen step, asked for when the hand rests.
import { getStep } from "/static/api.js";

const REST_MS = 200;

/** Calls `show(step, gradient)` with the gradient in all parameters; a step is asked for once. */
export function gradients(id, show) {
  const known = new Map();
  let [timer, wanted] = [0, null];

  async function read() {
    const step = wanted;
    // Without it the arrow is missing, and nothing else: what is wrong with the service is told by who asks it for more.
    const found = await getStep(id, step).catch(() => null);
    if (!found) return;
    known.set(step, found.gradient);
    if (step === wanted) show(step, found.gradient);
  }

  function want(step) {
    clearTimeout(timer);
    wanted = step;
    if (known.has(step)) show(step, known.get(step));
    else timer = setTimeout(read, REST_MS);
  }
  return { want, stop: () => { clearTimeout(timer); wanted = null; } };
}

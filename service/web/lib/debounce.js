// Debounced requests: a step that the pointer only passes causes no request.
const REST_MS = 250;

/**
 * Calls `read(step, signal)` for the last requested step, then `show(answer)`.
 * @template Step, Answer
 * @param {(step: Step, signal: AbortSignal) => Promise<Answer>} read
 * @param {(answer: Answer) => void} show
 * @param {(error: unknown) => void} onProblem
 */
export function whenResting(read, show, onProblem) {
  let timer = 0;
  let asked = new AbortController();
  /** @type {Step | null} */
  let wanted = null;

  /** @param {Step} step */
  function want(step) {
    if (step === wanted) return;
    stop();
    wanted = step;
    timer = setTimeout(ask, REST_MS, step);
  }

  /** @param {Step} step */
  async function ask(step) {
    asked = new AbortController();
    const { signal } = asked;
    try {
      const answer = await read(step, signal);
      if (!signal.aborted) show(answer);
    } catch (error) {
      if (signal.aborted) return;
      wanted = null; // a later request may retry the step
      onProblem(error);
    }
  }

  function stop() {
    clearTimeout(timer);
    asked.abort();
    wanted = null;
  }
  return { want, stop };
}

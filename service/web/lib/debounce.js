// What is asked of the service once the hand rests: a step that is only passed by costs nothing.
const REST_MS = 250;

/**
 * `read(step, signal)` is asked for the step that was wanted last, and `show(answer)` is called with what comes of it.
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
      wanted = null; // it may be asked for again
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

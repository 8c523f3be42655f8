const RETRY_MS = 2000;

/**
 * Calls `task(signal)` repeatedly. The task returns the milliseconds before the next call, or null to end the polling. Polling pauses
 * while the tab is hidden and continues after an error. Each call ends with `onOutcome(error or null)`.
 * @param {(signal: AbortSignal) => Promise<number | null>} task
 * @param {(error: unknown) => void} onOutcome
 */
export function poll(task, onOutcome) {
  const controller = new AbortController();
  const { signal } = controller;
  let timer = 0;
  let busy = false;
  let hurried = false;

  async function attempt() {
    try {
      const delay = await task(signal);
      if (!signal.aborted) onOutcome(null);
      return delay;
    } catch (error) {
      if (!signal.aborted) onOutcome(error);
      return RETRY_MS;
    }
  }

  async function turn() {
    clearTimeout(timer);
    if (signal.aborted || document.hidden) return;
    if (busy) {
      hurried = true; // requested during a call: the next call follows at once
      return;
    }
    busy = true;
    const delay = await attempt();
    busy = false;
    if (signal.aborted || (delay === null && !hurried)) return;
    timer = setTimeout(turn, hurried ? 0 : delay ?? 0);
    hurried = false;
  }

  document.addEventListener("visibilitychange", turn, { signal });
  turn();
  return { now: turn, stop: () => controller.abort() };
}

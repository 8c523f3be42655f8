const RETRY_MS = 2000;

/**
 * Calls `task(signal)` again and again; it answers how many ms to wait before the next call, or null for "no more".
 * Waits while the tab is hidden, keeps trying after an error, and tells `onOutcome(error or null)` after each turn.
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
      hurried = true; // asked for during a call: go again as soon as that one is back
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

// A live run's events. When the connection breaks, also because the service was started again, it is opened anew after
// the last step that came: each step is told once, in order, and none is missing.
import { createParser } from "/static/vendor/eventsource-parser-3.1.1/index.js";
import { readEvents } from "/static/lib/api.js";

const RETRY_MS = 1000;

/**
 * Calls `on.status(run)`, `on.progress(columns)` and, at the end, `on.finished(run)`; and `on.outcome(error or null)`
 * when the connection fails, and when it is there (again).
 * @param {string} id
 * @param {Api.Query} query
 * @param {Page.Listener} on
 */
export function follow(id, query, on) {
  const controller = new AbortController();
  const { signal } = controller;
  /** @type {string | null} */
  let last = null;
  let over = false;

  /** @param {import("eventsource-parser").EventSourceMessage} message */
  function hear({ event, id: step, data }) {
    if (signal.aborted) return;
    last = step ?? last;
    over ||= event === "finished";
    if (event === "status" || event === "finished") on[event](JSON.parse(data));
    else if (event === "progress") on.progress(JSON.parse(data));
  }

  async function listen() {
    const parser = createParser({ onEvent: hear });
    for await (const text of readEvents(id, query, last, signal, () => on.outcome(null))) parser.feed(text);
  }

  async function keepListening() {
    while (!over && !signal.aborted) {
      try {
        await listen();
      } catch (error) {
        if (!signal.aborted) on.outcome(error);
      }
      if (!over) await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
    }
  }

  keepListening();
  return () => controller.abort();
}

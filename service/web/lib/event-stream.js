// The events of a live run. A broken connection is reopened after the last received event: each step arrives once, in order.
import { createParser } from "/static/vendor/eventsource-parser-3.1.1/index.js";
import { ApiError } from "/static/lib/api-error.js";
import { readEvents } from "/static/lib/api.js";

const RETRY_MS = 1000;

/**
 * Calls `on.status(run)`, `on.progress(columns)` and, at the end, `on.finished(run)`. Calls `on.outcome(error)` when the connection
 * fails or the steps are damaged, and `on.outcome(null)` when it opens.
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
    over ||= event === "finished" || event === "problem";
    if (event === "status" || event === "finished") on[event](JSON.parse(data));
    else if (event === "progress") on.progress(JSON.parse(data));
    else if (event === "problem") on.outcome(new ApiError(JSON.parse(data)));
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

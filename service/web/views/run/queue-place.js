// The place of a waiting run in the queue: read again until the run starts, and put into words.
import { getRun } from "/static/lib/api.js";
import { roughly } from "/static/lib/format.js";
import { ordinal, t } from "/static/lib/i18n.js";
import { poll } from "/static/lib/poll.js";
import { pollOutcome } from "/static/components/error-banner.js";

const SHORTEST_MS = 1000;
const LONGEST_MS = 15_000;
const SOON_SECONDS = 1.5;

/** The place; empty while it is unknown. @param {Api.Queue | null} queue */
export const placeWords = (queue) => (queue ? t("placeInQueue", { place: ordinal(queue.position) }) : "");

/** The expected start; empty while it is unknown. @param {Api.Queue | null} queue */
export function startWords(queue) {
  const seconds = queue?.starts_in_seconds ?? null;
  if (seconds === null) return "";
  return seconds < SOON_SECONDS ? t("startsSoon") : t("startsIn", { time: roughly(seconds) });
}

/**
 * A tenth of the waiting time, or a second for each run ahead: a screen reader announces each new place.
 * @param {Api.Queue | null} queue
 */
export function pauseMs(queue) {
  const seconds = queue?.starts_in_seconds ?? 10 * (queue?.position ?? 0);
  return Math.min(Math.max(100 * seconds, SHORTEST_MS), LONGEST_MS);
}

/**
 * Reads the place of a queued run again and again. `tell` receives it.
 * @param {string} id
 * @param {(news: Partial<Api.Run>) => void} tell
 */
export function placeWatch(id, tell) {
  /** @type {ReturnType<typeof poll> | null} */
  let poller = null;

  /** @param {AbortSignal} signal */
  async function look(signal) {
    const { status, queue } = await getRun(id, signal);
    if (status === "queued" && !signal.aborted) tell({ queue });
    return pauseMs(queue);
  }

  function stop() {
    poller?.stop();
    poller = null;
  }

  /** Starts and ends the reading with the status. @param {Api.Run} run */
  function update(run) {
    if (run.status !== "queued") stop();
    else poller ??= poll(look, pollOutcome);
  }
  return { update, stop };
}

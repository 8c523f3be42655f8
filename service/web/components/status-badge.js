// A run's status as a badge (shape and word, never colour alone) and as a sentence.
import { h, svg } from "/static/lib/dom.js";
import { t, word } from "/static/lib/i18n.js";

const LIVE = new Set(["queued", "running", "paused", "cancelling"]);
/** @param {{status: Api.RunStatus}} run */
export const isLive = (run) => LIVE.has(run.status);

/** @type {{[status in Api.RunStatus]: string}} */
const SHAPES = {
  queued: "M8 3a5 5 0 1 0 0.01 0ZM8 5v3l2 1.5",
  running: "M5 3.5 12.5 8 5 12.5Z",
  paused: "M5.5 3.5v9M10.5 3.5v9",
  cancelling: "M4 4h8v8H4Z",
  succeeded: "M3 8.5 6.5 12 13 4.5",
  diverged: "M2.5 13Q9 12.5 12.5 4M8.5 5.5 12.5 3.5 13.5 8",
  failed: "M4 4 12 12M12 4 4 12",
  cancelled: "M8 3a5 5 0 1 0 0.01 0ZM4.5 11.5 11.5 4.5",
};

/** @param {Api.RunStatus} status */
export function badge(status) {
  const shape = svg("path", { d: SHAPES[status] ?? SHAPES.queued });
  const icon = svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" }, shape);
  return h("span", { class: "badge", "data-status": status }, icon, statusWord(status));
}

/** @param {Api.RunStatus} status */
export const statusWord = (status) => word(`status.${status}`, status);

/**
 * The reason for a run's end, or the activity of a live run, as a sentence.
 * @param {Api.Run} run
 */
export function sentence(run) {
  if (isLive(run)) return word(`doing.${run.status}`, "");
  const n = run.diverged_at ?? run.steps_done ?? 0;
  return run.stop_reason ? word(`stopped.${run.stop_reason}`, run.stop_reason, { n }) : "";
}

/**
 * The progress bar of a live run. Its label holds the numbers, for screen readers.
 * @param {{steps_done: number, steps_total: number}} run
 */
export function progress(run) {
  const { steps_done: done = 0, steps_total: total = 0 } = run;
  return h("progress", { max: Math.max(total, 1), value: done, "aria-label": t("progress", { done, total }) });
}

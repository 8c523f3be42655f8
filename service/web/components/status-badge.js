// A run's status and its verdict as badges (shape and word, never colour alone), and its status as a sentence.
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
  succeeded: "M4.5 14V2.5h7.5l-2 2.75 2 2.75H4.5",
  diverged: "M2.5 13Q9 12.5 12.5 4M8.5 5.5 12.5 3.5 13.5 8",
  failed: "M4 4 12 12M12 4 4 12",
  cancelled: "M8 3a5 5 0 1 0 0.01 0ZM4.5 11.5 11.5 4.5",
};

/** @type {{[state in Api.Convergence["state"]]: string}} */
const VERDICTS = {
  converged: "M2.5 4Q6 13 13.5 13",
  descending: "M2.5 3 12.5 12.5M7.5 12.5h5v-5",
  stalled: "M2.5 8h11",
  oscillating: "M2 8q1.5-8 3 0t3 0 3 0 3 0",
  rising: "M2.5 12.5 12.5 3M7.5 3h5v5",
  diverged: SHAPES.diverged,
};

/** @param {Api.RunStatus} status */
export const badge = (status) => h("span", { class: "badge", "data-status": status }, icon(SHAPES[status] ?? SHAPES.queued), statusWord(status));

/** How the descent of a finished run ended. @param {{state: Api.Convergence["state"]}} convergence */
export function verdict({ state }) {
  return h("span", { class: "badge", "data-verdict": state }, icon(VERDICTS[state] ?? VERDICTS.stalled), word(`verdict.${state}`, state));
}

const FINDING = "M8 2.5 14 13.2H2ZM8 6.6v3M8 11.3v0.2";

/**
 * The badges of a run in a list: status, verdict and findings. A run that took its steps is finished, and only its verdict has a colour.
 * @param {{status: Api.RunStatus, convergence: {state: Api.Convergence["state"]} | null}} run
 * @param {number} findings
 */
export function outcome({ status, convergence }, findings) {
  const found = findings ? h("span", { class: "badge", "data-findings": findings }, icon(FINDING), t("findings", { n: findings })) : null;
  return [badge(status), convergence && status !== "diverged" ? verdict(convergence) : null, found].flatMap((each) => (each ? [each, " "] : []));
}

/** @param {string} shape */
const icon = (shape) => svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" }, svg("path", { d: shape }));

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

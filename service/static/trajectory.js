// The points of the chart, and the exact numbers of one step: two readers of the same trajectory.
import { getTrajectory } from "/static/api.js";
import { isLive } from "/static/status.js";

const MAX_POINTS = 2000;
export const CURVES = ["train_mse", "test_mse", "train_loss"];
const COLUMNS = ["step", ...CURVES];

/** What is known of the curves. Live, it grows by the new steps only; in the end it is read once as a whole. */
export class Curve {
  columns = Object.fromEntries(COLUMNS.map((name) => [name, []]));
  sampled = false;
  #id;
  #whole = false;

  constructor(id) {
    this.#id = id;
  }

  get last() {
    return this.columns.step.at(-1) ?? -1;
  }

  /** Brings the points up to the run; says whether there is anything new. */
  async refresh(run, signal) {
    if (this.#whole || (isLive(run) && run.steps_done <= this.last)) return false;
    const crowded = this.columns.step.length > 3 * MAX_POINTS;
    const from = isLive(run) && !crowded ? this.last + 1 : 0;
    const query = { max_points: MAX_POINTS, fields: COLUMNS, ...(from && { from_step: from }) };
    const answer = await getTrajectory(this.#id, query, signal);
    this.#take(answer, from);
    this.#whole = !isLive(run);
    return true;
  }

  #take(answer, from) {
    for (const name of COLUMNS) {
      const news = answer[name] ?? [];
      this.columns[name] = from ? this.columns[name].concat(news) : news;
    }
    this.sampled = Boolean(answer.sampled) || (from > 0 && this.sampled);
  }

  has(name) {
    return this.columns[name].some((value) => value !== null);
  }
}

/** One step with every column; `names` are the parameters'. Null if the trajectory does not hold it. */
export async function readRow(id, step, signal) {
  const answer = await getTrajectory(id, { from_step: step, to_step: step }, signal);
  if (answer.step.length !== 1) return null;
  const columns = Object.entries(answer).filter(([, values]) => Array.isArray(values) && values.length === 1);
  const row = Object.fromEntries(columns.map(([name, [value]]) => [name, value]));
  return { ...row, names: answer.parameters };
}

/**
 * Reads single steps for a hand that moves faster than the network: one question at a time, then the newest one.
 * `show(step, row)` is called with each row that arrives; a row never changes, so it is asked for once.
 */
export function rowReader(id, show, onProblem) {
  const known = new Map();
  let wanted = -1;
  let busy = false;

  async function want(step) {
    wanted = step;
    if (known.has(step)) show(step, known.get(step));
    if (busy || known.has(step)) return;
    busy = true;
    try {
      const row = await readRow(id, step);
      if (row) {
        known.set(step, row);
        show(step, row);
      }
    } catch (error) {
      onProblem(error);
    }
    busy = false;
    if (wanted !== step) want(wanted);
  }
  return { want, peek: (step) => known.get(step) ?? null };
}

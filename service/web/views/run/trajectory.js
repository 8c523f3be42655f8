// Two readers of a trajectory: the sampled points of the chart, and the exact numbers of single steps.
import { getTrajectory } from "/static/lib/api.js";
import { signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

const MAX_POINTS = 1000; // about one per pixel
/** @typedef {"train_mse" | "test_mse" | "train_loss"} Criterion */
/** @type {Criterion[]} */
export const CURVES = ["train_mse", "test_mse", "train_loss"];
/** @type {{[name in Criterion]: number[]}} */
const DASHES = { train_mse: [], test_mse: [7, 4], train_loss: [2, 3] };
export const CRITERIA = CURVES.map((name) => ({ name, colour: `--chart-${name}`, dash: DASHES[name] }));

/** The curves of a run. A live run appends the streamed steps; after its end the curves are read once as a whole. */
export class Curve {
  sampled = false;
  complete = false;
  #id;
  #fields;
  #most;

  /**
   * `names` are the columns to read, `most` the largest number of steps.
   * @param {string} id
   * @param {string[]} names
   */
  constructor(id, names = CURVES, most = MAX_POINTS) {
    this.#id = id;
    this.#fields = ["step", ...names];
    this.#most = most;
    /** @type {Api.Columns} */
    this.columns = { step: [], ...Object.fromEntries(names.map((name) => [name, []])) };
  }

  get last() {
    return this.columns.step.at(-1) ?? -1;
  }

  /** Reads the stored steps, sampled to the limit. @param {AbortSignal} [signal] */
  async load(signal) {
    const answer = await getTrajectory(this.#id, { max_points: this.#most, fields: this.#fields }, signal);
    for (const name of this.#fields) this.columns[name] = answer[name];
    [this.sampled, this.complete] = [answer.sampled, answer.complete];
  }

  /**
   * The parameters of the event stream: the steps after the read ones, sampled to the limit.
   * @param {Api.Run} run
   */
  news(run) {
    const every = Math.max(1, Math.ceil(run.steps_total / this.#most));
    return { from_step: Math.ceil((this.last + 1) / every) * every, every, fields: this.#fields };
  }

  /** @param {Api.Columns & { sampled: boolean }} progress */
  add(progress) {
    for (const name of this.#fields) this.columns[name] = this.columns[name].concat(progress[name]);
    this.sampled ||= progress.sampled;
  }

  /** @param {string} name */
  has(name) {
    return this.columns[name].some((value) => value !== null);
  }
}

/**
 * One step with every column; null if the trajectory lacks the step.
 * @param {string} id
 * @param {number} step
 * @param {AbortSignal} [signal]
 */
export async function readRow(id, step, signal) {
  const answer = await getTrajectory(id, { from_step: step, to_step: step }, signal);
  if (answer.step.length !== 1) return null;
  const cells = Object.entries(answer).flatMap(([name, values]) => (Array.isArray(values) && values.length === 1 ? [[name, values[0]]] : []));
  return /** @type {Page.StepRow} */ ({ ...Object.fromEntries(cells), names: answer.parameters });
}

/**
 * Reads single steps while the cursor moves faster than the network: one request at a time, then one for the newest step. A stored row is
 * immutable, so each is read once. `at(step)` is the row, or null before it is read; `at` reads a signal, so that effects follow it.
 * @param {string} id
 * @param {(error: unknown) => void} onProblem
 */
export function rowReader(id, onProblem) {
  const known = signal(/** @type {Map<number, Page.StepRow>} */ (new Map()));
  let wanted = -1;
  let busy = false;

  /** @param {number} step @returns {Promise<void>} */
  async function want(step) {
    wanted = step;
    if (busy || known.peek().has(step)) return;
    busy = true;
    try {
      const row = await readRow(id, step);
      if (row) known.value = new Map(known.peek()).set(step, row);
    } catch (error) {
      onProblem(error);
    }
    busy = false;
    if (wanted !== step) want(wanted);
  }

  return { want, at: (/** @type {number} */ step) => known.value.get(step) ?? null };
}

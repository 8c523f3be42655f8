// The data of one compared run: the run, the curve of the chosen column, and exact values of single steps.
import { getRun, getTrajectory } from "/static/lib/api.js";
import { isLive } from "/static/components/status-badge.js";
import { Curve, rowReader } from "/static/views/run/trajectory.js";
import { pick } from "/static/views/compare/common-columns.js";

const MAX_POINTS = 1000;

export class RunSeries {
  /** E(θ) − E(θ*) at the last step. @type {Api.Value} */
  gap = null;
  /** @type {Api.Run | null} */
  #run = null;
  /** @type {Page.Curve} */
  #curve;
  /** @type {string | null} */
  #field = null;
  #whole = false; // true once the whole curve was read after the run's end
  #rows;
  /** @type {Map<number, number>} */
  #places = new Map();

  /** @param {string} id @param {number} place @param {(error: unknown) => void} onProblem */
  constructor(id, place, onProblem) {
    this.id = id;
    this.place = place;
    this.#curve = new Curve(id, [], MAX_POINTS);
    this.#rows = rowReader(id, onProblem);
  }

  /** The run, after `read()`. */
  get run() {
    if (!this.#run) throw new Error(`The run ${this.id} was not read yet.`);
    return this.#run;
  }

  get last() {
    return this.#curve.last;
  }

  /** @param {AbortSignal} signal */
  async readRun(signal) {
    if (this.#run && !isLive(this.#run)) return;
    this.#run = await getRun(this.id, signal);
    this.id = this.run.id; // the address may hold an alias such as "latest"
  }

  /** Reads the column or its new steps. Returns a function that applies them, so that all runs change in one update. @param {Page.Column} column @param {AbortSignal} signal */
  async readCurve(column, signal) {
    const [over, changed] = [!isLive(this.run), this.#field !== column.field];
    if (this.#whole && !changed) return () => {};
    const curve = changed || over ? new Curve(this.id, [column.field], MAX_POINTS) : this.#curve;
    const more = curve === this.#curve ? await getTrajectory(this.id, curve.news(this.run), signal) : await curve.load(signal);
    const gap = over && !this.#whole ? await this.#readGap(curve.last, signal) : this.gap;
    return () => {
      if (more) curve.add(more);
      this.gap = gap;
      [this.#curve, this.#field, this.#whole] = [curve, column.field, over];
      this.#places = new Map(curve.columns.step.map((step, place) => [step, place]));
    };
  }

  /** @param {number} last @param {AbortSignal} signal */
  async #readGap(last, signal) {
    if (!this.run.optimum || last < 0) return null;
    const { optimality_gap: [gap] } = await getTrajectory(this.id, { from_step: last, fields: "optimality_gap" }, signal);
    return gap;
  }

  /** The curve in uPlot's format. @param {Page.Column} column @returns {[steps: number[], values: Api.Value[]]} */
  points(column) {
    const { step, [column.field]: cells } = this.#curve.columns;
    return [step, cells.map((cell) => pick(column, cell))];
  }

  /** The exact value; null if the step has none, undefined before it is read. Reads a signal, so that effects follow it. @param {Page.Column} column @param {number} step */
  valueAt(column, step) {
    if (step > this.last) return null;
    const place = this.#field === column.field ? this.#places.get(step) : undefined;
    if (place !== undefined) return pick(column, this.#curve.columns[column.field][place]);
    const row = this.#rows.at(step);
    return row ? pick(column, /** @type {Api.Value | Api.Value[]} */ (row[column.field])) : undefined;
  }

  /** @param {number} step */
  want(step) {
    if (step <= this.last && !this.#places.has(step)) this.#rows.want(step);
  }
}

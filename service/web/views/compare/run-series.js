// One of the compared runs: what is known of it, of the chosen column's curve, and its exact value at a step.
import { getRun, getTrajectory } from "/static/lib/api.js";
import { isLive } from "/static/components/status-badge.js";
import { Curve, readRow, rowReader } from "/static/views/run/trajectory.js";
import { pick } from "/static/views/compare/common-columns.js";

const MAX_POINTS = 1000;

export class Track {
  run = null;
  gap = null; // E(θ) − E(θ*) at the last step
  #curve = null;
  #field = null;
  #whole = false; // read as a whole after the run's end
  #rows;
  #places = new Map();

  /** `onRow()` is called when a value that was not drawn has been read. */
  constructor(id, place, onRow, onProblem) {
    Object.assign(this, { id, place });
    this.#rows = rowReader(id, onRow, onProblem);
  }

  get last() {
    return this.#curve?.last ?? -1;
  }

  async readRun(signal) {
    if (this.run && !isLive(this.run)) return;
    this.run = await getRun(this.id, signal);
    this.id = this.run.id; // asked for by another name, such as "latest"
  }

  /** Reads the column, or what is new in it. */
  async readCurve(column, signal) {
    const changed = this.#field !== column.field;
    if (this.#whole && !changed) return;
    const over = !isLive(this.run);
    if (changed || over) await this.#load(column.field, signal);
    else this.#curve.add(await getTrajectory(this.id, this.#curve.news(this.run), signal));
    this.#places = new Map(this.#curve.columns.step.map((step, place) => [step, place]));
    if (over && !this.#whole) await this.#readGap(signal);
    this.#whole = over;
  }

  async #load(field, signal) {
    const curve = new Curve(this.id, [field], MAX_POINTS);
    await curve.load(signal);
    [this.#curve, this.#field] = [curve, field];
  }

  async #readGap(signal) {
    if (!this.run.optimum || this.last < 0) return;
    const { optimality_gap: [gap] } = await getTrajectory(this.id, { from_step: this.last, fields: "optimality_gap" }, signal);
    this.gap = gap;
  }

  /** [steps, values], as uPlot takes them. */
  points(column) {
    const { step, [column.field]: cells } = this.#curve.columns;
    return [step, cells.map((cell) => pick(column, cell))];
  }

  /** The exact value; null where there is none, undefined where it is not read yet. */
  valueAt(column, step) {
    if (step > this.last) return null;
    const place = this.#field === column.field ? this.#places.get(step) : undefined;
    if (place !== undefined) return pick(column, this.#curve.columns[column.field][place]);
    const row = this.#rows.peek(step);
    return row ? pick(column, row[column.field]) : undefined;
  }

  want(step) {
    if (step <= this.last && !this.#places.has(step) && !this.#rows.peek(step)) this.#rows.want(step);
  }
}

// −∇E at the chosen step: asked for when the hand rests, and drawn where it can be told which way it points.
import { getStep } from "/static/lib/api.js";
import { whenResting } from "/static/lib/debounce.js";
import { isKnown } from "/static/lib/scale.js";
import { signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

const ROUNDING = 4; // times the rounding error that is to be expected
const ON_THE_PLANE = 1e-6; // share of θ's distance from the plane's origin
const CELL = 0.5; // of the grid, as far as one looks whether the ground falls

/** The arithmetic of steps: `want(step)` asks for it, once, and `at(step)` is the answer, or null; a signal that tells of it is read. @param {string} id */
export function gradients(id) {
  const known = signal(/** @type {Map<number, Api.StepArithmetic>} */ (new Map()));
  // Without it the arrow is missing, and nothing else: what is wrong is told by who asks for more.
  const reader = whenResting((/** @type {number} */ step, aborted) => getStep(id, step, aborted), (answer) => {
    known.value = new Map(known.peek()).set(answer.step, answer);
  }, () => {});
  /** @param {number} step */
  const want = (step) => (known.peek().has(step) ? reader.stop() : reader.want(step));
  return { want, at: (/** @type {number} */ step) => known.value.get(step) ?? null, stop: reader.stop };
}

/**
 * `towards`: −∇E on the plane of the landscape `data`, or null and then `why`, the key of a sentence.
 * @param {Api.Landscape} data
 * @param {Api.StepArithmetic} answer
 * @returns {{ towards: Page.Point | null, why: Page.Key | null }}
 */
export function descent(data, answer) {
  const [{ axes }, { gradient, theta }] = [data.plane, answer];
  if (axes.length < 2 || !gradient.every(isKnown) || !theta.every(isKnown)) return { towards: null, why: null };
  /** @param {number[]} values @returns {Page.Point} */
  const onPlane = (values) => [dot(axes[0], values), dot(axes[1], values)];
  const towards = onPlane(gradient.map((value) => -value));
  const error = rounding(answer);
  const blur = axes.map((axis) => dot(axis.map(Math.abs), error));
  if (Math.hypot(...towards) <= ROUNDING * Math.hypot(...blur)) return { towards: null, why: "landscape.noSlope" };
  const away = theta.map((value, i) => value - data.plane.origin[i]);
  const place = onPlane(away);
  const isOff = Math.hypot(...away) ** 2 - Math.hypot(...place) ** 2 > (ON_THE_PLANE * Math.hypot(...away)) ** 2;
  return isOff && !falls(data, place, towards) ? { towards: null, why: "landscape.besidePlane" } : { towards, why: null };
}

/** @param {number[]} one @param {number[]} other */
const dot = (one, other) => one.reduce((sum, value, i) => sum + value * other[i], 0);

/**
 * The rounding error of each part of ∇E: of the rows' contributions, which all but cancel where E is lowest, and of the
 * residuals in them. The rows that add most are known; each of the others adds no more than the least of these.
 * @param {Api.StepArithmetic} answer
 */
function rounding({ gradient, contributions: { y, predictions, gradients }, rest, penalty }) {
  const growth = gradients.map((_, i) => residualGrowth(y[i], predictions[i]));
  return gradient.map((_, j) => {
    const parts = gradients.map((row, i) => Math.abs(row[j] ?? 0) * growth[i]);
    const sum = parts.reduce((total, part) => total + part, 0) + rest.rows * Math.min(...parts) + Math.abs(penalty[j] ?? 0);
    return Number.EPSILON * sum;
  });
}

/**
 * How many times larger its relative error is in ŷ − y than in ŷ and y. A class has no residual of that kind.
 * @param {number | string} y
 * @param {Api.Value | Api.Value[]} prediction
 */
function residualGrowth(y, prediction) {
  if (typeof y !== "number" || typeof prediction !== "number") return 1;
  const [apart, size] = [Math.abs(prediction - y), Math.abs(y) + Math.abs(prediction)];
  return apart > 0 ? 1 + size / apart : 1;
}

/**
 * Does the drawn ground fall from a place in a direction, both on the plane? Where it is not known, it may.
 * @param {Api.Landscape} data
 * @param {Page.Point} place
 * @param {Page.Point} towards
 */
function falls({ x, y, energy }, place, towards) {
  const sides = [x.values, y.values];
  const cells = sides.map((values) => (values[values.length - 1] - values[0]) / (values.length - 1));
  const far = CELL / Math.hypot(...towards.map((value, i) => value / cells[i]));
  /** @param {number[]} point */
  const at = (point) => {
    const [i, j] = point.map((value, k) => (value - sides[k][0]) / cells[k]);
    const [left, down] = [Math.floor(i), Math.floor(j)];
    /** @param {Api.Value[] | undefined} line */
    const along = (line) => {
      const [from, to] = [line?.[left] ?? NaN, line?.[left + 1] ?? NaN];
      return from + (i - left) * (to - from);
    };
    return along(energy[down]) + (j - down) * (along(energy[down + 1]) - along(energy[down]));
  };
  return !(at(place.map((value, i) => value + far * towards[i])) >= at(place));
}

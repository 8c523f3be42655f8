// The arrow −∇E at the chosen step. The request is debounced. The arrow is omitted where rounding leaves its direction undefined.
import { getStep } from "/static/lib/api.js";
import { whenResting } from "/static/lib/debounce.js";
import { isKnown } from "/static/lib/scale.js";
import { signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

const ROUNDING = 4; // times the expected rounding error
const ON_THE_PLANE = 1e-6; // share of θ's distance from the plane's origin
const CELL = 0.5; // grid cells: the step length at which `falls` compares E

/** Step breakdowns: `want(step)` requests one, once; `at(step)` returns it, or null. `at` reads a signal, so that effects follow it. @param {string} id */
export function gradients(id) {
  const known = signal(/** @type {Map<number, Api.StepArithmetic>} */ (new Map()));
  // A failed request only hides the arrow. The other requests of the page report the error.
  const reader = whenResting((/** @type {number} */ step, aborted) => getStep(id, step, aborted), (answer) => {
    known.value = new Map(known.peek()).set(answer.step, answer);
  }, () => {});
  /** @param {number} step */
  const want = (step) => (known.peek().has(step) ? reader.stop() : reader.want(step));
  return { want, at: (/** @type {number} */ step) => known.value.get(step) ?? null, stop: reader.stop };
}

/**
 * `towards` is −∇E on the plane of the landscape `data`. If it is null, `why` is the message key of the reason.
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
 * The rounding error of each component of ∇E. It comes from the sum of the rows' contributions, which nearly cancel at the minimum,
 * and from their residuals. The answer holds the largest contributions; the smallest of these bounds each of the others.
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
 * The condition number of the subtraction ŷ − y; 1 for a class, which has no such residual.
 * @param {number | string} y
 * @param {Api.Value | Api.Value[]} prediction
 */
function residualGrowth(y, prediction) {
  if (typeof y !== "number" || typeof prediction !== "number") return 1;
  const [apart, size] = [Math.abs(prediction - y), Math.abs(y) + Math.abs(prediction)];
  return apart > 0 ? 1 + size / apart : 1;
}

/**
 * True if E on the grid falls from a point in a direction, both on the plane; true also where E is unknown.
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

// Axis ranges, lines and marks, shared by all looks.
import { isKnown } from "/static/lib/scale.js";
import { marks } from "/static/views/run/fit/marks.js";

const ROOM = 0.05; // margin, as a share of the extent
const REACH = 0.6; // the most that predictions extend the data's range, as a share of it

/**
 * The minimum and the maximum with a margin.
 * @param {Api.Value[]} values
 * @returns {[low: number, high: number]}
 */
export function rangeOf(values) {
  const known = values.filter(isKnown);
  const [low, high] = known.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
  if (known.length === 0) return [0, 1];
  const margin = high > low ? (high - low) * ROOM : Math.abs(high) * ROOM || 1;
  return [low - margin, high + margin];
}

/**
 * The range of the data, extended by the predictions up to a limit that keeps the data readable.
 * @param {number[]} values
 * @param {Api.Value[][]} predictions
 */
export function rangeWith(values, predictions) {
  const [low, high] = rangeOf(values);
  const reach = REACH * (high - low);
  const known = predictions.flat().filter(isKnown).map((value) => Math.min(high + reach, Math.max(low - reach, value)));
  return rangeOf([low, high, ...known]);
}

/**
 * All points as marks; the points of one kind are one path.
 * @param {Page.Dot[]} points
 * @param {Page.Place} place
 */
export function pointMarks(points, place) {
  const kinds = Map.groupBy(points, ({ of, isTest }) => `${of} ${isTest}`);
  return [...kinds.values()].map((alike) => marks(alike.map(({ x, y }) => [place.x(x), place.y(y)]), alike[0].of, alike[0].isTest));
}

/**
 * A line through (x, y) in pixels with gaps at missing or extreme values.
 * @param {number[]} xs
 * @param {Api.Value[]} ys
 * @param {Page.Place} place
 */
export function line(xs, ys, { x, y }) {
  let pen = "M";
  const far = 1e5; // beyond it, renderers lose their precision
  return xs.map((value, i) => {
    const known = ys[i];
    if (!isKnown(known)) {
      pen = "M";
      return "";
    }
    const text = `${pen}${x(value).toFixed(1)} ${Math.min(far, Math.max(-far, y(known))).toFixed(1)}`;
    pen = "L";
    return text;
  }).join("");
}

/**
 * The value of a curve at x by linear interpolation; null outside.
 * @param {number[]} xs
 * @param {Api.Value[]} ys
 * @param {number} x
 */
export function between(xs, ys, x) {
  const i = xs.findIndex((value) => value >= x);
  if (i < 0 || (i === 0 && xs[0] !== x)) return null;
  if (i === 0) return ys[0];
  const share = (x - xs[i - 1]) / (xs[i] - xs[i - 1]);
  const [before, after] = [ys[i - 1], ys[i]];
  return isKnown(before) && isKnown(after) ? before + share * (after - before) : null;
}

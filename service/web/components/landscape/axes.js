// The axes of a landscape: the scales, the ticks and the labels.
import { svg } from "/static/lib/dom.js";
import { rounded } from "/static/lib/format.js";
import { niceTicks } from "/static/lib/scale.js";

const MARGIN = { left: 62, right: 14, top: 10, bottom: 50 };
const [FLATTEST, STEEPEST, USUAL] = [0.4, 0.85, 0.62]; // height by width
const TALLEST = 620; // pixels; a taller picture would not fit on a screen
const DIGITS = [5, 6, 8, 10, 12];

/**
 * True if both axes have the same scale. Only then does the gradient cross the contours at right angles.
 * @param {Api.Axis} x
 * @param {Api.Axis} y
 */
export const isTrue = (x, y) => y.label !== null && inRange(span(y) / span(x));

/** @param {Api.Axis} axis */
const span = ({ values }) => values[values.length - 1] - values[0];
/** @param {number} ratio */
const inRange = (ratio) => ratio >= FLATTEST && ratio <= STEEPEST * 1.25;

/**
 * Draws two axes into `width` pixels. `x` and `y` are {label, values}. Returns the SVG element `picture`, its nested `plot`, the plot's
 * size `wide` × `high`, `place(x, y)` in pixels of the plot, and `holds(place)`, which is false outside the plot.
 * @param {Api.Axis} x
 * @param {Api.Axis} y
 * @param {number} width
 */
export function drawAxes(x, y, width) {
  const shape = isTrue(x, y) ? span(y) / span(x) : USUAL;
  const most = width - MARGIN.left - MARGIN.right;
  const wide = Math.min(most, (most * STEEPEST) / Math.max(shape, STEEPEST), TALLEST / shape);
  const high = wide * shape;
  /** @param {number} value */
  const across = (value) => (wide * (value - x.values[0])) / span(x);
  /** @param {number} value */
  const up = (value) => high - (high * (value - y.values[0])) / span(y);
  const plot = svg("svg", { x: MARGIN.left, y: MARGIN.top, width: wide, height: high, overflow: "hidden" });
  const total = { width: wide + MARGIN.left + MARGIN.right, height: high + MARGIN.top + MARGIN.bottom };
  const axes = svg("g", { class: "axes", transform: `translate(${MARGIN.left} ${MARGIN.top})` },
    ticks(x, wide / 90).map(([value, words]) => mark(across(value), high + 18, words, "middle")),
    ticks(y, high / 50).map(([value, words]) => mark(-9, up(value) + 4, words, "end")),
    svg("rect", { width: wide, height: high }),
    svg("text", { class: "name", x: wide / 2, y: high + 42, "text-anchor": "middle" }, x.label),
    svg("text", { class: "name", transform: `translate(-49 ${high / 2}) rotate(-90)`, "text-anchor": "middle" }, y.label));
  const picture = svg("svg", { ...total, viewBox: `0 0 ${total.width} ${total.height}`, "aria-hidden": "true", focusable: "false" }, plot, axes);
  /** @param {Page.Point} place */
  const holds = ([right, down]) => right >= 0 && right <= wide && down >= 0 && down <= high;
  const inside = { left: MARGIN.left, top: MARGIN.top };
  /** @param {number} a @param {number} b @returns {Page.Point} */
  const place = (a, b) => [across(a), up(b)];
  return { picture, plot, place, wide, high, holds, inside, room: width };
}

/**
 * Round numbers with their labels. All labels have the fewest digits that distinguish them.
 * @param {Api.Axis} axis
 * @param {number} most
 * @returns {[value: number, words: string][]}
 */
function ticks({ values }, most) {
  const found = niceTicks(values[0], values[values.length - 1], Math.max(2, most));
  /** @param {number} digits */
  const written = (digits) => found.map((value) => rounded(value, digits));
  const digits = DIGITS.find((each) => new Set(written(each)).size === found.length) ?? DIGITS[DIGITS.length - 1];
  return written(digits).map((words, i) => [found[i], words]);
}

/** @param {number} x @param {number} y @param {string} words @param {"middle" | "end"} anchor */
const mark = (x, y, words, anchor) => svg("text", { x, y, "text-anchor": anchor }, words);

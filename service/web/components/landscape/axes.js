// The sheet that a landscape is drawn on: where a number stands on it, and the axes with their ticks and names.
import { svg } from "/static/lib/dom.js";
import { rounded } from "/static/lib/format.js";
import { niceTicks } from "/static/lib/scale.js";

const MARGIN = { left: 62, right: 14, top: 10, bottom: 50 };
const [FLATTEST, STEEPEST, USUAL] = [0.4, 0.85, 0.62]; // height by width
const TALLEST = 620; // pixels, to be seen as a whole
const DIGITS = [5, 6, 8, 10, 12];

/** Both axes on one scale: only then does the gradient cross the contours at right angles. */
export const isTrue = (x, y) => y.label !== null && inRange(span(y) / span(x));

const span = ({ values }) => values.at(-1) - values[0];
const inRange = (ratio) => ratio >= FLATTEST && ratio <= STEEPEST * 1.25;

/**
 * `x` and `y` are {label, values}, `width` that of the room. Gives the `sheet`, the `plot` on it, `wide` and `high`, and
 * `place(x, y)`, in pixels of the plot, which `holds(place)` or not.
 */
export function frame(x, y, width) {
  const shape = isTrue(x, y) ? span(y) / span(x) : USUAL;
  const most = width - MARGIN.left - MARGIN.right;
  const wide = Math.min(most, (most * STEEPEST) / Math.max(shape, STEEPEST), TALLEST / shape);
  const high = wide * shape;
  const across = (value) => (wide * (value - x.values[0])) / span(x);
  const up = (value) => high - (high * (value - y.values[0])) / span(y);
  const plot = svg("svg", { x: MARGIN.left, y: MARGIN.top, width: wide, height: high, overflow: "hidden" });
  const total = { width: wide + MARGIN.left + MARGIN.right, height: high + MARGIN.top + MARGIN.bottom };
  const axes = svg("g", { class: "axes", transform: `translate(${MARGIN.left} ${MARGIN.top})` },
    ticks(x, wide / 90).map(([value, words]) => mark(across(value), high + 18, words, "middle")),
    ticks(y, high / 50).map(([value, words]) => mark(-9, up(value) + 4, words, "end")),
    svg("rect", { width: wide, height: high }),
    svg("text", { class: "name", x: wide / 2, y: high + 42, "text-anchor": "middle" }, x.label),
    svg("text", { class: "name", transform: `translate(-49 ${high / 2}) rotate(-90)`, "text-anchor": "middle" }, y.label));
  const sheet = svg("svg", { ...total, viewBox: `0 0 ${total.width} ${total.height}`, "aria-hidden": "true", focusable: "false" }, plot, axes);
  const holds = ([right, down]) => right >= 0 && right <= wide && down >= 0 && down <= high;
  const inside = { left: MARGIN.left, top: MARGIN.top };
  return { sheet, plot, place: (a, b) => [across(a), up(b)], wide, high, holds, inside, room: width };
}

/** Round numbers with their words, which have as many digits as tell them apart. */
function ticks({ values }, most) {
  const found = niceTicks(values[0], values.at(-1), Math.max(2, most));
  const written = (digits) => found.map((value) => rounded(value, digits));
  const digits = DIGITS.find((each) => new Set(written(each)).size === found.length) ?? DIGITS.at(-1);
  return written(digits).map((words, i) => [found[i], words]);
}

const mark = (x, y, words, anchor) => svg("text", { x, y, "text-anchor": anchor }, words);

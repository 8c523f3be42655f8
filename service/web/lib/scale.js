// The vertical scale. A diverging descent reaches 1e300, where uPlot finds no ticks. This module maps values to numbers near 1 and
// finds the ticks in the mapped space.
import { powerOfTen, rounded } from "/static/lib/format.js";

const TICK_DIGITS = 6;

/** A finite number. @param {unknown} value @returns {value is number} */
export const isKnown = (value) => Number.isFinite(value);

/**
 * Returns {plot: value → plotted, range, ticks, label}. `values` are all drawn numbers; a logarithmic scale of negative ones is symmetric.
 * @param {unknown[]} values
 * @param {boolean} log
 */
export function scaling(values, log) {
  const known = values.filter(isKnown);
  if (!log) return linear(known);
  return known.some((value) => value < 0) ? symmetric(known) : logarithmic(known.filter((value) => value > 0));
}

/**
 * The default scale: logarithmic for values over several decades, linear otherwise.
 * @param {unknown[]} values
 */
export function suggestsLog(values) {
  const known = values.filter(isKnown);
  const [low, high] = extent(known);
  return known.length > 0 && low > 0 && high / low > 50;
}

/**
 * True for values of either sign whose sizes differ by decades, as those of θ in a diverging descent.
 * @param {unknown[]} values
 */
export function suggestsSymmetric(values) {
  const sizes = sizesOf(values.filter(isKnown));
  return sizes.length > 0 && sizes[sizes.length - 1] / sizes[sizes.length >> 1] > 1000;
}

/** The sizes of all values but 0, ascending. @param {number[]} values */
const sizesOf = (values) => values.map(Math.abs).filter(Boolean).sort((a, b) => a - b);

/** @param {number[]} values */
const extent = (values) => values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);

/** @param {number[]} known @returns {Page.Scale} */
function linear(known) {
  const [low, high] = known.length ? extent(known) : [0, 1];
  const size = Math.max(Math.abs(low), Math.abs(high));
  const unit = 10 ** Math.min(300, Math.max(-300, size > 0 ? Math.floor(Math.log10(size)) : 0));
  const bottom = low > 0 && low < high * 0.6 ? 0 : low / unit;
  return {
    plot: (value) => (isKnown(value) ? value / unit : null),
    range: padded(bottom, high / unit),
    ticks: niceTicks,
    label: (plotted) => rounded(plotted * unit, TICK_DIGITS),
  };
}

/** @param {number[]} known @returns {Page.Scale} */
function logarithmic(known) {
  const [low, high] = known.length ? extent(known) : [1, 10];
  const range = padded(Math.log10(low), Math.log10(high));
  const decades = range[1] - range[0] >= 2;
  return {
    plot: (value) => (isKnown(value) && value > 0 ? Math.log10(value) : null),
    range,
    ticks: decades ? decadeTicks : withinDecadeTicks,
    label: (plotted) => (decades ? powerOfTen(plotted) : rounded(10 ** plotted, TICK_DIGITS)),
  };
}

/**
 * The symmetric logarithmic scale sign(v) log₁₀(1 + |v|/c): linear up to about c, the lower quartile of the sizes; for
 * large values 1, or the smallest size.
 * @param {number[]} known
 * @returns {Page.Scale}
 */
function symmetric(known) {
  const sizes = sizesOf(known);
  const unit = Math.floor(Math.log10(Math.max(sizes[0], Math.min(1, sizes[sizes.length >> 2]))));
  /** @param {number} value */
  const plot = (value) => Math.sign(value) * bent(Math.log10(Math.abs(value)) - unit);
  const [low, high] = extent(known);
  return {
    plot: (value) => (isKnown(value) ? plot(value) : null),
    range: padded(plot(low), plot(high)),
    ticks: symmetricTicks,
    label: (plotted) => (plotted === 0 ? "0" : `${plotted < 0 ? "−" : ""}${powerOfTen(Math.round(unbent(Math.abs(plotted))) + unit)}`),
  };
}

const FLAT = 15; // decades from which 1 + 10ᵏ is 10ᵏ

/** log₁₀(1 + 10ᵏ), also where 10ᵏ is not finite. @param {number} k */
const bent = (k) => (k > FLAT ? k : Math.log10(1 + 10 ** k));

/** The reverse of `bent`. @param {number} plotted */
const unbent = (plotted) => (plotted > FLAT ? plotted : Math.log10(10 ** plotted - 1));

/** Zero, and powers of ten on both sides. @type {Page.Ticks} */
const symmetricTicks = (low, high, most) => {
  const apart = Math.max(1, Math.ceil((high - low) / most));
  const side = whole(1, Math.floor(Math.max(-low, high) / apart)).map((n) => bent(n * apart));
  return [...side.map((tick) => -tick).reverse(), 0, ...side].filter((tick) => tick >= low && tick <= high);
};

/** @param {number} low @param {number} high @returns {[number, number]} */
function padded(low, high) {
  const margin = high > low ? (high - low) * 0.05 : Math.abs(high) * 0.1 || 0.5;
  return [low === 0 ? 0 : low - margin, high + margin];
}

/**
 * Ticks 1, 2 or 5 times a power of ten apart, at most `most` intervals.
 * @type {Page.Ticks}
 */
export const niceTicks = (low, high, most) => {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const apart = power * ([1, 2, 5].find((multiple) => multiple * power >= rough) ?? 10);
  return whole(Math.ceil(low / apart), Math.floor(high / apart)).map((n) => n * apart);
};

/** @type {Page.Ticks} */
const decadeTicks = (low, high, most) => niceTicks(low, high, most).filter(Number.isInteger);

/** @type {Page.Ticks} */
const withinDecadeTicks = (low, high, most) =>
  niceTicks(10 ** low, 10 ** high, most).filter((value) => value > 0).map(Math.log10);

/** @param {number} first @param {number} last */
const whole = (first, last) => Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);

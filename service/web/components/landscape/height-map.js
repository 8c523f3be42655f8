// How high the ground is: E above its lowest value on the grid, straight near the lowest point and logarithmic far from
// it, since E spans many powers of ten. The contours, the colours and the hill all go by this one height.

const RATIOS = [1.5, 2, 4, 10, 100, 1e4, 1e8, 1e16, 1e22]; // between the levels of two contours
const MOST_LEVELS = 14;
const LOWEST_SHARE = 0.02; // of the grid lies within the innermost contour
const FINEST = 1e-200; // of the range, so that no quotient overflows

/**
 * `energy` is the landscape's, rows of numbers or null. Gives {low, high, levels, ratio, height, share}: the levels are
 * values of E, each `ratio` times as far above the lowest as the one before; `share(E)` is its height from 0 to 1, and
 * `rise(E)` is that of the hill, which is straight on the lower half of the ground: round as a bowl, not a funnel.
 * @param {Api.Value[][]} energy
 */
export function relief(energy) {
  const known = Float64Array.from(energy.flat().filter((value) => value !== null)).sort();
  const [low, high] = known.length ? [known[0], known[known.length - 1]] : [0, 0];
  const unit = Math.max((known[Math.ceil(LOWEST_SHARE * (known.length - 1))] - low) || (high - low) / 100, FINEST * (high - low)) || 1;
  const ratio = RATIOS.find((each) => unit * each ** MOST_LEVELS > high - low) ?? RATIOS[RATIOS.length - 1];
  const levels = [];
  for (let far = unit; far < high - low; far *= ratio) levels.push(low + far);
  /** @param {number} scale @returns {(value: Api.Value) => number} */
  const above = (scale) => (value) => (value === null ? Infinity : Math.log1p(Math.max(0, value - low) / scale));
  /** @param {(value: Api.Value) => number} height @returns {(value: Api.Value) => number} */
  const share = (height) => (value) => Math.min(1, height(value) / (height(high) || 1));
  const [height, gentle] = [above(unit), above(known[known.length >> 1] - low || unit)];
  return { low, high, levels, ratio, height, share: share(height), rise: share(gentle) };
}

/** The colour of a height from 0 to 1, between the theme's three: low, middle and high ground. @param {number} share */
export function groundColour(share) {
  const [from, to, part] = share < 0.5 ? ["low", "middle", share * 2] : ["middle", "high", share * 2 - 1];
  return `color-mix(in srgb, var(--ground-${to}) ${(100 * part).toFixed(1)}%, var(--ground-${from}))`;
}

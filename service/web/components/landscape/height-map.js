// The height of a value of E: linear in E near the grid's lowest value and logarithmic above, since E spans many powers of
// ten. Contours, colours and the 3-D surface share this height.

const RATIOS = [1.5, 2, 4, 10, 100, 1e4, 1e8, 1e16, 1e22]; // between the levels of two contours
const MOST_LEVELS = 14;
const LOWEST_SHARE = 0.02; // of the grid points lie within the innermost contour
const FINEST = 1e-200; // of the range, so that no quotient overflows

/**
 * `energy` is the landscape's grid of numbers or nulls. Returns {low, high, levels, ratio, height, share, rise}. The levels are values
 * of E, each `ratio` times as far above `low` as the one before. `share(E)` is the height from 0 to 1. `rise(E)` is the height of the
 * 3-D surface from 0 to 1; it is linear on the lower half of the grid, so that a minimum is round instead of pointed.
 * @param {Api.Value[][]} energy
 */
export function heightMap(energy) {
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

/** The colour of a height from 0 to 1, between the theme's colours for low, middle and high. @param {number} share */
export function heightColour(share) {
  const [from, to, part] = share < 0.5 ? ["low", "middle", share * 2] : ["middle", "high", share * 2 - 1];
  return `color-mix(in srgb, var(--ground-${to}) ${(100 * part).toFixed(1)}%, var(--ground-${from}))`;
}

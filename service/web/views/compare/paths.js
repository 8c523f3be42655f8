// Projects the paths of several runs onto one landscape.
import { getTrajectory } from "/static/lib/api.js";
import { isKnown } from "/static/lib/scale.js";
import { styleOf } from "/static/views/compare/run-label.js";

const MAX_POINTS = 500;
const FAR = 100; // times the picture's size: the path ends at the first point farther away

/** θ and E of a run's steps. @param {Page.RunSeries} runSeries @param {AbortSignal} signal */
export function readPath({ id }, signal) {
  return getTrajectory(id, { max_points: MAX_POINTS, fields: ["step", "theta", "train_loss"] }, signal);
}

/**
 * A path projected onto the plane of a landscape, up to the first point that cannot be drawn.
 * @param {Api.Landscape} data
 * @param {Api.Trajectory} path
 * @param {Page.RunSeries} runSeries
 * @returns {Page.Path}
 */
export function projected({ plane: { origin, axes }, x, y }, { step, theta, train_loss: energy }, { run, place }) {
  const along = theta.map((each) => axes.map((axis) => axis.reduce((sum, part, i) => sum + part * (each[i] - origin[i]), 0)));
  const sides = axes.length === 1 ? [x] : [x, y];
  /** @param {number[]} point @param {number} times */
  const beyond = (point, times) => sides.some(({ values }, i) => {
    const [low, high] = [values[0], values[values.length - 1]];
    return !(Math.abs(point[i] - (low + high) / 2) <= (0.5 * times * (high - low)));
  });
  const lost = along.findIndex((point) => beyond(point, FAR));
  const kept = lost < 0 ? step.length : Math.max(1, lost);
  return {
    name: run.id, ...lineOf(place), step: step.slice(0, kept), x: along.slice(0, kept).map(([a]) => a),
    y: along.slice(0, kept).map(([, b]) => b ?? 0), train_loss: energy.slice(0, kept), best: bestWithin(run, step[kept - 1]),
    isWhole: lost < 0, leaves: along.some((point) => beyond(point, 1)),
  };
}

/** @param {number} place */
function lineOf(place) {
  const { colour, dash } = styleOf(place);
  return { colour: `var(${colour})`, dash };
}

/** @param {Api.Run} run @param {number} last */
const bestWithin = ({ best }, last) => (best && isKnown(best.test_mse) && best.step <= last ? best.step : null);

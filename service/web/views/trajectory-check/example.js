// An example with a mistake: the fit of a line to five points whose gradient lacks the factor 2 of the squared error.
import { t } from "/static/lib/form-i18n.js";
import { typeable } from "/static/lib/typed-numbers.js";

/** @type {Page.Point[]} */
const POINTS = [[1, 2.1], [2, 3.9], [3, 6.2], [4, 7.8], [5, 9.7]];
const RATE = 0.02;
const STEPS = 20;

/**
 * The example as form entries.
 * @returns {Page.Kept}
 */
export const example = () => ({
  source: "drawn",
  points: POINTS.map(([x, y]) => [x, y]),
  choices: { loss: "mse", rate: String(RATE), theta0: "0 0" },
  trajectory: written(path()),
});

/** The path as CSV in the form of the language. @param {number[][]} path */
function written(path) {
  const [head] = t("trajectoryExample").split("\n");
  const separator = head.includes(";") ? ";" : ",";
  return [head, ...path.map((theta, step) => [step, ...theta].map(typeable).join(separator))].join("\n");
}

function path() {
  let [intercept, slope] = [0, 0];
  const steps = [[intercept, slope]];
  while (steps.length <= STEPS) {
    const errors = POINTS.map(([x, y]) => ({ x, off: intercept + slope * x - y }));
    /** @param {number[]} values */
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / POINTS.length;
    [intercept, slope] = [intercept - RATE * mean(errors.map(({ off }) => off)), slope - RATE * mean(errors.map(({ x, off }) => x * off))];
    steps.push([intercept, slope]);
  }
  return steps;
}

// A descent with a mistake, to see the check at work: a line through five points, whose code forgot the 2 that comes
// from deriving a square.
const POINTS = [[1, 2.1], [2, 3.9], [3, 6.2], [4, 7.8], [5, 9.7]];
const RATE = 0.02;
const STEPS = 20;

/** What a reader would have entered. */
export const example = () => ({
  source: "drawn",
  points: POINTS.map((point) => [...point]),
  choices: { loss: "mse", rate: String(RATE), theta0: "0 0" },
  trajectory: ["step,intercept,slope", ...path().map((theta, step) => [step, ...theta].join(","))].join("\n"),
});

function path() {
  const steps = [[0, 0]];
  while (steps.length <= STEPS) {
    const [intercept, slope] = steps.at(-1);
    const errors = POINTS.map(([x, y]) => ({ x, off: intercept + slope * x - y }));
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / POINTS.length;
    steps.push([intercept - RATE * mean(errors.map(({ off }) => off)), slope - RATE * mean(errors.map(({ x, off }) => x * off))]);
  }
  return steps;
}

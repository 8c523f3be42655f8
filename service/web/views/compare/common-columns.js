// The columns that all trajectories of a comparison have.
import { t } from "/static/lib/i18n.js";

const MOST_PARAMETERS = 100; // a trajectory request reads all of θ or none of it
/** @type {Page.Key[]} */
const ALWAYS = ["train_loss", "train_mse", "test_mse"];
/** @type {Page.Key[]} */
const CLASSES = ["train_accuracy", "test_accuracy"];
/** @type {Page.Key[]} */
const MORE = ["gradient_norm", "learning_rate"];
/** @type {Page.Key} */
const GAP = "optimality_gap";

/** @param {Api.Run[]} runs @returns {Page.Column[]} */
export function columnsOf(runs) {
  const classes = runs.every((run) => run.classes) ? CLASSES : [];
  const gap = runs.every((run) => run.optimum) ? [GAP] : [];
  const always = runs.some((run) => run.dataset) ? ALWAYS : ALWAYS.slice(0, 1); // a function without data has no errors
  const plain = [...always, ...classes, ...gap, ...MORE].map((name) => ({ name, label: t(name), field: name }));
  return [...plain, ...parameters(runs)];
}

/** The column drawn before the reader chooses: the test error if a run has test rows, E if no run has data. @param {Api.Run[]} runs */
export function firstColumn(runs) {
  if (runs.every((run) => !run.dataset)) return "train_loss";
  return runs.some((run) => run.dataset && run.dataset.test_rows > 0) ? "test_mse" : "train_mse";
}

/** @param {Api.Run[]} runs */
export function haveSameParameters(runs) {
  const [first, ...others] = runs.map((run) => JSON.stringify(run.parameters));
  return first !== "[]" && others.every((names) => names === first);
}

/** @param {Api.Run[]} runs @returns {Page.Column[]} */
function parameters(runs) {
  const names = runs[0].parameters;
  if (!haveSameParameters(runs) || names.length > MOST_PARAMETERS) return [];
  return names.map((name, index) => ({ name: `theta.${name}`, label: `θ ${name}`, field: "theta", index }));
}

/**
 * The number of a column in a trajectory's cell.
 * @param {Page.Column} column
 * @param {Api.Value | Api.Value[]} cell
 */
export const pick = ({ index }, cell) => (Array.isArray(cell) ? cell[index ?? 0] : cell);

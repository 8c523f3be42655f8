// What can be drawn of several runs on one chart: columns of their trajectories that all of them have.
import { t } from "/static/lib/i18n.js";

const MOST_PARAMETERS = 100; // a trajectory is read with all of θ or without
const ALWAYS = ["train_loss", "train_mse", "test_mse"];
const CLASSES = ["train_accuracy", "test_accuracy"];
const MORE = ["gradient_norm", "learning_rate"];
const GAP = "optimality_gap";

/** {name, label, field, index}: the column `field`, of θ the parameter at `index`. */
export function columnsOf(runs) {
  const classes = runs.every((run) => run.classes) ? CLASSES : [];
  const gap = runs.every((run) => run.optimum) ? [GAP] : [];
  const plain = [...ALWAYS, ...classes, ...gap, ...MORE].map((name) => ({ name, label: t(name), field: name }));
  return [...plain, ...parameters(runs)];
}

/** What is drawn until the reader chooses: the real objective, where it is known. */
export const firstColumn = (runs) => (runs.some((run) => run.dataset.test_rows > 0) ? "test_mse" : "train_mse");

export function haveSameParameters(runs) {
  const [first, ...others] = runs.map((run) => JSON.stringify(run.parameters ?? []));
  return first !== "[]" && others.every((names) => names === first);
}

function parameters(runs) {
  const names = runs[0].parameters ?? [];
  if (!haveSameParameters(runs) || names.length > MOST_PARAMETERS) return [];
  return names.map((name, index) => ({ name: `theta.${name}`, label: `θ ${name}`, field: "theta", index }));
}

/** The number that a trajectory's cell has for a column. */
export const pick = ({ index }, cell) => (index === undefined ? cell : cell?.[index]);

// The table of the fields of a request except the dataset; entries of a form → request, and back.
import { typeable, typedList, typedNumber } from "/static/lib/typed-numbers.js";

/** @typedef {{[name: string]: unknown}} Tree */

const MODELS = ["linear", "polynomial", "logistic", "softmax", "mlp", "formula"];
const LOSSES = ["", "mse", "sse", "mae", "huber", "log_loss"];
const OPTIMIZERS = ["gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "ista", "fista"];
const SCHEDULES = ["constant", "step", "exponential", "inverse_time", "cosine", "backtracking"];
const ADAMS = ["adam", "adamw"];

/** Text that is no number stays text, so that the service rejects it; null means an empty field. @param {string} text */
export const number = (text) => (text.trim() === "" ? null : Number.isFinite(typedNumber(text)) ? typedNumber(text) : text.trim());
/** @param {string} text */
const list = (text) => typedList(text).map(number);
/** @param {string} text */
const listed = (text) => (text.trim() === "" ? null : list(text));
/** θ₀: a list, or by name "a=1 b=2", or "zeros", or "normal 0.5". @param {string} text */
function start(text) {
  const words = typedList(text);
  if (words.length === 0) return null;
  if (text.trim() === "zeros") return "zeros";
  if (words[0] === "normal") return { kind: "normal", scale: words.length > 1 ? number(words.slice(1).join(" ")) : 1 };
  const named = words.map((word) => word.split("="));
  return named.every(({ length }) => length === 2) ? Object.fromEntries(named.map(([name, value]) => [name, number(value)])) : words.map(number);
}

/** @type {readonly Page.Field[]} */
const FIELDS = [
  { at: "preset", name: "preset", options: ["", "course"], first: "", only: "run" },
  { at: "model.kind", name: "model", options: MODELS, first: "linear" },
  { at: "model.degree", name: "degree", first: "2", read: number, when: { model: "polynomial" } },
  { at: "model.hidden", name: "hidden", first: "8", read: list, when: { model: "mlp" } },
  { at: "model.activation", name: "activation", options: ["tanh", "relu", "sigmoid"], first: "tanh", when: { model: "mlp" } },
  { at: "model.task", name: "task", options: ["regression", "classification"], first: "regression", when: { model: "mlp" } },
  { at: "model.formula", name: "formula", first: "b1*(1 - exp(-b2*x))", read: (text) => text, when: { model: "formula" } },
  { at: "objective.loss", name: "loss", options: LOSSES, first: "" },
  { at: "objective.delta", name: "delta", first: "1", read: number, when: { loss: "huber" } },
  { at: "standardize.features", name: "standardized", first: false },
  { at: "split.test_fraction", name: "testShare", first: "0.25", read: number, only: "run" },
  { at: "split.test_rows", name: "testRows", first: "", read: listed, only: "check" },
  { at: "descent.optimizer.kind", name: "optimizer", options: OPTIMIZERS, first: "gd" },
  { at: "descent.optimizer.momentum", name: "momentum", first: "0.9", read: number, when: { optimizer: ["momentum", "nesterov"] } },
  { at: "descent.optimizer.decay", name: "decay", first: "0.99", read: number, when: { optimizer: "rmsprop" } },
  { at: "descent.optimizer.beta1", name: "beta1", first: "0.9", read: number, when: { optimizer: ADAMS } },
  { at: "descent.optimizer.beta2", name: "beta2", first: "0.999", read: number, when: { optimizer: ADAMS } },
  { at: "descent.optimizer.weight_decay", name: "weightDecay", first: "0.01", read: number, when: { optimizer: "adamw" } },
  { at: "descent.learning_rate", name: "rate", first: "auto", read: (text) => (text.trim() === "auto" ? "auto" : number(text)) },
  { at: "descent.schedule.kind", name: "schedule", options: SCHEDULES, first: "constant" },
  { at: "descent.schedule.every", name: "every", first: "100", read: number, when: { schedule: "step" } },
  { at: "descent.schedule.factor", name: "stepFactor", first: "0.1", read: number, when: { schedule: "step" } },
  { at: "descent.schedule.factor", name: "factor", first: "0.99", read: number, when: { schedule: "exponential" } },
  { at: "descent.schedule.rate", name: "decayRate", first: "0.01", read: number, when: { schedule: "inverse_time" } },
  { at: "descent.steps", name: "stepsAsked", first: "100", read: number, only: "run" },
  { at: "descent.steps", name: "stepsGiven", first: "", read: number, only: "check" },
  { at: "descent.theta0", name: "theta0", first: "", read: start },
  { at: "name", name: "runName", first: "", read: (text) => text.trim() || null, only: "run" },
  { at: "model.intercept", name: "intercept", first: true, when: { model: ["linear", "polynomial", "logistic", "softmax"] }, isAdvanced: true },
  { at: "objective.l1", name: "l1", first: "0", read: number, isAdvanced: true },
  { at: "objective.l2", name: "l2", first: "0", read: number, isAdvanced: true },
  { at: "standardize.target", name: "targetStandardized", first: false, when: { model: ["mlp", "formula"] }, isAdvanced: true },
  { at: "split.test_rows", name: "chosenTestRows", first: "", read: listed, only: "run", isAdvanced: true },
  { at: "split.validation_fraction", name: "validationShare", first: "0", read: number, only: "run", isAdvanced: true },
  { at: "split.shuffle", name: "shuffled", first: true, only: "run", isAdvanced: true },
  { at: "split.seed", name: "splitSeed", first: "0", read: number, only: "run", isAdvanced: true },
  { at: "descent.stop.patience", name: "patience", first: "", read: number, only: "run", isAdvanced: true },
  { at: "descent.stop.gradient_norm", name: "stopGradient", first: "", read: number, only: "run", isAdvanced: true },
  { at: "descent.stop.loss_change", name: "stopChange", first: "", read: number, only: "run", isAdvanced: true },
  { at: "descent.batch_size", name: "batch", first: "", read: number, only: "run", isAdvanced: true },
  { at: "descent.seed", name: "seed", first: "0", read: number, only: "run", isAdvanced: true },
  { at: "descent.clip_norm", name: "clip", first: "", read: number, isAdvanced: true },
  { at: "descent.optimizer.epsilon", name: "epsilon", first: "", read: number, when: { optimizer: ["adagrad", "rmsprop", ...ADAMS] }, isAdvanced: true },
];

/** The parts of a request that a function without data does not have. */
const OF_DATA = ["model", "split", "standardize", "objective.loss", "objective.delta", "descent.batch_size", "descent.stop.patience"];

/** @param {Page.Field} field */
const isOfData = ({ at }) => OF_DATA.some((part) => at === part || at.startsWith(`${part}.`));

/** @param {Page.Purpose} purpose */
export const fieldsFor = (purpose) => FIELDS.filter(({ only = purpose }) => only === purpose);

/**
 * The initial value of each field.
 * @param {Page.Purpose} purpose
 * @returns {Page.Choices}
 */
export const firstChoices = (purpose) => Object.fromEntries(fieldsFor(purpose).map(({ name, first }) => [name, first]));

/**
 * True if the other choices make the field apply. `entered.withoutData` is true for a function.
 * @param {Page.Field} field
 * @param {Page.Choices} entered
 */
export const fits = (field, entered) =>
  !(entered.withoutData && isOfData(field)) && Object.entries(field.when ?? {}).every(([name, values]) => [values].flat().some((value) => entered[name] === value));

/**
 * The request without its dataset. Unchanged fields are omitted, so that the service's defaults apply.
 * @param {Page.Choices} entered
 * @param {Page.Purpose} purpose
 */
export function requestOf(entered, purpose) {
  /** @type {Page.Chosen & Tree} */
  const request = {};
  for (const { at, name, first, read } of fieldsFor(purpose).filter((field) => fits(field, entered))) {
    const text = entered[name];
    const [given, initial] = [text, first].map((value) => (read && typeof value === "string" ? read(value) : value));
    if (given !== null && given !== "" && (JSON.stringify(given) !== JSON.stringify(initial) || STATED.has(name))) put(request, at, given);
  }
  const split = /** @type {Tree | undefined} */ (/** @type {Tree} */ (request).split);
  if (split?.test_rows) delete split.test_fraction;
  const scaled = /** @type {{features?: boolean | "columns", target?: boolean} | undefined} */ (request.standardize);
  if (scaled && typeof scaled.features !== "string") request.standardize = scaled.target ? { features: false, ...scaled, target: true } : true;
  return request;
}

/** Numbers of a schedule without which the service takes none. */
const NEEDED = ["every", "factor", "decayRate"];

/** Fields that the request always contains. */
const STATED = new Set(["model", "optimizer", "rate", "stepsAsked", "formula", ...NEEDED]);

/**
 * @param {Tree} tree
 * @param {string} at
 * @param {unknown} value
 */
function put(tree, at, value) {
  const [name, ...rest] = at.split(".");
  if (rest.length > 0) tree[name] ??= {};
  if (rest.length > 0) put(/** @type {Tree} */ (tree[name]), rest.join("."), value);
  else tree[name] = value;
}

/**
 * The entries of a form for a request, such as that of a run: the reverse of `requestOf`.
 * @param {object} request
 * @param {Page.Purpose} purpose
 * @returns {Page.Choices}
 */
export function entriesOf(request, purpose) {
  const entered = firstChoices(purpose);
  for (const field of fieldsFor(purpose)) {
    const value = found({ ...request, standardize: scalingOf(request) }, field.at);
    if (value !== null && value !== undefined && fits(field, entered)) entered[field.name] = typeof value === "boolean" ? value : entryOf(value);
  }
  const isClassifier = ["logistic", "softmax"].includes(String(entered.model)) || entered.task === "classification";
  if (entered.loss === (isClassifier ? "log_loss" : "mse")) entered.loss = ""; // the default
  return entered;
}

/** @param {object & { standardize?: unknown }} request */
const scalingOf = ({ standardize: asked }) => (typeof asked === "boolean" ? { features: asked } : asked);

/** @param {unknown} tree @param {string} at @returns {unknown} */
const found = (tree, at) => at.split(".").reduce((part, name) => (part && typeof part === "object" ? /** @type {Tree} */ (part)[name] : undefined), tree);

/** The text that a reader would type. @param {unknown} value @returns {string} */
function entryOf(value) {
  if (Array.isArray(value)) return value.map(entryOf).join(" ");
  if (typeof value === "number") return typeable(value);
  if (typeof value !== "object" || value === null) return String(value);
  const parts = /** @type {Tree} */ (value);
  return parts.kind === "normal" ? `normal ${entryOf(parts.scale)}` : Object.entries(parts).map(([name, each]) => `${name}=${entryOf(each)}`).join(" ");
}

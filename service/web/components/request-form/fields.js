// The fields of a request except the dataset, each with a help text and its errors.
import { choose, h, say } from "/static/lib/dom.js";
import { t, word } from "/static/lib/form-i18n.js";
import { typeable, typedList, typedNumber } from "/static/lib/typed-numbers.js";

const MODELS = ["linear", "polynomial", "logistic", "softmax", "mlp", "formula"];
const LOSSES = ["", "mse", "sse", "mae", "huber", "log_loss"];
const OPTIMIZERS = ["gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "ista", "fista"];
const SCHEDULES = ["constant", "step", "exponential", "inverse_time", "cosine", "backtracking"];
/** @type {[schedule: string, name: string, value: number][]} */
const NEEDS = [["step", "every", 100], ["exponential", "factor", 0.99], ["inverse_time", "rate", 0.01]]; // schedules without defaults

/** Text that is no number stays text, so that the service rejects it; null means an empty field. @param {string} text */
const number = (text) => (text.trim() === "" ? null : Number.isFinite(typedNumber(text)) ? typedNumber(text) : text.trim());
/** @param {string} text */
const list = (text) => typedList(text).map(number);
/** @param {string} text */
const listed = (text) => (text.trim() === "" ? null : list(text));

/** @type {readonly Page.Field[]} */
const FIELDS = [
  { at: "model.kind", name: "model", options: MODELS, first: "linear" },
  { at: "model.degree", name: "degree", first: "2", read: number, when: { model: "polynomial" } },
  { at: "model.hidden", name: "hidden", first: "8", read: list, when: { model: "mlp" } },
  { at: "model.activation", name: "activation", options: ["tanh", "relu", "sigmoid"], first: "tanh", when: { model: "mlp" } },
  { at: "model.task", name: "task", options: ["regression", "classification"], first: "regression", when: { model: "mlp" } },
  { at: "model.formula", name: "formula", first: "b1*(1 - exp(-b2*x))", read: (text) => text, when: { model: "formula" } },
  { at: "objective.loss", name: "loss", options: LOSSES, first: "" },
  { at: "objective.l1", name: "l1", first: "0", read: number },
  { at: "objective.l2", name: "l2", first: "0", read: number },
  { at: "standardize.features", name: "standardized", first: false },
  { at: "standardize.target", name: "targetStandardized", first: false, when: { model: ["mlp", "formula"] } },
  { at: "split.test_fraction", name: "testShare", first: "0.25", read: number, only: "run" },
  { at: "split.test_rows", name: "testRows", first: "", read: listed, only: "check" },
  { at: "descent.optimizer.kind", name: "optimizer", options: OPTIMIZERS, first: "gd" },
  { at: "descent.learning_rate", name: "rate", first: "auto", read: (text) => (text.trim() === "auto" ? "auto" : number(text)) },
  { at: "descent.theta0", name: "theta0", first: "", read: listed },
  { at: "descent.schedule.kind", name: "schedule", options: SCHEDULES, first: "constant" },
  { at: "descent.steps", name: "stepsAsked", first: "100", read: number, only: "run" },
  { at: "descent.steps", name: "stepsGiven", first: "", read: number, only: "check" },
  { at: "descent.batch_size", name: "batch", first: "", read: number, only: "run" },
  { at: "descent.seed", name: "seed", first: "0", read: number, only: "run" },
  { at: "name", name: "runName", first: "", read: (text) => text.trim() || null, only: "run" },
];

/** The parts of a request that a function without data does not have. */
const OF_DATA = ["model", "split", "standardize", "objective.loss", "descent.batch_size"];

/** @param {Page.Field} field */
const isOfData = ({ at }) => OF_DATA.some((part) => at === part || at.startsWith(`${part}.`));

/** @param {Page.Purpose} purpose */
const fieldsFor = (purpose) => FIELDS.filter(({ only = purpose }) => only === purpose);

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
const fits = (field, entered) =>
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
    if (given !== null && given !== "" && (String(given) !== String(initial) || STATED.has(name))) put(request, at, given);
  }
  const scaled = /** @type {{features?: boolean, target?: boolean} | undefined} */ (request.standardize);
  if (scaled) request.standardize = scaled.target ? { features: false, ...scaled, target: true } : true;
  for (const [schedule, name, value] of NEEDS) {
    if (request.descent?.schedule?.kind === schedule) put(request, `descent.schedule.${name}`, value);
  }
  return request;
}

/**
 * `kept.choices` holds the entered values by field name.
 * @param {Page.Kept} kept
 * @param {() => void} onChange
 * @param {Page.Purpose} purpose
 */
export function choices(kept, onChange, purpose) {
  const entered = { ...firstChoices(purpose), ...kept.choices };
  kept.choices = entered;
  const features = h("p", { class: "note" });
  const rows = fieldsFor(purpose).map((field) => row(field, entered, changed));
  const title = h("h2", {}, t("theModel"));
  const element = h("section", { class: "choices" }, title, features, rows.map((each) => each.element));
  showFitting();

  function changed() {
    showFitting();
    onChange();
  }

  function showFitting() {
    for (const each of rows) each.element.hidden = !fits(each.field, entered);
  }

  /**
   * Shows each error at its field. Returns the errors without a field.
   * @param {Api.FieldError[]} errors
   */
  function show(errors) {
    for (const each of rows) each.say([]);
    return errors.filter((error) => {
      const found = rows.find((each) => !each.element.hidden && leadsTo(error.pointer, each.field.at));
      found?.say([...found.said(), error]);
      return !found;
    });
  }

  /** @param {string[]} names */
  const suit = (names) => choose(features, names.length ? t("featuresAre", { names: names.join(", ") }) : "");

  /** Shows the fields that suit data, or those that suit a function without data. @param {boolean} isFunction */
  function suitFunction(isFunction) {
    entered.withoutData = isFunction;
    say(title, t(isFunction ? "theDescent" : "theModel"));
    showFitting();
  }
  return { element, value: () => requestOf(entered, purpose), show, suit, suitFunction };
}

/** Fields of several numbers. */
const LISTS = new Set(["hidden", "theta0", "testRows"]);

/** Fields of words; other fields that a reader types into have numbers. */
const WORDS = new Set(["formula", "runName"]);

/** Fields that the request always contains. */
const STATED = new Set(["model", "optimizer", "rate", "stepsAsked", "formula"]);

/** @typedef {{[name: string]: unknown}} Tree */
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
 * True if a JSON pointer is the field's, one below it, or that of the object of which the field is the main part.
 * @param {string | undefined} pointer
 * @param {string} at
 */
export function leadsTo(pointer, at) {
  const path = `/${at.replaceAll(".", "/")}`;
  return pointer === path || pointer?.startsWith(`${path}/`) || pointer === path.replace(/\/(kind|features)$/, "");
}

/**
 * @param {Page.Field} field
 * @param {Page.Choices} entered
 * @param {() => void} onChange
 */
function row(field, entered, onChange) {
  const id = `choice-${field.name}`;
  const input = control(field, id, entered, onChange);
  const errors = h("div", { class: "field-errors", id: `${id}-errors`, role: "alert" });
  /** @type {Api.FieldError[]} */
  let errorsSaid = [];
  const element = h("div", { class: "choice", "data-field": field.name },
    h("label", { for: id }, t(field.name)), input, errors, h("p", { class: "help", id: `${id}-help` }, t(`help.${field.name}`)));

  /** @param {Api.FieldError[]} news */
  function say(news) {
    errorsSaid = news;
    input.setAttribute("aria-invalid", String(news.length > 0));
    choose(errors, news.flatMap((error) => [field.name === "formula" ? caret(error.message, input.value) : null, h("p", {}, errorWords(field, error, input.value))]));
  }
  return { field, element, say, said: () => errorsSaid };
}

/**
 * The words for an error of a field. The service's hints are about JSON, so a field of numbers has a hint in words.
 * @param {Page.Field} field
 * @param {Api.FieldError} error
 * @param {string} text
 */
export function errorWords({ name, read }, { message, hint }, text) {
  const expected = word(`expects.${name}`, "");
  const values = [read?.(text)].flat();
  const isUnreadable = values.some((value) => typeof value === "string" && value !== "auto");
  if (expected && isUnreadable) return expected;
  return `${message} ${LISTS.has(name) || !expected ? hint ?? "" : expected}`;
}

/**
 * The formula with a mark under the column that the message names.
 * @param {string} message
 * @param {string} formula
 */
function caret(message, formula) {
  const column = /(?:column|colonne) (\d+)/i.exec(message)?.[1];
  return column ? h("pre", { class: "caret", "aria-hidden": "true" }, `${formula}\n${" ".repeat(Number(column) - 1)}▲`) : null;
}

/** A text of numbers, perhaps of the other language, with the decimal mark of this one. @param {string} text */
const retyped = (text) => text.replace(/(?<=\d)[.,](?=\d)/g, (mark) => typeable(mark === "," ? "." : mark));

/**
 * @param {Page.Field} field
 * @param {string} id
 * @param {Page.Choices} entered
 * @param {() => void} onChange
 */
function control({ name, options, first, read }, id, entered, onChange) {
  if (read && !WORDS.has(name)) entered[name] = retyped(String(entered[name]));
  const described = { id, name, "aria-describedby": `${id}-errors ${id}-help` };
  /** @param {string | boolean} value */
  const take = (value) => {
    entered[name] = value;
    onChange();
  };
  if (options) {
    const select = h("select", { ...described, change: () => take(select.value) },
      options.map((value) => h("option", { value, selected: value === entered[name] }, value === "" ? t("default") : value)));
    return select;
  }
  const input = read
    ? h("input", { ...described, type: "text", autocomplete: "off", spellcheck: "false", value: entered[name], input: () => take(input.value) })
    : h("input", { ...described, type: "checkbox", checked: entered[name] !== first, change: () => take(input.checked) });
  return input;
}

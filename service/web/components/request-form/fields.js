// What is chosen besides the data: each choice with a sentence that says what it does, and a place for what is wrong with it.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

const MODELS = ["linear", "polynomial", "logistic", "softmax", "mlp", "formula"];
const LOSSES = ["", "mse", "sse", "mae", "huber", "log_loss"];
const OPTIMIZERS = ["gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"];
const SCHEDULES = ["constant", "step", "exponential", "inverse_time", "cosine", "backtracking"];
const NEEDS = { step: { every: 100 }, exponential: { factor: 0.99 }, inverse_time: { rate: 0.01 } }; // schedules without defaults

const list = (text) => text.split(/[\s,;]+/).filter(Boolean).map(Number);
const listed = (text) => (text.trim() === "" ? null : list(text));
const number = (text) => (text.trim() === "" ? null : Number(text));

/** Where a choice goes in the request, how it is asked for, and when; `only` for a run or for a check. */
const FIELDS = [
  { at: "model.kind", name: "model", options: MODELS, first: "linear" },
  { at: "model.degree", name: "degree", first: "2", read: number, when: { model: "polynomial" } },
  { at: "model.hidden", name: "hidden", first: "8", read: list, when: { model: "mlp" } },
  { at: "model.activation", name: "activation", options: ["tanh", "relu", "sigmoid"], first: "tanh", when: { model: "mlp" } },
  { at: "model.task", name: "task", options: ["regression", "classification"], first: "regression", when: { model: "mlp" } },
  { at: "model.formula", name: "formula", first: "b1*(1 - exp(-b2*x))", read: (text) => text, when: { model: "formula" } },
  { at: "objective.loss", name: "loss", options: LOSSES, first: "" },
  { at: "objective.l2", name: "l2", first: "0", read: number },
  { at: "standardize", name: "standardized", first: false },
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

/** `kept.choices` holds what was entered, by the field's name; `purpose` is "run" or "check". */
export function choices(kept, onChange, purpose) {
  const fields = FIELDS.filter(({ only = purpose }) => only === purpose);
  kept.choices = { ...Object.fromEntries(fields.map(({ name, first }) => [name, first])), ...kept.choices };
  const features = h("p", { class: "note" });
  const rows = fields.map((field) => row(field, kept.choices, changed));
  const element = h("section", { class: "choices" }, h("h2", {}, t("theModel")), features, rows.map((each) => each.element));
  showFitting();

  function changed() {
    showFitting();
    onChange();
  }

  function fits({ when = {} }) {
    return Object.entries(when).every(([name, value]) => kept.choices[name] === value);
  }

  function showFitting() {
    for (const each of rows) each.element.hidden = !fits(each.field);
  }

  /** The request without its dataset: what was left as it is, is left to the service. */
  function value() {
    const request = {};
    for (const { field } of rows.filter((each) => fits(each.field))) {
      const entered = kept.choices[field.name];
      const given = field.read ? field.read(entered) : entered;
      if (given !== null && given !== "" && (entered !== field.first || field.name in STATED)) put(request, field.at, given);
    }
    const schedule = request.descent.schedule?.kind;
    if (schedule in NEEDS) Object.assign(request.descent.schedule, NEEDS[schedule]);
    return request;
  }

  /** The errors that belong to no field. */
  function show(errors) {
    for (const each of rows) each.say([]);
    return errors.filter((error) => {
      const found = rows.find((each) => !each.element.hidden && leadsTo(error.pointer, each.field.at));
      found?.say([...found.said(), error]);
      return !found;
    });
  }

  const suit = (names) => choose(features, names.length ? t("featuresAre", { names: names.join(", ") }) : "");
  return { element, value, show, suit };
}

const STATED = { model: true, optimizer: true, rate: true, stepsAsked: true, formula: true };

function put(request, at, value) {
  const path = at.split(".");
  const last = path.pop();
  let place = request;
  for (const name of path) place = place[name] ??= {};
  place[last] = value;
}

/** Whether a JSON pointer leads to the field, into it, or to the object that its kind chooses. */
function leadsTo(pointer, at) {
  const path = `/${at.replaceAll(".", "/")}`;
  return pointer === path || pointer?.startsWith(`${path}/`) || pointer === path.replace(/\/kind$/, "");
}

function row(field, entered, onChange) {
  const id = `choice-${field.name}`;
  const input = control(field, id, entered, onChange);
  const errors = h("div", { class: "field-errors", id: `${id}-errors`, role: "alert" });
  let errorsSaid = [];
  const element = h("div", { class: "choice", "data-field": field.name },
    h("label", { for: id }, t(field.name)), input, errors, h("p", { class: "help", id: `${id}-help` }, t(`help.${field.name}`)));

  function say(news) {
    errorsSaid = news;
    input.setAttribute("aria-invalid", String(news.length > 0));
    choose(errors, news.map(({ message, hint }) => [field.name === "formula" ? caret(message, input.value) : null, h("p", {}, `${message} ${hint ?? ""}`)]).flat());
  }
  return { field, element, say, said: () => errorsSaid };
}

/** The formula again, with a mark under the column that the message names. */
function caret(message, formula) {
  const column = /column (\d+)/i.exec(message)?.[1];
  return column ? h("pre", { class: "caret", "aria-hidden": "true" }, `${formula}\n${" ".repeat(column - 1)}▲`) : null;
}

function control({ name, options, first, read }, id, entered, onChange) {
  const described = { id, name, "aria-describedby": `${id}-errors ${id}-help` };
  const take = (value) => {
    entered[name] = value;
    onChange();
  };
  if (options) {
    const words = (value) => (value === "" ? t("default") : value);
    return h("select", { ...described, change: (event) => take(event.target.value) },
      options.map((value) => h("option", { value, selected: value === entered[name] }, words(value))));
  }
  if (read) return h("input", { ...described, type: "text", autocomplete: "off", spellcheck: "false", value: entered[name], input: (event) => take(event.target.value) });
  return h("input", { ...described, type: "checkbox", checked: entered[name] !== first, change: (event) => take(event.target.checked) });
}

// The fields of a request except the dataset, each with a help text and its errors.
import { choose, h, say } from "/static/lib/dom.js";
import { t, word } from "/static/lib/form-i18n.js";
import { typeable } from "/static/lib/typed-numbers.js";
import { fieldsFor, firstChoices, fits, number, requestOf } from "/static/components/request-form/request-fields.js";

/**
 * `kept.choices` holds the entered values by field name.
 * @param {Page.Kept} kept
 * @param {() => void} onChange
 * @param {Page.Purpose} purpose
 */
export function choices(kept, onChange, purpose) {
  const entered = { ...firstChoices(purpose), ...kept.choices };
  const features = h("p", { class: "note" });
  const isFilled = Boolean(kept.choices);
  /** @type {number | null | undefined} */
  let classes; // of the target; undefined until the data are known
  kept.choices = entered;
  const rows = fieldsFor(purpose).map((field) => row(field, entered, () => changed(field.name)));
  const [basic, advanced] = [false, true].map((isAdvanced) => rows.filter(({ field }) => Boolean(field.isAdvanced) === isAdvanced));
  const more = h("details", { open: advanced.some(({ field }) => entered[field.name] !== field.first) }, h("summary", {}, t("moreChoices")), advanced.map((each) => each.element));
  const title = h("h2", {}, t("theModel"));
  const element = h("section", { class: "choices" }, title, features, basic.map((each) => each.element), more);
  showFitting();

  /** @param {string} name */
  function changed(name) {
    if (name === "preset" && entered.preset === "course") set(COURSE);
    showFitting();
    onChange();
  }

  /** @param {Page.Choices} values */
  function set(values) {
    for (const each of rows) if (each.field.name in values) each.set(values[each.field.name]);
    showFitting();
  }

  /**
   * The model follows the target once it has another type. `news` is the number of classes, or null for a target of numbers.
   * @param {number | null | undefined} news
   */
  function follow(news) {
    if (news === undefined || news === classes) return;
    const isFirst = classes === undefined;
    classes = news;
    if (isFirst && isFilled) return; // the reader's choice
    const model = String(entered.model);
    if (model === "mlp") set({ task: news === null ? "regression" : "classification" });
    else if (news === null && CLASSIFIERS.includes(model)) set({ model: "linear" });
    else if (news !== null && model !== "formula") set({ model: news === 2 ? "logistic" : "softmax" });
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
      if (found?.field.isAdvanced) more.open = true;
      return !found;
    });
  }

  /** @param {string[]} names @param {number | null | undefined} targetClasses */
  function suit(names, targetClasses) {
    choose(features, names.length ? t("featuresAre", { names: names.join(", ") }) : "");
    follow(targetClasses);
  }

  /** Shows the fields that suit data, or those that suit a function without data. @param {boolean} isFunction */
  function suitFunction(isFunction) {
    entered.withoutData = isFunction;
    say(title, t(isFunction ? "theDescent" : "theModel"));
    showFitting();
  }
  return { element, value: () => requestOf(entered, purpose), show, suit, suitFunction };
}

const CLASSIFIERS = ["logistic", "softmax"];

/** The algorithm of the course. @type {Page.Choices} */
const COURSE = { loss: "sse", optimizer: "gd", rate: "1", schedule: "constant", stepsAsked: "100" };

/** Fields of several numbers. */
const LISTS = new Set(["hidden", "theta0", "testRows", "chosenTestRows"]);

/** Fields of words; other fields that a reader types into have numbers. */
const WORDS = new Set(["formula", "runName"]);

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

  /** @param {string | boolean} value */
  function set(value) {
    entered[field.name] = typeof value === "string" && field.read && !WORDS.has(field.name) ? retyped(value) : value;
    if (typeof value === "string") input.value = String(entered[field.name]);
  }
  return { field, element, say, set, said: () => errorsSaid };
}

/**
 * The words for an error of a field. The service's hints are about JSON, so a field of numbers has a hint in words.
 * @param {Page.Field} field
 * @param {Api.FieldError} error
 * @param {string} text
 */
export function errorWords({ name, read }, { message, hint }, text) {
  const expected = word(`expects.${name}`, read === number ? t("expects.number") : "");
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
function control({ name, options, read }, id, entered, onChange) {
  if (read && !WORDS.has(name)) entered[name] = retyped(String(entered[name]));
  const described = { id, name, "aria-describedby": `${id}-errors ${id}-help` };
  /** @param {string | boolean} value */
  const take = (value) => {
    entered[name] = value;
    onChange();
  };
  if (options) {
    const select = h("select", { ...described, change: () => take(select.value) },
      options.map((value) => h("option", { value, selected: value === entered[name] }, word(`option.${name}.${value}`, value || t("default")))));
    return select;
  }
  const input = read
    ? h("input", { ...described, type: "text", autocomplete: "off", spellcheck: "false", value: entered[name], input: () => take(input.value) })
    : h("input", { ...described, type: "checkbox", checked: entered[name] === true, change: () => take(input.checked) });
  return input;
}

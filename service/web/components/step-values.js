// The table of all numbers of one step, with all digits.
import { choose, h, say } from "/static/lib/dom.js";
import { t, word } from "/static/lib/i18n.js";
import { exact } from "/static/lib/format.js";

export const SHOWN_PARAMETERS = 30;
export const UNREAD = "…";
const FIRST = ["train_loss", "train_mse", "validation_mse", "test_mse", "gradient_norm", "learning_rate"];
const APART = new Set(["step", "theta", "names", "parameters"]);

/**
 * `step` and `row` are signals; `row` is null until the step is read.
 * @param {Pick<Page.RunState, "step" | "row" | "effect">} state
 */
export function readout({ step, row, effect }) {
  const title = h("h2", { id: "readout" }, t("readout"));
  const body = h("tbody");
  const more = h("p", { class: "note", hidden: true });
  const head = h("thead", { class: "unseen" }, h("tr", {}, h("th", { scope: "col" }, t("quantity")), h("th", { scope: "col" }, t("value"))));
  const table = h("table", { class: "facts numbers", "aria-labelledby": "readout" }, head, body);
  const element = h("section", { class: "readout", hidden: true, tabindex: "0", "aria-labelledby": "readout" }, title, table, more);
  /** @type {Line[] | null} */
  let lines = null; // created for the first row, since all rows of a run have the same columns

  effect(() => {
    const [at, known] = [step.value, row.value];
    say(title, t("atStep", { n: at }));
    if (known && !lines) {
      lines = linesOf(known);
      choose(body, lines.map(({ element: each }) => each));
      sayMore(more, known.names.length);
      element.hidden = false;
    }
    for (const { cell, of } of lines ?? []) say(cell, known ? exact(of(known)) : UNREAD);
    if (lines) say(lines[0].cell, exact(at));
  });
  return element;
}

/**
 * A line of the table: the cell shows `of(row)`.
 * @typedef {{ element: Element, cell: Element, of: (row: Page.StepRow) => unknown }} Line
 * @param {Page.StepRow} known
 * @returns {Line[]}
 */
function linesOf(known) {
  const isOfFunction = known.train_mse === null && known.test_mse === null && !("validation_mse" in known);
  const others = Object.keys(known).filter((name) => !APART.has(name) && !FIRST.includes(name));
  const names = known.names.slice(0, SHOWN_PARAMETERS);
  return [
    line("step", t("step"), (row) => row.step),
    ...[...FIRST, ...others].filter((name) => name in known && !(isOfFunction && name.endsWith("_mse"))).map((name) => line(name, word(name, name), (row) => row[name])),
    ...names.map((name, i) => line(`theta.${name}`, h("span", { class: "theta" }, "θ ", h("b", {}, name)), (row) => row.theta[i])),
  ];
}

/** @param {string} key @param {Page.Child} name @param {Line["of"]} of @returns {Line} */
function line(key, name, of) {
  const cell = h("td");
  return { element: h("tr", { "data-column": key }, h("th", { scope: "row" }, name), cell), cell, of };
}

/**
 * The note under a truncated list of parameters: the number of omitted ones.
 * @param {HTMLElement} element
 * @param {number} total
 */
export function sayMore(element, total, shown = SHOWN_PARAMETERS) {
  const left = total - shown;
  element.hidden = left <= 0;
  if (left > 0) element.textContent = t("moreParameters", { n: left });
}

// All the numbers of one step, with all their digits.
import { choose, h, say } from "/static/lib/dom.js";
import { t, word } from "/static/lib/i18n.js";
import { exact } from "/static/lib/format.js";

export const SHOWN_PARAMETERS = 30;
const FIRST = ["train_loss", "train_mse", "validation_mse", "test_mse", "gradient_norm", "learning_rate"];
const UNREAD = "…";
const APART = new Set(["step", "theta", "names", "parameters"]);

export function readout() {
  const title = h("h2", { id: "readout" }, t("readout"));
  const body = h("tbody");
  const more = h("p", { class: "note", hidden: true });
  const head = h("thead", { class: "unseen" }, h("tr", {}, h("th", { scope: "col" }, t("quantity")), h("th", { scope: "col" }, t("value"))));
  const table = h("table", { class: "facts numbers", "aria-labelledby": "readout" }, head, body);
  const element = h("section", { class: "readout", hidden: true, tabindex: "0", "aria-labelledby": "readout" }, title, table, more);

  /** `row` is null until it has been read: the last one's lines stay without their numbers, which are another step's. */
  function select(step, row) {
    title.textContent = t("atStep", { n: step });
    if (row) {
      element.hidden = false;
      choose(body, line("step", t("step"), step), metrics(row), parameters(row));
      sayMore(more, row.names.length);
      return;
    }
    for (const number of body.querySelectorAll("td")) number.textContent = UNREAD;
    const [number] = body.querySelectorAll("[data-column=step] td");
    if (number) say(number, exact(step));
  }
  return { element, select };
}

function metrics(row) {
  const others = Object.keys(row).filter((name) => !APART.has(name) && !FIRST.includes(name));
  return [...FIRST, ...others].filter((name) => name in row).map((name) => line(name, word(name, name), row[name]));
}

function parameters(row) {
  const names = row.names.slice(0, SHOWN_PARAMETERS);
  return names.map((name, i) => line(`theta.${name}`, h("span", { class: "theta" }, "θ ", h("b", {}, name)), row.theta[i]));
}

const line = (key, name, value) => h("tr", { "data-column": key }, h("th", { scope: "row" }, name), h("td", {}, exact(value)));

/** Under a list of parameters that was cut: how many there are besides. */
export function sayMore(element, total, shown = SHOWN_PARAMETERS) {
  const left = total - shown;
  element.hidden = left <= 0;
  if (left > 0) element.textContent = t("moreParameters", { n: left });
}

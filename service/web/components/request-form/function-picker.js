// The choice of a function without data: one that ships, or a formula.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/form-i18n.js";
import { inRow, rounded } from "/static/lib/format.js";
import { listFunctions } from "/static/lib/api.js";
import { showProblem } from "/static/components/error-banner.js";

const OWN = ""; // the option for a formula of one's own
const MOST_MINIMA = 4;

/**
 * `kept` holds the choice: `function` (a name, or OWN) and `formula`.
 * @param {Page.Kept} kept
 * @param {() => void} onChange
 */
export function functionBody(kept, onChange) {
  kept.function ??= "rosenbrock";
  kept.formula ??= "(1 - a)**2 + 100*(b - a**2)**2";
  const select = h("select", { name: "function", "aria-label": t("source.function"), change: () => { kept.function = select.value; changed(); } });
  const input = h("input", { name: "formula-of-function", type: "text", autocomplete: "off", spellcheck: "false", id: "own-function", "aria-describedby": "own-function-help", value: kept.formula, input: () => { kept.formula = input.value; onChange(); } });
  const own = h("div", { class: "choice" }, h("label", { for: "own-function" }, "E(θ)"), input, h("p", { class: "help", id: "own-function-help" }, t("ownFunctionHelp")));
  const about = h("div", { class: "note about-function" });
  const element = h("div", {}, select, own, about);
  /** @type {Api.ListedFunction[]} */
  let functions = [];

  function changed() {
    show();
    onChange();
  }

  function show() {
    choose(select, functions.map(({ name, title }) => h("option", { value: name, selected: name === kept.function }, title)),
      h("option", { value: OWN, selected: kept.function === OWN }, t("ownFunction")));
    own.hidden = kept.function !== OWN;
    const known = functions.find(({ name }) => name === kept.function);
    choose(about, known ? facts(known) : null);
  }

  show();
  listFunctions().then(({ data }) => {
    functions = data;
    changed();
  }, (error) => showProblem("action", error));
  const value = () => (kept.function === OWN ? { formula: kept.formula ?? "" } : { name: kept.function ?? "" });
  return { element, value };
}

/** @param {Api.ListedFunction} known */
function facts({ formula, description, theta0, minima }) {
  return [
    h("p", {}, "E(θ) = ", h("code", {}, formula)),
    h("p", {}, description),
    h("p", {}, `θ₀ : ${point(theta0)} · ${minimaWords(minima)}`),
  ];
}

/** @param {Api.Minimum[]} minima */
export function minimaWords(minima) {
  const shown = minima.slice(0, MOST_MINIMA).map(({ theta, value }) => `${point(theta)} → E ${rounded(value)}`);
  const more = minima.length > MOST_MINIMA ? [`… (${minima.length})`] : [];
  return `${t("minimaAre")} ${[...shown, ...more].join(" ; ")}`;
}

/** @param {{ [name: string]: number }} theta */
const point = (theta) => inRow(Object.entries(theta).map(([name, value]) => `${name} = ${rounded(value)}`));

// The breakdown of one step in three tables: the gradient at θ, the rows' contributions, and the update.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { marked, NOTHING, rounded } from "/static/lib/format.js";
import { sayMore, SHOWN_PARAMETERS } from "/static/components/step-values.js";
import { rule } from "/static/components/optimizer-formulas.js";

const DIGITS = 8;
/** @param {unknown} value */
const number = (value) => rounded(value, DIGITS);
/** @template Item @param {Item[]} values */
const shown = (values) => values.slice(0, SHOWN_PARAMETERS);

/**
 * @typedef {Api.StoredRequest["descent"]} Descent
 * @param {Api.StepArithmetic} answer
 * @param {Descent} descent
 */
export function arithmeticTables(answer, descent) {
  const more = h("p", { class: "note", hidden: true });
  sayMore(more, answer.parameters.length);
  const isOther = answer.used.some((value, i) => value !== answer.gradient[i]); // the step's g differs from ∇E(θ)
  return [
    h("p", { class: "energy" }, equation("E(θ)", answer.train_loss), equation("η", answer.learning_rate)),
    part("slopeTitle", t("slopeText"), slopes(answer, isOther), more),
    answer.contributions.rows.length > 0 ? part("partsTitle", t("partsText"), contributions(answer)) : null,
    part("updateTitle", t(`rule.${descent.optimizer.kind}`), ...update(answer, descent, isOther)),
  ];
}

/** @param {string} name @param {Api.Value} value */
const equation = (name, value) => h("span", {}, h("i", {}, name), " = ", h("b", {}, number(value)));
/** @param {Page.Key} title @param {string} text @param {Page.Children} content */
const part = (title, text, ...content) => h("section", { class: "part" }, h("h3", {}, t(title)), h("p", { class: "help" }, text), ...content);
/** @param {string} label @param {HTMLElement} content */
const region = (label, content) => h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, content);

/**
 * @param {string} caption
 * @param {string[]} heads
 * @param {Page.Child[][]} rows
 * @param {Page.Child[][]} foot
 */
function grid(caption, heads, rows, foot = []) {
  /** @param {Page.Child[]} cells */
  const line = ([name, ...values]) => h("tr", {}, h("th", { scope: "row" }, name), values.map((value) => h("td", {}, value)));
  const head = h("tr", {}, heads.map((name) => h("th", { scope: "col" }, name)));
  return region(caption, h("table", { class: "grid numbers" }, h("caption", { class: "unseen" }, caption),
    h("thead", {}, head), h("tbody", {}, rows.map(line)), foot.length ? h("tfoot", {}, foot.map(line)) : null));
}

/** @param {Api.StepArithmetic} answer @param {boolean} isOther */
function slopes({ parameters, theta, gradient, central_differences: differences, difference_errors: errors, used }, isOther) {
  const size = Math.max(...gradient.map((value) => Math.abs(value ?? 0)));
  /** @param {string} name @param {number} i */
  const row = (name, i) => [
    name, number(theta[i]), number(gradient[i]), number(differences[i]),
    agreement(gradient[i], differences[i], errors[i], size), ...(isOther ? [number(used[i])] : []),
  ];
  const heads = [t("parameter"), "θ", t("byAutograd"), t("byDifferences"), t("theirDifference"), ...(isOther ? [t("usedSlope")] : [])];
  return grid(t("slopeTitle"), heads, shown(parameters).map(row));
}

/** @param {Api.Value} gradient @param {Api.Value} difference @param {Api.Value} error @param {number} size */
function agreement(gradient, difference, error, size) {
  if (typeof gradient !== "number" || typeof difference !== "number") return NOTHING;
  const apart = Math.abs(gradient - difference);
  const verdict = agreementOf(apart, error, size);
  return h("span", { class: { agrees: "fine", differs: "off", inexact: "inexact" }[verdict] }, rounded(apart, 3), " ", h("small", {}, t(verdict)));
}

/**
 * Whether two derivatives agree. A central difference with an error above 1 % of the gradient's largest number proves nothing.
 * @param {number} apart the distance of the two
 * @param {Api.Value} error the estimated error of the central difference
 * @param {number} size the largest number of the gradient
 * @returns {"agrees" | "differs" | "inexact"}
 */
export function agreementOf(apart, error, size) {
  if (typeof error !== "number") return "inexact";
  if (apart > error + 1e-6 * size) return "differs";
  return error > 0.01 * size ? "inexact" : "agrees";
}

/** @param {Api.StepArithmetic} answer */
function contributions({ parameters, gradient, contributions: { rows, y, predictions, gradients }, rest, penalty }) {
  /** @param {string} name @param {Api.Value[]} values */
  const line = (name, values, of = ["", ""]) => [name, ...of, ...shown(values).map(number)];
  /** @param {number} row @param {number} i */
  const ofRow = (row, i) => line(t("row", { n: row }), gradients[i], [given(y[i]), [predictions[i]].flat().map(number).join(" ")]);
  const foot = [
    line(t("remainingRows", { n: rest.rows }), rest.gradient),
    ...(penalty.some(Boolean) ? [line(t("penalty"), penalty)] : []),
    line(t("sum"), gradient),
  ];
  return grid(t("partsTitle"), [t("trainingRow"), "y", "f(θ, x)", ...shown(parameters).map((name) => `∂/∂ ${name}`)], rows.map(ofRow), foot);
}

/** @param {number | string} y */
const given = (y) => (typeof y === "number" ? number(y) : y);

/** @param {Api.StepArithmetic} answer @param {Descent} descent @param {boolean} isOther */
function update({ update: lines, taken, step }, { optimizer, batch_size: batch, clip_norm: clip }, isOther) {
  const why = [batch ? t("usedBatch", { n: batch }) : "", clip ? t("usedClipped", { norm: number(clip) }) : ""].filter(Boolean).join(" ");
  return [
    h("p", { class: "rule" }, rule(optimizer, isOther).map((line) => h("span", {}, line))),
    isOther ? h("p", { class: "note" }, why) : null,
    region(t("updateTitle"), h("ul", { class: "updates" }, shown(lines).map((line) => h("li", {}, line.replace(/(?<![\w.])(\d+)\.(?=\d)/g, marked))))),
    taken ? null : h("p", { class: "note" }, t("notTaken", { n: step })),
  ];
}

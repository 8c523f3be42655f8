// What one step is made of, in three parts: the gradient at θ, what the rows add to it, and what the update makes of it.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { NOTHING, rounded } from "/static/lib/format.js";
import { sayMore, SHOWN_PARAMETERS } from "/static/components/step-values.js";
import { rule } from "/static/components/optimizer-formulas.js";

const DIGITS = 8;
const number = (value) => rounded(value, DIGITS);
const shown = (values) => values.slice(0, SHOWN_PARAMETERS);

/** `answer` is the service's, `descent` the request's part. */
export function arithmeticTables(answer, descent) {
  const more = h("p", { class: "note", hidden: true });
  sayMore(more, answer.parameters.length);
  const isOther = answer.used.some((value, i) => value !== answer.gradient[i]); // than ∇E(θ)
  return [
    h("p", { class: "energy" }, equation("E(θ)", answer.train_loss), equation("η", answer.learning_rate)),
    part("slopeTitle", t("slopeText"), slopes(answer, isOther), more),
    part("partsTitle", t("partsText"), contributions(answer)),
    part("updateTitle", t(`rule.${descent.optimizer.kind}`), ...update(answer, descent, isOther)),
  ];
}

const equation = (name, value) => h("span", {}, h("i", {}, name), " = ", h("b", {}, number(value)));
const part = (title, text, ...content) => h("section", { class: "part" }, h("h3", {}, t(title)), h("p", { class: "help" }, text), ...content);
const region = (label, content) => h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, content);

function grid(caption, heads, rows, foot = []) {
  const line = ([name, ...values]) => h("tr", {}, h("th", { scope: "row" }, name), values.map((value) => h("td", {}, value)));
  const head = h("tr", {}, heads.map((name) => h("th", { scope: "col" }, name)));
  return region(caption, h("table", { class: "grid numbers" }, h("caption", { class: "unseen" }, caption),
    h("thead", {}, head), h("tbody", {}, rows.map(line)), foot.length ? h("tfoot", {}, foot.map(line)) : null));
}

function slopes({ parameters, theta, gradient, central_differences: differences, train_loss: energy, used }, isOther) {
  const size = Math.max(...gradient.map(Math.abs));
  const row = (name, i) => [
    name, number(theta[i]), number(gradient[i]), number(differences[i]),
    agreement(gradient[i], differences[i], size, energy, theta[i]), ...(isOther ? [number(used[i])] : []),
  ];
  const heads = [t("parameter"), "θ", t("byAutograd"), t("byDifferences"), t("theirDifference"), ...(isOther ? [t("usedSlope")] : [])];
  return grid(t("slopeTitle"), heads, shown(parameters).map(row));
}

/**
 * How far two derivatives are apart, and whether rounding explains it: central differences subtract two values of E that
 * are almost the same, so their error grows with E.
 */
function agreement(gradient, difference, size, energy, theta) {
  if (typeof gradient !== "number" || typeof difference !== "number") return NOTHING;
  const apart = Math.abs(gradient - difference);
  const fine = apart <= 1e-6 * size + (1e-9 * Math.abs(energy)) / Math.max(1, Math.abs(theta));
  return h("span", { class: fine ? "fine" : "off" }, rounded(apart, 3), " ", h("small", {}, t(fine ? "agrees" : "differs")));
}

function contributions({ parameters, gradient, contributions: { rows, y, predictions, gradients }, rest, penalty }) {
  const line = (name, values, of = ["", ""]) => [name, ...of, ...shown(values).map(number)];
  const ofRow = (row, i) => line(t("row", { n: row }), gradients[i], [given(y[i]), [predictions[i]].flat().map(number).join(" ")]);
  const foot = [
    line(t("remainingRows", { n: rest.rows }), rest.gradient),
    ...(penalty.some(Boolean) ? [line(t("penalty"), penalty)] : []),
    line(t("sum"), gradient),
  ];
  return grid(t("partsTitle"), [t("trainingRow"), "y", "f(θ, x)", ...shown(parameters).map((name) => `∂/∂ ${name}`)], rows.map(ofRow), foot);
}

const given = (y) => (typeof y === "number" ? number(y) : y);

function update({ update: lines, taken, step }, { optimizer, batch_size: batch, clip_norm: clip }, isOther) {
  const why = [batch ? t("usedBatch", { n: batch }) : "", clip ? t("usedClipped", { norm: number(clip) }) : ""].filter(Boolean).join(" ");
  return [
    h("p", { class: "rule" }, rule(optimizer, isOther).map((line) => h("span", {}, line))),
    isOther ? h("p", { class: "note" }, why) : null,
    region(t("updateTitle"), h("ul", { class: "updates" }, shown(lines).map((line) => h("li", {}, line)))),
    taken ? null : h("p", { class: "note" }, t("notTaken", { n: step })),
  ];
}

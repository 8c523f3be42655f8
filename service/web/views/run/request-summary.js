// The request of a run as a table.
import { choose, factTable, h } from "/static/lib/dom.js";
import { count, t } from "/static/lib/i18n.js";
import { fileLink } from "/static/lib/download-link.js";
import { exact, inRow, moment, rounded } from "/static/lib/format.js";

const SHOWN_NUMBERS = 4; // of a list

export function runFacts() {
  const host = h("div");
  const element = h("section", { class: "request" }, h("h2", {}, t("request")), host);
  let shown = "";

  /** @param {Api.Run} run */
  function update(run) {
    const news = JSON.stringify([run.request, run.learning_rate, run.dataset, run.function, run.tags]);
    if (news === shown) return;
    shown = news;
    choose(host, factTable(t("request"), facts(run).map(([key, value]) => [t(key), value])));
  }
  return { element, update };
}

/** @param {Api.Run} run @returns {[key: Page.Key, shown: Page.Child | Page.Child[]][]} */
export function facts(run) {
  const { model, objective, descent, standardize } = run.request;
  /** @type {[Page.Key, Page.Child | Page.Child[]][]} */
  const all = [
    ["function", functionWords(run)],
    ["data", run.dataset && dataWords(run)],
    ["split", run.dataset && splitWords(run.dataset)],
    ["standardized", run.dataset && standardizeWords(standardize)],
    ["model", model && ("formula" in model ? h("code", {}, model.formula) : kindWords(model))],
    ["loss", [objective.loss, options(objective, ["loss"])].filter(Boolean).join(", ")],
    ["optimizer", kindWords(descent.optimizer)],
    ["asked./descent/theta0", startWords(run)],
    ["rate", rateWords(run.learning_rate, descent.learning_rate)],
    ["schedule", kindWords(descent.schedule)],
    ["batch", run.dataset && (descent.batch_size ? count(descent.batch_size) : t("wholeBatch"))],
    ["stepsAsked", count(run.steps_total)],
    ["tags", tagLinks(run.tags)],
    ["created", moment(run.created_at)],
  ];
  return all.filter(([, value]) => value);
}

/** Each tag leads to the runs that have it. @param {Api.Run["tags"]} tags */
function tagLinks(tags) {
  const links = Object.entries(tags).map(([name, value]) => h("a", { href: `#/?tag=${encodeURIComponent(`${name}:${value}`)}` }, `${name}:${value}`));
  return links.length ? links.flatMap((link, i) => (i ? [", ", link] : [link])) : null;
}

/** @param {Api.Run} run */
export function startWords({ request, forked_from: origin }) {
  const value = request.descent.theta0;
  if (origin) return t("forkedAt", { run: origin.run_id.slice(0, 12), n: origin.step });
  if (value === null || value === undefined) return t("default");
  if (value === "zeros") return t("zeros");
  if (Array.isArray(value)) return `(${listed(value)})`;
  if (value.kind === "normal") return t("normalStart", { scale: exact(value.scale) });
  return inRow(Object.entries(value).map(([name, number]) => `${name} = ${rounded(number)}`));
}

/** @param {unknown[]} values */
export function listed(values) {
  const more = values.length > SHOWN_NUMBERS ? [`… (${count(values.length)})`] : [];
  return inRow([...values.slice(0, SHOWN_NUMBERS).map((value) => rounded(value)), ...more]);
}

/** @param {Api.Run} run @returns {Page.Child[] | null} */
function functionWords(run) {
  if (!run.function) return null;
  const { name, formula } = run.function;
  return [formula ? h("code", {}, formula) : null, name ? ` (${name})` : null];
}

/** @param {Api.Run} run @returns {Page.Child[] | null} */
export function dataWords({ dataset, request }) {
  if (!dataset) return null;
  const name = request.dataset && "sample" in request.dataset ? request.dataset.sample : dataset.id.slice(0, 12);
  const { features } = dataset;
  const listed = features.slice(0, 6).join(", ") + (features.length > 6 ? ", …" : "");
  const columns = features.length ? ` (${listed} → ${dataset.target})` : "";
  return [fileLink(`datasets/${encodeURIComponent(dataset.id)}`, `${dataset.id}.json`, name), `, ${t("rows", { n: dataset.rows })}${columns}`];
}

/** @param {Api.StoredRequest["standardize"]} asked */
export const standardization = (asked) => (typeof asked === "object" ? asked : { features: asked, target: false });

/** Requests have an object where the target, or the features of a polynomial, are standardised. @param {Api.StoredRequest["standardize"]} asked */
function standardizeWords(asked) {
  const { features, target } = standardization(asked);
  if (target) return features ? t("standardizedBoth") : t("standardizedTarget");
  return features ? t("yes") : t("no");
}

/** @param {Api.RunDataset} dataset */
const splitWords = (dataset) => t("splitRows", { train: dataset.train_rows, test: dataset.test_rows });

/** @param {Api.Value} used @param {number | "auto"} asked */
function rateWords(used, asked) {
  if (asked !== "auto") return rounded(used ?? asked, 10);
  return typeof used === "number" ? `${rounded(used, 10)} (${t("auto")})` : t("auto");
}

/** "momentum (momentum 0.9)", "polynomial (degree 3, intercept)": a kind and its options. @param {{ kind: string }} part */
function kindWords(part) {
  const set = options(part, ["kind"]);
  return part.kind + (set ? ` (${set})` : "");
}

/** @param {object} part @param {string[]} besides */
function options(part, besides) {
  const set = Object.entries(part).filter(([name, value]) => !besides.includes(name) && value);
  /** @param {unknown} value */
  const word = (value) => (Array.isArray(value) ? value.join("×") : typeof value === "number" ? exact(value) : value);
  return inRow(set.map(([name, value]) => (value === true ? name : `${name} ${word(value)}`)));
}

// What was asked: the request in a table of words.
import { choose, factTable, h } from "/static/lib/dom.js";
import { count, t } from "/static/lib/i18n.js";
import { fileLink } from "/static/lib/download-link.js";
import { moment, rounded } from "/static/lib/format.js";

export function runFacts() {
  const host = h("div");
  const element = h("section", { class: "request" }, h("h2", {}, t("request")), host);
  let shown = "";

  function update(run) {
    const news = JSON.stringify([run.request, run.learning_rate, run.dataset]);
    if (news === shown) return;
    shown = news;
    choose(host, factTable(t("request"), facts(run).map(([key, value]) => [t(key), value])));
  }
  return { element, update };
}

/** [key of a word, what to show] */
export function facts(run) {
  const { model = {}, objective = {}, descent = {}, standardize } = run.request ?? {};
  return [
    ["data", dataWords(run)],
    ["split", splitWords(run.dataset)],
    ["standardized", standardize ? t("yes") : t("no")],
    ["model", model.formula ? h("code", {}, model.formula) : kindWords(model)],
    ["loss", [objective.loss, options(objective, ["loss"])].filter(Boolean).join(", ")],
    ["optimizer", kindWords(descent.optimizer)],
    ["rate", rateWords(run.learning_rate, descent.learning_rate)],
    ["schedule", kindWords(descent.schedule)],
    ["batch", descent.batch_size ? count(descent.batch_size) : t("wholeBatch")],
    ["stepsAsked", count(run.steps_total ?? descent.steps ?? 0)],
    ["created", run.created_at ? moment(run.created_at) : ""],
  ].filter(([, value]) => value);
}

export function dataWords({ dataset, request }) {
  const name = request?.dataset?.sample ?? dataset?.name ?? dataset?.id?.slice(0, 12) ?? t("dataGiven");
  if (!dataset?.rows) return [name];
  const features = dataset.features ?? [];
  const listed = features.slice(0, 6).join(", ") + (features.length > 6 ? ", …" : "");
  const columns = features.length ? ` (${listed} → ${dataset.target ?? "y"})` : "";
  return [fileLink(`/datasets/${encodeURIComponent(dataset.id)}`, `${dataset.id}.json`, name), `, ${t("rows", { n: dataset.rows })}${columns}`];
}

const splitWords = (dataset) =>
  dataset?.train_rows === undefined || dataset.train_rows === null
    ? "" : t("splitRows", { train: dataset.train_rows, test: dataset.test_rows ?? 0 });

function rateWords(used, asked) {
  if (asked !== "auto") return rounded(used ?? asked, 10);
  return typeof used === "number" ? `${rounded(used, 10)} (${t("auto")})` : t("auto");
}

/** "momentum (momentum 0.9)", "polynomial (degree 3, intercept)": a kind, and what was set besides. */
function kindWords(part = {}) {
  const set = options(part, ["kind"]);
  return part?.kind ? part.kind + (set ? ` (${set})` : "") : "";
}

function options(part, besides) {
  const set = Object.entries(part ?? {}).filter(([name, value]) => !besides.includes(name) && value);
  return set.map(([name, value]) => (value === true ? name : `${name} ${Array.isArray(value) ? value.join("×") : value}`)).join(", ");
}

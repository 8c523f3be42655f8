// The differences between the requests of several runs: fields by JSON pointer, with a label each.
import { h } from "/static/lib/dom.js";
import { count, t, word } from "/static/lib/i18n.js";
import { NOTHING, rounded } from "/static/lib/format.js";
import { dataWords, facts, listed, startWords } from "/static/views/run/request-summary.js";

const LABELS = ["/name", "/tags"]; // these fields do not change the computation
const LEAVES = new Set(["/descent/theta0", "/tags"]);
const ALL_DIGITS = 17;
/** The request fields that each row of the summary shows. */
/** @type {{[key: string]: string}} */
const PLACES = {
  function: "/function", data: "/dataset", split: "/split", standardized: "/standardize", model: "/model", loss: "/objective", optimizer: "/descent/optimizer",
  "asked./descent/theta0": "/descent/theta0", schedule: "/descent/schedule", rate: "/descent/learning_rate", batch: "/descent/batch_size", stepsAsked: "/descent/steps",
};

/** Fields with an existing label; the label key of every other field is `asked.` and the pointer. */
/** @type {{[pointer: string]: Page.Key}} */
const WORDS = {
  "/function/name": "function", "/function/formula": "function", "/dataset": "data", "/split/test_fraction": "testShare", "/standardize": "standardized", "/model/kind": "model", "/model/degree": "degree",
  "/model/hidden": "hidden", "/model/activation": "activation", "/model/task": "task", "/model/formula": "formula", "/objective/loss": "loss",
  "/objective/l1": "l1", "/objective/l2": "l2", "/descent/steps": "stepsAsked", "/descent/learning_rate": "rate", "/descent/optimizer/kind": "optimizer",
  "/descent/schedule/kind": "schedule", "/descent/batch_size": "batch", "/descent/seed": "seed",
};
/** @param {string} pointer */
const wordOf = (pointer) => (pointer in WORDS ? t(WORDS[pointer]) : word(`asked.${pointer}`, pointer));

/** `differ(...prefixes)` is true if a field below one of these pointers differs. @param {Api.Run[]} runs */
export function differences(runs) {
  const asked = runs.map(flattened);
  const pointers = [...new Set(asked.flatMap((fields) => [...fields.keys()]))];
  const differing = pointers.filter((pointer) => new Set(asked.map((fields) => JSON.stringify(fields.get(pointer)))).size > 1);
  /** @param {string[]} prefixes */
  const differ = (...prefixes) => differing.some((pointer) => prefixes.some((prefix) => `${pointer}/`.startsWith(`${prefix}/`)));
  const rows = differing.map((pointer) =>
    ({ pointer, label: wordOf(pointer), values: runs.map((run, i) => shown(pointer, asked[i].get(pointer), run)) }));
  return { rows, same: sameFacts(runs, differ), differ };
}

/** The request facts that all runs share. @param {Api.Run[]} runs @param {(...prefixes: string[]) => boolean} differ */
function sameFacts(runs, differ) {
  const texts = runs.map((run) => new Map(facts(run).map(([key, value]) => [key, textOf(value)])));
  /** @param {[Page.Key, Page.Shown]} fact */
  const isSame = ([key, value]) => key in PLACES && !differ(PLACES[key]) && texts.every((known) => known.get(key) === textOf(value));
  return facts(runs[0]).filter(isSame).map(([key, value]) => ({ label: t(key), value }));
}

/** @param {Page.Shown} value */
const textOf = (value) => h("span", {}, ...[value].flat()).textContent;

/** Pointer → value, in the request's order; the dataset by its id and the columns that the run uses. @param {Api.Run} run */
export function flattened({ request, dataset, forked_from: origin }) {
  /** @type {Map<string, unknown>} */
  const fields = new Map(dataset ? [["/dataset", [dataset.id, dataset.features, dataset.target]]] : []);
  /** @param {unknown} value @param {string} pointer */
  const walk = (value, pointer) => {
    if (LABELS.includes(pointer) || pointer === "/dataset") return;
    const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
    if (!isObject || LEAVES.has(pointer)) fields.set(pointer, value);
    else for (const [name, inner] of Object.entries(value)) walk(inner, `${pointer}/${name}`);
  };
  walk(request, "");
  if (origin) fields.set("/descent/theta0", origin);
  return fields;
}

/** @param {string} pointer @param {unknown} value @param {Api.Run} run @returns {Page.Shown} */
function shown(pointer, value, run) {
  if (pointer === "/dataset") return dataWords(run) ?? NOTHING;
  if (pointer === "/descent/theta0") return startWords(run);
  if (pointer === "/descent/batch_size" && !value) return t("wholeBatch");
  if (value === "auto") return t("auto");
  if (value === null || value === undefined) return NOTHING;
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  if (Array.isArray(value)) return listed(value);
  if (pointer === "/model/formula" || pointer === "/function/formula") return h("code", {}, String(value));
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) && !pointer.endsWith("seed") ? count(value) : rounded(value, ALL_DIGITS);
}

// The form's state in the address of a new run: #/new?request=JSON, or the run or the dataset from which it is filled.
import { ApiError } from "/static/lib/api-error.js";
import { getDataset, getRun } from "/static/lib/api.js";
import { language, t } from "/static/lib/form-i18n.js";
import { entriesOf } from "/static/components/request-form/request-fields.js";

/** @typedef {Partial<Pick<Api.FitRequest, "dataset" | "function" | "name">>} Request */

/** @param {object} request */
export const formLink = (request) => `#/new?request=${encodeURIComponent(JSON.stringify(request))}`;

/**
 * Fills the form's entries from the query of its address. Throws ApiError for an unknown run or dataset, or for text that is no request.
 * @param {Page.Kept} kept
 * @param {string} query
 */
export async function fillForm(kept, query) {
  const request = await requestIn(new URLSearchParams(query));
  if (request) Object.assign(kept, await dataOf(request), { choices: entriesOf(request, "run") });
}

/** @param {URLSearchParams} asked @returns {Promise<Request | null>} */
async function requestIn(asked) {
  const [run, dataset, request] = ["run", "dataset", "request"].map((name) => asked.get(name));
  if (run) return /** @type {Request} */ ({ ...(await getRun(run)).request, name: null });
  if (dataset) return { dataset: { id: dataset } };
  return request ? readRequest(request) : null;
}

/** @param {string} text @returns {Request} */
function readRequest(text) {
  try {
    const request = JSON.parse(text);
    if (request !== null && typeof request === "object") return request;
  } catch {
    // reported below
  }
  throw new ApiError({ title: t("addressUnreadable") });
}

/** @param {Request} request @returns {Promise<Page.Kept>} */
async function dataOf({ dataset, function: asked }) {
  if (asked) return { source: "function", function: "name" in asked ? asked.name : "", ...("formula" in asked ? { formula: asked.formula } : {}) };
  if (!dataset) return {};
  if ("x" in dataset) return { source: "drawn", points: dataset.x.map(([x], row) => [x, Number(dataset.y[row])]) };
  const { features, target } = dataset;
  const selection = { ...(features ? { features } : {}), ...(target ? { target } : {}) };
  if ("sample" in dataset) return { source: "sample", sample: dataset.sample, selected: { [`sample ${dataset.sample}`]: selection } };
  return { source: "file", uploaded: await getDataset(dataset.id), uploadedIn: language(), selected: { [dataset.id]: selection } };
}

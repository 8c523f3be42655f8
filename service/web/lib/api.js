// The client of the service: one function per endpoint, one error class. An answer of 401 dispatches "keyneeded" on the document.
// Paths are relative to the page, which a proxy may serve below a prefix. Reads are retried; a write is sent once, and its failure is thrown.
import { ApiError } from "/static/lib/api-error.js";
import { withKey } from "/static/lib/api-key.js";
import { language, loadWords } from "/static/lib/i18n.js";
import { persist } from "/static/lib/retry.js";

const MOST_IDS = 100;

/**
 * @template Answer
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
const read = (path, signal) => persist(() => call(path, { signal }), signal);

/**
 * @template Answer
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<Answer>}
 */
const call = async (path, options) => whole((await answer(path, options)).json());

/** @param {string} path */
const remove = async (path) => { await answer(path, { method: "DELETE" }); };

/**
 * @param {string} path
 * @param {RequestInit} [options]
 */
async function answer(path, options = {}) {
  let response;
  try {
    response = await ((options.method ? null : takenUp(path)) ?? ask(path, options));
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") throw error;
    throw new ApiError({ unreachable: true });
  }
  if (response.status === 401) document.dispatchEvent(new Event("keyneeded"));
  if (!response.ok) throw await problemOf(response);
  return response;
}

/**
 * In the language of the page. no-cache: each request revalidates, and a matching ETag saves the body.
 * @param {string} path
 * @param {RequestInit} options
 */
const ask = (path, options) => fetch(path, { cache: "no-cache", ...options, headers: withKey({ "Accept-Language": language(), ...options.headers }) });

/**
 * The answer to a request that preload.js sent; undefined on the second call.
 * @param {string} path
 */
function takenUp(path) {
  const answer = globalThis.early?.get(path);
  globalThis.early?.delete(path);
  return answer;
}

/**
 * The content of a body. Throws ApiError if the connection breaks before its end.
 * @template Content
 * @param {Promise<Content>} body
 */
async function whole(body) {
  try {
    return await body;
  } catch (error) {
    throw error instanceof TypeError ? new ApiError({ unreachable: true }) : error;
  }
}

/** @param {Response} response */
async function problemOf(response) {
  const { status } = response;
  try {
    const { title, detail, errors } = await response.json();
    return new ApiError({ status, title, detail, errors });
  } catch {
    // A proxy may answer with HTML: the error holds the status alone.
    return new ApiError({ status, title: `HTTP ${status} ${response.statusText}` });
  }
}

/** @param {string} id */
const runPath = (id) => `runs/${encodeURIComponent(id)}`;

/** @param {Api.Query} query */
const inQuery = (query) => new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));

/** @type {Api.Link} */
export const trajectoryLink = (id, query) => `${runPath(id)}/trajectory?${inQuery(query)}`;
/** @type {Api.Get<Api.Run>} */
export const getRun = (id, signal) => read(runPath(id), signal);
/** @type {Api.GetBy<Api.Trajectory>} */
export const getTrajectory = (id, query, signal) => read(trajectoryLink(id, query), signal);
/** @type {Api.GetBy<Api.Landscape>} */
export const getLandscape = (id, query, signal) => read(`${runPath(id)}/landscape?${inQuery(query)}`, signal);
/** @param {string} id @param {string} name @param {Api.Query} query */
export const pictureLink = (id, name, query) => `${runPath(id)}/${name}?${inQuery(query)}`;
/** @type {Api.GetBy<Api.Predictions>} */
export const getPredictions = (id, query, signal) => read(`${runPath(id)}/predictions?${inQuery(query)}`, signal);
/** @param {string} id @param {number} step @param {AbortSignal} [signal] @returns {Promise<Api.StepArithmetic>} */
export const getStep = (id, step, signal) => read(`${runPath(id)}/steps/${step}`, signal);
/** @param {"cancel" | "pause" | "resume"} change @returns {Api.Change<Api.Run>} */
const changeRun = (change) => (id) => call(`${runPath(id)}/${change}`, { method: "POST" });
export const [cancelRun, pauseRun, resumeRun] = [changeRun("cancel"), changeRun("pause"), changeRun("resume")];
/** @type {Api.SendTo<Api.ForkRequest, Api.Run>} */
export const forkRun = (id, body) => send(`${runPath(id)}/fork`, body);
/** @type {Api.Change} */
export const deleteRun = (id) => remove(runPath(id));
/** Those of each request are deleted all or none. @param {string[]} ids */
export async function deleteRuns(ids) {
  for (let first = 0; first < ids.length; first += MOST_IDS) {
    await remove(`runs?ids=${ids.slice(first, first + MOST_IDS).map(encodeURIComponent).join(",")}`);
  }
}
/** @param {string} id @param {string | null} name @returns {Promise<Api.Run>} */
export const renameRun = (id, name) => send(runPath(id), { name }, { method: "PATCH" });
/** @param {string} path */
export const fetchFile = (path) => persist(async () => whole((await answer(path)).blob()));

/**
 * A page of runs; `after` is the cursor of the page before.
 * @param {Api.Query} query
 * @param {string | null} after
 * @param {AbortSignal} [signal]
 * @returns {Promise<Api.Runs>}
 */
export function listRuns(query, after, signal) {
  return read(`runs?${inQuery({ limit: 50, ...query, ...(after ? { after } : {}) })}`, signal);
}

/** @type {Api.Send<Api.FitRequest, Api.Price>} */
export const price = (body, signal) => persist(() => send("fit?validate_only=true", body, { signal }), signal);
/** @returns {Promise<Api.Samples>} */
export const listSamples = () => read("samples");
/** @returns {Promise<Api.Functions>} */
export const listFunctions = () => read("functions");
/** @param {string} id @param {number} to @returns {Promise<Api.DatasetRows>} */
export const readRows = (id, to) => read(`datasets/${encodeURIComponent(id)}/rows?to=${to}`);
/** @type {Api.Get<Api.Dataset>} */
export const getDataset = (id, signal) => read(`datasets/${encodeURIComponent(id)}`, signal);
/** @param {string | null} after @param {AbortSignal} [signal] @returns {Promise<Api.Datasets>} */
export const listDatasets = (after, signal) => read(`datasets?${inQuery({ limit: 50, ...(after ? { after } : {}) })}`, signal);
/** The newest runs of a dataset. @type {Api.Get<Api.Runs>} */
export const datasetRuns = (id, signal) => read(`datasets/${encodeURIComponent(id)}/runs?limit=20`, signal);
/** @param {string} id @param {string | null} name @returns {Promise<Api.Dataset>} */
export const renameDataset = (id, name) => send(`datasets/${encodeURIComponent(id)}`, { name }, { method: "PATCH" });
/** @type {Api.Change} */
export const deleteDataset = (id) => remove(`datasets/${encodeURIComponent(id)}`);
/** @param {string | Blob} content @param {Api.Query} query @returns {Promise<Api.Dataset>} */
export const uploadCsv = (content, query) =>
  call(`datasets?${inQuery(query)}`, { method: "POST", headers: { "Content-Type": "text/csv" }, body: content });
/** @type {Api.Send<Api.FitRequest, Api.Run>} */
export const fit = (body) => send("fit", body);
/** @type {Api.Send<Api.CheckRequest, Api.Verdict>} */
export const check = (body) => send("check", body);

/** @param {string} id */
const sweepPath = (id) => `sweeps/${encodeURIComponent(id)}`;
/** @type {Api.Get<Api.Sweep>} */
export const getSweep = (id, signal) => read(sweepPath(id), signal);
/** @type {Api.Send<Api.SweepDraft, Api.SweepPrice>} */
export const priceSweep = (body, signal) => persist(() => send("sweeps?validate_only=true", body, { signal }), signal);
/** @type {Api.Send<Api.SweepDraft, Api.Sweep>} */
export const startSweep = (body) => send("sweeps", body);
/** @type {Api.Change<Api.Sweep>} */
export const cancelSweep = (id) => call(`${sweepPath(id)}/cancel`, { method: "POST" });
/** @type {Api.Change} */
export const deleteSweep = (id) => remove(sweepPath(id));

/**
 * @template Answer
 * @param {string} path
 * @param {object} body
 * @param {RequestInit} [options]
 * @returns {Promise<Answer>}
 */
function send(path, body, options = {}) {
  return call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), ...options });
}

/**
 * The events of a run after the id `last`, as chunks of text. Calls `onOpen()` before the first chunk.
 * @param {string} id
 * @param {Api.Query} query
 * @param {string | null} last
 * @param {AbortSignal} signal
 * @param {() => void} onOpen
 */
export async function* readEvents(id, query, last, signal, onOpen) {
  /** @type {HeadersInit} */
  const headers = last === null ? {} : { "Last-Event-ID": last };
  const path = `${runPath(id)}/events?${inQuery(query)}`;
  const { body } = await persist(() => answer(path, { headers, signal }), signal);
  onOpen();
  if (!body) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  while (true) {
    const { done, value } = await reader.read().catch(() => { throw new ApiError({ unreachable: true }); });
    if (done) return;
    yield value;
  }
}

/**
 * Loads a part of the page by `load()`, an import, together with the dictionary of the language.
 * @template Part
 * @param {() => Promise<Part>} load
 */
export function part(load) {
  return persist(async () => {
    try {
      const [part] = await Promise.all([load(), loadWords()]);
      return part;
    } catch (error) {
      throw error instanceof TypeError ? new ApiError({ unreachable: true }) : error; // browsers throw TypeError for a failed import
    }
  });
}

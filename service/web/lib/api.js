// The service, as the page sees it: one function per call, one error class. Whoever listens for "keyneeded" on the document
// hears when it asks for an API key. What only reads persists; what changes something is tried once, and says so if it failed.
import { withKey } from "/static/lib/api-key.js";
import { persist } from "/static/lib/retry.js";

/** What went wrong, fit to be shown: problem+json's title, detail and errors, or `unreachable`. */
export class ApiError extends Error {
  constructor({ status = 0, title = "", detail = "", errors = [], unreachable = false }) {
    super(detail || title);
    Object.assign(this, { status, title, detail, errors, unreachable });
  }
}

const read = (path, signal) => persist(() => call(path, { signal }), signal);

async function call(path, options) {
  const response = await answer(path, options);
  return response.status === 204 ? null : response.json();
}

async function answer(path, options = {}) {
  let response;
  try {
    response = await ((options.method ? null : takenUp(path)) ?? ask(path, options));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError({ unreachable: true });
  }
  if (response.status === 401) document.dispatchEvent(new Event("keyneeded"));
  if (!response.ok) throw await problemOf(response);
  return response;
}

// no-cache: ask again every time, and let the ETag spare the body.
const ask = (path, options) => fetch(path, { cache: "no-cache", ...options, headers: withKey(options.headers) });

/** The answer that preload.js has asked for, once. */
function takenUp(path) {
  const answer = globalThis.early?.get(path);
  globalThis.early?.delete(path);
  return answer;
}

async function problemOf(response) {
  const { status } = response;
  try {
    const { title, detail, errors } = await response.json();
    return new ApiError({ status, title, detail, errors });
  } catch {
    // A proxy in between may answer with HTML; the status is all there is to say.
    return new ApiError({ status, title: `HTTP ${status} ${response.statusText}` });
  }
}

const runPath = (id) => `/runs/${encodeURIComponent(id)}`;

export const trajectoryLink = (id, query) => `${runPath(id)}/trajectory?${new URLSearchParams(query)}`;
export const getRun = (id, signal) => read(runPath(id), signal);
export const getTrajectory = (id, query, signal) => read(trajectoryLink(id, query), signal);
export const getLandscape = (id, query, signal) => read(`${runPath(id)}/landscape?${new URLSearchParams(query)}`, signal);
export const pictureLink = (id, name, query) => `${runPath(id)}/${name}?${new URLSearchParams(query)}`;
export const getPredictions = (id, query, signal) => read(`${runPath(id)}/predictions?${new URLSearchParams(query)}`, signal);
export const getStep = (id, step, signal) => read(`${runPath(id)}/steps/${step}`, signal);
const changeRun = (change) => (id) => call(`${runPath(id)}/${change}`, { method: "POST" });
export const [cancelRun, pauseRun, resumeRun] = ["cancel", "pause", "resume"].map(changeRun);
export const forkRun = (id, body) => send(`${runPath(id)}/fork`, body);
export const deleteRun = (id) => call(runPath(id), { method: "DELETE" });
export const fetchFile = async (path) => (await persist(() => answer(path))).blob();

export function listRuns(after, signal) {
  const query = new URLSearchParams({ limit: 50, ...(after && { after }) });
  return read(`/runs?${query}`, signal);
}

export const price = (body, signal) => persist(() => send("/fit?validate_only=true", body, { signal }), signal);
export const listSamples = () => read("/samples");
export const readRows = (id, to) => read(`/datasets/${encodeURIComponent(id)}/rows?to=${to}`);
export const uploadCsv = (content, query) =>
  call(`/datasets?${new URLSearchParams(query)}`, { method: "POST", headers: { "Content-Type": "text/csv" }, body: content });
export const fit = (body) => send("/fit", body);
export const check = (body) => send("/check", body);

const sweepPath = (id) => `/sweeps/${encodeURIComponent(id)}`;
export const getSweep = (id, signal) => read(sweepPath(id), signal);
export const priceSweep = (body, signal) => persist(() => send("/sweeps?validate_only=true", body, { signal }), signal);
export const startSweep = (body) => send("/sweeps", body);
export const cancelSweep = (id) => call(`${sweepPath(id)}/cancel`, { method: "POST" });
export const deleteSweep = (id) => call(sweepPath(id), { method: "DELETE" });

function send(path, body, options = {}) {
  return call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), ...options });
}

/** The events of a run after the one called `last`, as text in pieces; `onOpen()` is called before the first. */
export async function* readEvents(id, query, last, signal, onOpen) {
  const headers = last === null ? {} : { "Last-Event-ID": last };
  const path = `${runPath(id)}/events?${new URLSearchParams(query)}`;
  const { body } = await persist(() => answer(path, { headers, signal }), signal);
  onOpen();
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  while (true) {
    const { done, value } = await reader.read().catch(() => { throw new ApiError({ unreachable: true }); });
    if (done) return;
    yield value;
  }
}

/** A part of the page that is loaded when it is wanted: `load()` imports it. */
export function part(load) {
  return persist(() => load().catch((error) => {
    throw error instanceof TypeError ? new ApiError({ unreachable: true }) : error; // as browsers call a failed import
  }));
}

// The list of runs: filtered, and in an order. A refresh reads every opened page again, so that a cursor is never older than the rows above it.
import { h, choose } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { listRuns } from "/static/lib/api.js";
import { poll } from "/static/lib/poll.js";
import { pollOutcome } from "/static/components/error-banner.js";
import { isLive } from "/static/components/status-badge.js";
import { exampleButton } from "/static/components/sample-run-button.js";
import { COLUMNS, runRow } from "/static/views/runs/row.js";
import { chosenActions } from "/static/views/runs/chosen-actions.js";
import { filters } from "/static/views/runs/filters.js";
import { choosing } from "/static/views/compare/run-picker.js";

const LIVE_MS = 1000;
const IDLE_MS = 5000;

let loadedAhead = false;

/** Preloads the modules of a run's view, since the reader is likely to open a run next. */
function loadRunViewAhead() {
  if (!loadedAhead) globalThis.requestIdleCallback?.(() => globalThis.loadAhead("#/runs/latest"));
  loadedAhead = true;
}

/**
 * @param {HTMLElement} host
 * @param {Page.Kept} kept
 * @returns {Page.View}
 */
export function runsView(host, kept) {
  document.title = `${t("runs")} · Descent`;
  let pages = kept.pages ?? 1;
  /** @type {Map<string, Page.RunRow>} */
  const rows = new Map();
  /** @type {Map<string, string | null>} */
  let names = new Map();
  const filter = filters(() => {
    kept.pages = pages = 1;
    poller.now();
  });
  const chooser = choosing(kept, chosenActions((id) => names.get(id) ?? null, () => poller.now()));
  const body = h("tbody");
  const more = h("button", { type: "button", click: openPage }, t("more"));
  const found = h("div", {}, chooser.element, table(body), h("p", { class: "after" }, more));
  const none = h("p", { class: "none", role: "status" }, t("noneFound"), " ", h("button", { type: "button", click: filter.clear }, t("clearFilters")));
  const list = h("div", { class: "ledger" }, filter.element, found, none);
  const empty = emptyState();
  list.hidden = empty.hidden = true; // unknown before the first answer
  const heading = h("h1", { tabindex: "-1" }, t("runs"));
  const topButton = exampleButton("");
  const create = h("a", { class: "button primary", href: "#/new" }, t("newRun"));
  const top = h("div", { class: "top" }, heading, h("p", { class: "actions" }, topButton, create));
  choose(host, top, list, empty);

  function openPage() {
    kept.pages = pages += 1;
    poller.now();
  }

  /** @param {AbortSignal} signal */
  async function refresh(signal) {
    const query = filter.query();
    const { runs, next } = await readPages(query, pages, signal);
    if (query !== filter.query()) return 0; // changed meanwhile
    show(runs);
    if (runs.length > 0) loadRunViewAhead();
    more.hidden = !next;
    return (runs.some(isLive) ? LIVE_MS : IDLE_MS) * pages;
  }

  /** @param {Api.ListedRun[]} runs */
  function show(runs) {
    list.hidden = topButton.hidden = runs.length === 0 && !filter.isFiltering();
    empty.hidden = !list.hidden;
    found.hidden = runs.length === 0;
    none.hidden = !found.hidden;
    names = new Map(runs.map(({ id, name }) => [id, name]));
    chooser.keepOnly(runs.map(({ id }) => id));
    keepRows(rows, body, runs, chooser.box);
  }

  const poller = poll(refresh, pollOutcome);
  const stop = () => {
    filter.stop();
    poller.stop();
  };
  return { heading, stop };
}

/**
 * @param {Api.Query} query
 * @param {number} pages
 * @param {AbortSignal} signal
 */
async function readPages(query, pages, signal) {
  /** @type {Api.ListedRun[]} */
  const runs = [];
  /** @type {string | null} */
  let next = null;
  for (let page = 0; page < pages && (page === 0 || next); page += 1) {
    /** @type {Api.Runs} */
    const answer = await listRuns(query, next, signal);
    runs.push(...answer.data);
    next = answer.has_more ? answer.next : null;
  }
  return { runs, next };
}

/**
 * Orders the rows; moves only those that are out of place.
 * @param {Map<string, Page.RunRow>} rows
 * @param {HTMLElement} body
 * @param {Api.ListedRun[]} runs
 * @param {(id: string) => Page.Box} box
 */
function keepRows(rows, body, runs, box) {
  const wanted = new Set(runs.map((run) => run.id));
  for (const [id, row] of rows) {
    if (wanted.has(id)) continue;
    row.element.remove();
    rows.delete(id);
  }
  for (const [index, run] of runs.entries()) {
    const { element, update } = rows.get(run.id) ?? runRow(run.id, box(run.id));
    rows.set(run.id, { element, update });
    update(run);
    if (body.children[index] !== element) body.insertBefore(element, body.children[index] ?? null);
  }
}

/** @param {HTMLElement} body */
function table(body) {
  const heads = COLUMNS.map((name) => h("th", { scope: "col", class: `cell-${name}` }, t(name)));
  const choose = h("th", { scope: "col", class: "cell-choose" }, h("span", { class: "unseen" }, t("compare")));
  return h("table", { class: "runs" }, h("caption", { class: "unseen" }, t("runs")), h("thead", {}, h("tr", {}, choose, heads)), body);
}

function emptyState() {
  const valley = /** @type {HTMLTemplateElement} */ (document.getElementById("valley")).content.cloneNode(true);
  const words = h("div", {},
    h("h2", {}, t("emptyTitle")),
    h("p", { class: "lead" }, t("emptyPrinciple")),
    h("p", {}, t("emptyHow")),
    exampleButton());
  return h("section", { class: "empty" }, words, valley);
}

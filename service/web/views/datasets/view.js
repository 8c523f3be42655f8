// One dataset: its columns, its first rows, its runs; renamed and deleted.
import { choose, h, say } from "/static/lib/dom.js";
import { count, t } from "/static/lib/form-i18n.js";
import { datasetRuns, deleteDataset, getDataset, readRows, renameDataset } from "/static/lib/api.js";
import { exact, moment, NOTHING, rounded } from "/static/lib/format.js";
import { titleOf } from "/static/lib/run-title.js";
import { act, showProblem } from "/static/components/error-banner.js";
import { confirmed } from "/static/components/confirm-button.js";
import { askForName } from "/static/components/rename-dialog.js";
import { outcome } from "/static/components/status-badge.js";
import { reportList, valuesOf } from "/static/components/request-form/column-table.js";
import { runLink } from "/static/components/sample-run-button.js";

const FIRST_ROWS = 20;

/**
 * @param {HTMLElement} host
 * @param {Page.Kept} _kept
 * @param {string} id
 * @returns {Page.View}
 */
export function datasetView(host, _kept, id) {
  const heading = h("h1", { tabindex: "-1" }, t("dataset"));
  const facts = h("p", { class: "note" });
  const rename = h("button", { type: "button", click: askName }, t("rename"));
  const remove = h("button", { type: "button", class: "danger", click: () => confirmed(t("deleteDatasetTitle"), t("deleteDatasetText"), removeDataset) }, t("delete"));
  const use = h("a", { class: "button primary" }, t("fitDataset"));
  const body = h("div", { class: "below" });
  const page = h("article", { class: "dataset", hidden: true }, h("div", { class: "top" }, heading, h("p", { class: "actions" }, use, rename, remove)), facts, body);
  choose(host, h("p", { class: "back" }, h("a", { href: "#/datasets" }, "← ", t("datasets"))), page);
  const abort = new AbortController();
  /** @type {string | null} */
  let name = null;

  function askName() {
    askForName(t("renameDatasetTitle"), name, (news) => renameDataset(id, news), show);
  }

  const removeDataset = () => act(remove, async () => {
    await deleteDataset(id);
    location.hash = "#/datasets";
  });

  /** @param {Api.Dataset} dataset */
  function show(dataset) {
    name = dataset.name;
    page.hidden = false;
    const title = name || dataset.id.slice(0, 12);
    document.title = `${title} · Descent`;
    say(heading, title);
    say(facts, `${t("rows", { n: dataset.rows })} · ${t("featuresAre", { names: dataset.features.join(", ") })} · ${t("dataset.target")}${t("colon")}${dataset.target} · ${moment(dataset.created_at)}`);
    use.setAttribute("href", `#/new?dataset=${encodeURIComponent(dataset.id)}`);
  }

  async function load() {
    const dataset = await getDataset(id, abort.signal);
    id = dataset.id; // "latest" soon means another one
    show(dataset);
    const [first, { data: runs, has_more: hasMore }] = await Promise.all([readRows(id, FIRST_ROWS - 1), datasetRuns(id, abort.signal)]);
    if (abort.signal.aborted) return;
    choose(body, columns(dataset), rows(first), runsOf(runs, hasMore), reportList(dataset.report));
  }

  load().catch((error) => {
    if (!abort.signal.aborted) showProblem("action", error);
  });
  return { heading, stop: () => abort.abort() };
}

/** @param {Api.Dataset} dataset */
function columns(dataset) {
  const heads = [t("columnName"), t("kind"), t("values"), t("mean"), t("deviation"), t("missing")];
  return section(t("columns"), heads, dataset.columns.map((column) => h("tr", {}, h("th", { scope: "row" }, column.name),
    [t(/** @type {Page.Key} */ (`kind.${column.kind}`)), valuesOf(column), rounded(column.mean), rounded(column.standard_deviation), count(column.missing)].map((cell) => h("td", {}, cell)))));
}

/** @param {Api.DatasetRows} first */
function rows(first) {
  return section(t("preview"), first.columns, first.rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, typeof cell === "number" ? exact(cell) : cell)))));
}

/** @param {Api.ListedRun[]} runs @param {boolean} hasMore */
function runsOf(runs, hasMore) {
  if (!runs.length) return h("section", {}, h("h2", {}, t("datasetRuns")), h("p", {}, t("noDatasetRun")));
  const heads = [t("name"), t("status"), t("test_mse"), t("created")];
  const found = section(t("datasetRuns"), heads, runs.map((run) => h("tr", {}, h("th", { scope: "row" }, h("a", { href: runLink(run.id) }, titleOf(run))),
    h("td", {}, ...[outcome(run, run.diagnosis.length)].flat().filter((each) => each !== null)), h("td", {}, run.final ? rounded(run.final.test_mse) : NOTHING), h("td", {}, moment(run.created_at)))));
  if (hasMore) found.append(h("p", { class: "note" }, t("datasetRunsMore", { n: runs.length })));
  return found;
}

/** @param {string} title @param {string[]} heads @param {Element[]} lines */
function section(title, heads, lines) {
  return h("section", {}, h("h2", {}, title), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
    h("table", { class: "grid" }, h("caption", { class: "unseen" }, title), h("thead", {}, h("tr", {}, heads.map((words) => h("th", { scope: "col" }, words)))), h("tbody", {}, lines))));
}

// The list of uploaded datasets, newest first.
import { choose, h } from "/static/lib/dom.js";
import { count, t } from "/static/lib/form-i18n.js";
import { listDatasets } from "/static/lib/api.js";
import { moment } from "/static/lib/format.js";
import { act, showProblem } from "/static/components/error-banner.js";
import { datasetLink } from "/static/views/datasets/url.js";

/**
 * @param {HTMLElement} host
 * @returns {Page.View}
 */
export function datasetsView(host) {
  document.title = `${t("datasets")} · Descent`;
  const heading = h("h1", { tabindex: "-1" }, t("datasets"));
  const body = h("tbody");
  const heads = ["name", "rows", "features", "target", "created"].map((key) => h("th", { scope: "col" }, t(/** @type {Page.Key} */ (`dataset.${key}`))));
  const table = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("datasets"), hidden: true },
    h("table", { class: "grid" }, h("caption", { class: "unseen" }, t("datasets")), h("thead", {}, h("tr", {}, heads)), body));
  const none = h("p", { class: "note", role: "status" });
  const more = h("button", { type: "button", hidden: true, click: () => act(more, read) }, t("moreDatasets"));
  const abort = new AbortController();
  /** @type {string | null} */
  let next = null;
  choose(host, h("p", { class: "back" }, h("a", { href: "#/" }, "← ", t("allRuns"))),
    h("div", { class: "top" }, heading, h("p", { class: "actions" }, h("a", { class: "button primary", href: "#/new" }, t("newRun")))),
    h("p", { class: "note" }, t("datasetsIntro")), table, none, h("p", { class: "after" }, more));

  async function read() {
    const page = await listDatasets(next, abort.signal);
    next = page.has_more ? page.next : null;
    body.append(...page.data.map(row));
    more.hidden = !next;
    table.hidden = !body.hasChildNodes();
    none.textContent = table.hidden ? t("noDataset") : "";
  }

  read().catch((error) => {
    if (!abort.signal.aborted) showProblem("action", error);
  });
  return { heading, stop: () => abort.abort() };
}

/** @param {Api.Dataset} dataset */
function row({ id, name, rows, features, target, created_at: created, error }) {
  const cells = error ? [error.message] : [count(rows), features.join(", "), target];
  return h("tr", {}, h("th", { scope: "row" }, h("a", { href: datasetLink(id) }, name || id.slice(0, 12))),
    cells.map((cell) => h("td", error ? { colspan: 3 } : {}, cell)), h("td", {}, h("time", { datetime: created }, moment(created))));
}

// The drawn curves as a table, to read and copy numbers, and for readers who cannot see the chart.
import { choose, h } from "/static/lib/dom.js";
import { count, t, word } from "/static/lib/i18n.js";
import { exact } from "/static/lib/format.js";

/**
 * `update(columns)` builds rows only while the table is open; `label(name)` is a column's header.
 * @param {(name: string) => string} label
 */
export function curveTable(label = (name) => word(name, name)) {
  const host = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("asTable") });
  const element = h("details", { class: "as-table", toggle: () => draw() }, h("summary", {}, t("asTable")), host);
  /** @type {Page.Plotted | null} */
  let columns = null;

  /** @param {Page.Plotted} news */
  function update(news) {
    columns = news;
    draw();
  }

  function draw() {
    if (!element.open || !columns) return;
    const { step: steps, ...others } = columns;
    const names = Object.keys(others);
    const head = h("tr", {}, [t("step"), ...names.map((name) => label(name))].map((words) => h("th", { scope: "col" }, words)));
    /** @param {number} step @param {number} i */
    const row = (step, i) => h("tr", {}, h("th", { scope: "row" }, count(step)), names.map((name) => h("td", {}, exact(others[name][i]))));
    choose(host, h("table", { class: "grid numbers" }, h("caption", { class: "unseen" }, t("asTable")), h("thead", {}, head), h("tbody", {}, steps.map(row))));
  }
  return { element, update };
}

// The drawn curves as a table: for those who would rather read or copy numbers, and for those who cannot see the chart.
import { choose, h } from "/static/lib/dom.js";
import { count, t } from "/static/lib/i18n.js";
import { exact } from "/static/lib/format.js";

/** `update(columns)` is cheap while the table is closed; `label(name)` heads a column. */
export function curveTable(label = t) {
  const host = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("asTable") });
  const element = h("details", { class: "as-table", toggle: () => draw() }, h("summary", {}, t("asTable")), host);
  let columns = null;

  function update(news) {
    columns = news;
    draw();
  }

  function draw() {
    if (!element.open || !columns) return;
    const names = Object.keys(columns).filter((name) => name !== "step");
    const head = h("tr", {}, [t("step"), ...names.map((name) => label(name))].map((words) => h("th", { scope: "col" }, words)));
    const row = (step, i) => h("tr", {}, h("th", { scope: "row" }, count(step)), names.map((name) => h("td", {}, exact(columns[name][i]))));
    choose(host, h("table", { class: "grid numbers" }, h("caption", { class: "unseen" }, t("asTable")), h("thead", {}, head), h("tbody", {}, columns.step.map(row))));
  }
  return { element, update };
}

// The columns of a dataset with their facts: a box for each feature, and the choice of the target.
import { h } from "/static/lib/dom.js";
import { count, t } from "/static/lib/form-i18n.js";
import { NOTHING, rounded } from "/static/lib/format.js";
import { featuresOf, isOf, stated, toggled, withTarget } from "/static/components/request-form/column-selection.js";

const MOST_TEXTS = 6;

/**
 * `others` are columns of the file that the dataset lacks; `onOther` takes one that is chosen as the target.
 * @param {Page.Selectable} dataset
 * @param {Page.Kept} kept
 * @param {() => void} onChange
 * @param {readonly string[]} [others]
 * @param {((target: string) => void) | null} [onOther]
 */
export function columnTable(dataset, kept, onChange, others = [], onOther = null) {
  const { columns } = dataset;
  const selected = kept.selected ?? {};
  kept.selected = selected;
  /** @returns {Page.Selection} */
  const selection = () => ({ features: dataset.features, target: dataset.target, ...selected[dataset.key] });
  /** The number of the target's classes; null for numbers. */
  const classes = () => columns.find(({ name }) => name === selection().target)?.categories?.length ?? null;
  const select = h("select", { change: () => aim(select.value) }, [...columns.map(({ name }) => name), ...(onOther ? others : [])].map((name) => h("option", { value: name }, name)));
  const boxes = columns.map((column) => h("input", { type: "checkbox", "aria-label": t("asFeature", { name: column.name }), change: () => take(toggled(selection(), column)) }));
  const heads = ["feature", "columnName", "kind", "values", "mean", "missing"].map((key) => h("th", { scope: "col" }, t(/** @type {Page.Key} */ (key))));
  const rows = columns.map((column, i) => h("tr", {}, h("td", {}, boxes[i]), h("th", { scope: "row" }, column.name),
    h("td", {}, t(/** @type {Page.Key} */ (`kind.${column.kind}`))), h("td", {}, valuesOf(column)), h("td", {}, rounded(column.mean)), h("td", {}, count(column.missing))));
  const element = h("div", {}, h("label", {}, t("target"), " ", select),
    h("div", { class: "scroll columns", tabindex: "0", role: "region", "aria-label": t("columns") },
      h("table", { class: "grid" }, h("caption", { class: "unseen" }, t("columns")), h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows))));
  show();

  /** @param {string} target */
  function aim(target) {
    if (columns.some(({ name }) => name === target)) take(withTarget(selection(), columns, target));
    else onOther?.(target);
  }

  /** @param {Page.Selection} news */
  function take(news) {
    selected[dataset.key] = news;
    show();
    onChange();
  }

  function show() {
    const { features, target } = selection();
    select.value = target;
    boxes.forEach((box, i) => {
      box.checked = features.some((feature) => isOf(feature, columns[i]));
      box.disabled = columns[i].name === target || (!box.checked && !featuresOf(columns[i]).length);
    });
  }

  return { element, stated: () => stated(selection(), dataset), features: () => selection().features, classes };
}

/**
 * The content of a column: its range, or its texts with the number of their rows.
 * @param {Api.Column} column
 */
export function valuesOf({ kind, categories, counts, min, max }) {
  if (!categories) return min === null ? NOTHING : `${rounded(min)} … ${rounded(max)}`;
  const texts = categories.slice(0, MOST_TEXTS).map((text, i) => (counts ? `${text} (${count(counts[i])})` : text)).join(", ");
  const listed = categories.length > MOST_TEXTS ? `${texts}, …` : texts;
  return kind === "label" ? t("listed", { words: t("labels", { n: categories.length }), texts: listed }) : listed;
}

/**
 * What the reader of a file did or left out.
 * @param {readonly Api.ReportEntry[]} report
 */
export function reportList(report) {
  return report.length ? h("div", { class: "report" }, h("p", {}, t("report")), h("ul", {}, report.map(({ message }) => h("li", {}, message)))) : null;
}

// The choice of a dataset: a sample, an uploaded file or pasted CSV, or drawn points.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { exact, rounded } from "/static/lib/format.js";
import { errorsOf } from "/static/lib/api-error.js";
import { listSamples, readRows, uploadCsv } from "/static/lib/api.js";
import { showProblem } from "/static/components/error-banner.js";
import { drawing } from "/static/components/request-form/point-editor.js";

/** @type {Page.Source[]} */
const SOURCES = ["sample", "file", "drawn"];
const PREVIEW_ROWS = 5;

/**
 * `kept` holds the choice: `source`, `sample`, `uploaded` (a dataset), `points`.
 * @param {Page.Kept} kept
 * @param {() => void} onChange
 */
export function dataChooser(kept, onChange) {
  const chosen = Object.assign(kept, { source: kept.source ?? "sample", points: kept.points ?? [] });
  kept.sample ??= "norris";
  const body = h("div", { class: "data-body" });
  /** @param {Page.Source} source */
  const radio = (source) => h("label", {}, h("input", { type: "radio", name: "source", value: source, checked: source === chosen.source, change: () => turnTo(source) }), ` ${t(`source.${source}`)}`);
  const element = h("section", { class: "data" }, h("h2", {}, t("theData")), h("div", { class: "sources", role: "radiogroup", "aria-label": t("theData") }, SOURCES.map(radio)), body);
  const bodies = { sample: sampleBody(kept, onChange), file: fileBody(kept, onChange), drawn: drawing(chosen.points, onChange) };
  choose(body, bodies[chosen.source].element);

  /** @param {Page.Source} source */
  function turnTo(source) {
    chosen.source = source;
    choose(body, bodies[source].element);
    onChange();
  }

  /** @type {{[source in Page.Source]: () => Api.FitRequest["dataset"] | null}} */
  const values = {
    sample: () => ({ sample: kept.sample ?? "" }),
    file: () => (kept.uploaded ? { id: kept.uploaded.id } : null),
    drawn: () => (chosen.points.length > 1 ? { x: chosen.points.map(([x]) => [x]), y: chosen.points.map(([, y]) => y) } : null),
  };
  const features = () => (chosen.source === "drawn" ? ["x1"] : bodies[chosen.source].features());
  return { element, value: () => values[chosen.source](), features };
}

/**
 * @param {Page.Kept} kept
 * @param {() => void} onChange
 */
function sampleBody(kept, onChange) {
  const select = h("select", { "aria-label": t("source.sample"), change: () => { kept.sample = select.value; show(); onChange(); } });
  const about = h("p", { class: "note" });
  const element = h("div", {}, select, about);
  /** @type {Api.SampleOut[]} */
  let samples = [];
  const chosen = () => samples.find(({ name }) => name === kept.sample);

  function show() {
    choose(select, samples.map(({ name, title }) => h("option", { value: name, selected: name === kept.sample }, title)));
    about.textContent = chosen()?.description ?? "";
  }

  listSamples().then(({ data }) => {
    samples = data;
    show();
    onChange();
  }, (error) => showProblem("action", error));
  return { element, features: () => chosen()?.features ?? [] };
}

/**
 * @param {Page.Kept} kept
 * @param {() => void} onChange
 */
function fileBody(kept, onChange) {
  const file = h("input", { type: "file", accept: ".csv,.tsv,.txt,.gz,.xlsx,text/csv", "aria-label": t("chooseFile"), change: () => takeFile(file.files) });
  const paste = h("textarea", { rows: 5, "aria-label": t("pasteRows"), placeholder: "age;height\n1;2,1\n2;3,9\n3;6,2" });
  const use = h("button", { type: "button", click: () => take(paste.value, "pasted") }, t("useRows"));
  const errors = h("div", { class: "field-errors", role: "alert" });
  const preview = h("div", { class: "preview" });
  const element = h("div", { class: "drop", dragover: (event) => event.preventDefault(), drop }, h("p", {}, t("dropHere"), " ", file), paste, h("p", {}, use), errors, preview);
  /** @type {((target: string) => void) | null} */
  let turnTo = null; // uploads the same text again with another target
  if (kept.uploaded) show(kept.uploaded).catch((error) => showProblem("action", error));

  /** @param {DragEvent} event */
  function drop(event) {
    event.preventDefault();
    takeFile(event.dataTransfer?.files);
  }

  /** @param {FileList | null | undefined} files */
  function takeFile(files) {
    if (files?.[0]) take(files[0], files[0].name);
  }

  /** @param {string | File} content @param {string} name @param {string} [target] */
  async function take(content, name, target) {
    /** @param {string} other */
    const mine = (other) => take(content, name, other);
    turnTo = mine;
    choose(errors);
    try {
      const dataset = await uploadCsv(content, { name, ...(target ? { target } : {}) });
      if (turnTo !== mine) return; // a newer upload replaces this one
      kept.uploaded = dataset;
      await show(dataset);
    } catch (error) {
      if (turnTo !== mine) return;
      kept.uploaded = null;
      choose(preview);
      const found = errorsOf(error);
      if (!found.length) showProblem("action", error);
      else choose(errors, found.map(({ row, column, message, hint }) => h("p", {}, [row && t("row", { n: row }), column, message, hint].filter(Boolean).join(" · "))));
    }
    onChange();
  }

  /** @param {Api.Dataset} dataset */
  async function show(dataset) {
    const { id, rows, features, target, columns, ignored = [] } = dataset;
    const first = await readRows(id, PREVIEW_ROWS - 1);
    const select = h("select", { change: () => turnTo?.(select.value), disabled: turnTo === null },
      [...features, target, ...ignored].map((name) => h("option", { value: name, selected: name === target }, name)));
    const names = [...features, target];
    const cells = first.x.map((row, i) => [...row, first.y[i]]);
    choose(preview,
      h("p", {}, t("rows", { n: rows }), ignored.length ? ` · ${t("ignored", { names: ignored.join(", ") })}` : ""),
      h("label", {}, t("target"), " ", select),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("preview") }, h("table", { class: "grid numbers" }, h("caption", { class: "unseen" }, t("preview")),
        h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, cells.map((row) => h("tr", {}, row.map((cell) => h("td", {}, typeof cell === "number" ? exact(cell) : cell))))),
        h("tfoot", {}, h("tr", {}, columns.map((column) => h("td", {}, type(column, dataset))))))));
  }

  return { element, features: () => kept.uploaded?.features ?? [] };
}

/**
 * A column's content in words: the class labels, or the least and the greatest number.
 * @param {Api.ColumnSummary} column
 * @param {Api.Dataset} dataset
 */
function type({ name, min, max }, { target, classes }) {
  return classes && name === target ? t("labels", { n: classes.length }) : `${rounded(min)} … ${rounded(max)}`;
}

// The choice of a dataset (a sample, an uploaded file or pasted CSV, or drawn points), or of a function without data.
import { choose, h } from "/static/lib/dom.js";
import { language, t } from "/static/lib/form-i18n.js";
import { exact } from "/static/lib/format.js";
import { errorsOf } from "/static/lib/api-error.js";
import { getDataset, listSamples, readRows, uploadCsv } from "/static/lib/api.js";
import { showProblem } from "/static/components/error-banner.js";
import { columnTable, reportList } from "/static/components/request-form/column-table.js";
import { fileReading, hintOnPage } from "/static/components/request-form/file-reading.js";
import { functionBody } from "/static/components/request-form/function-picker.js";
import { drawing } from "/static/components/request-form/point-editor.js";

/** @type {Page.Source[]} */
const SOURCES = ["sample", "file", "drawn", "function"];
const PREVIEW_ROWS = 5;

/**
 * `kept` holds the choice: `source`, `sample`, `uploaded` (a dataset), `selected` (features and target), `points`.
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
  const ofFunction = functionBody(kept, onChange);
  const bodies = { sample: sampleBody(kept, onChange), file: fileBody(kept, onChange), drawn: drawing(chosen.points, onChange), function: ofFunction };
  choose(body, bodies[chosen.source].element);

  /** @param {Page.Source} source */
  function turnTo(source) {
    chosen.source = source;
    choose(body, bodies[source].element);
    onChange();
  }

  /** @type {{[source in Page.Source]: () => Api.FitRequest["dataset"] | null}} */
  const values = {
    sample: () => ({ sample: kept.sample ?? "", ...bodies.sample.stated() }),
    file: () => (kept.uploaded ? { id: kept.uploaded.id, ...bodies.file.stated() } : null),
    drawn: () => (chosen.points.length > 1 ? { x: chosen.points.map(([x]) => [x]), y: chosen.points.map(([, y]) => y) } : null),
    function: () => null,
  };
  /** @type {{[source in Page.Source]: () => string[]}} */
  const names = { sample: bodies.sample.features, file: bodies.file.features, drawn: () => ["x1"], function: () => [] };
  /** The function without data, if one is chosen. */
  const chosenFunction = () => (chosen.source === "function" ? ofFunction.value() : null);
  /** The number of the target's classes; null for numbers, undefined while it is unknown. */
  const classes = () => (chosen.source === "drawn" ? null : chosen.source === "function" ? undefined : bodies[chosen.source].classes());
  return { element, value: () => values[chosen.source](), classes, features: () => names[chosen.source](), chosenFunction };
}

/**
 * @param {Page.Kept} kept
 * @param {() => void} onChange
 */
function sampleBody(kept, onChange) {
  const select = h("select", { "aria-label": t("source.sample"), change: () => { kept.sample = select.value; show(); onChange(); } });
  const about = h("p", { class: "note" });
  const place = h("div");
  const element = h("div", {}, select, about, place);
  /** @type {Api.SampleOut[]} */
  let samples = [];
  /** @type {ReturnType<typeof columnTable> | null} */
  let table = null;
  const chosen = () => samples.find(({ name }) => name === kept.sample);

  function show() {
    choose(select, samples.map(({ name, title }) => h("option", { value: name, selected: name === kept.sample }, title)));
    about.textContent = chosen()?.description ?? "";
    const sample = chosen();
    table = sample ? columnTable({ key: `sample ${sample.name}`, ...sample }, kept, onChange) : null;
    choose(place, table?.element);
  }

  listSamples().then(({ data }) => {
    samples = data;
    show();
    onChange();
  }, (error) => showProblem("action", error));
  return { element, features: () => table?.features() ?? [], classes: () => table?.classes(), stated: () => table?.stated() ?? {} };
}

/**
 * @param {Page.Kept} kept
 * @param {() => void} onChange
 */
function fileBody(kept, onChange) {
  const file = h("input", { type: "file", accept: ".csv,.tsv,.txt,.gz,.xlsx,.parquet,text/csv", "aria-label": t("chooseFile"), change: () => takeFile(file.files) });
  const paste = h("textarea", { rows: 5, "aria-label": t("pasteRows"), placeholder: t("rowsExample") });
  const use = h("button", { type: "button", click: () => take(paste.value, "pasted") }, t("useRows"));
  const reading = fileReading(kept, () => again());
  const errors = h("div", { class: "field-errors", role: "alert" });
  const preview = h("div", { class: "preview" });
  const element = h("div", { class: "drop", dragover: (event) => event.preventDefault(), drop }, h("p", {}, t("dropHere"), " ", file), paste, h("p", {}, use),
    reading.element, errors, preview);
  /** @type {((target: string) => void) | null} */
  let turnTo = null; // uploads the same text again, with a target that the dataset lacks
  let again = () => {}; // uploads it again, after another choice of how it is read
  /** @type {ReturnType<typeof columnTable> | null} */
  let table = null;
  if (kept.uploaded) showKept(kept.uploaded).catch((error) => showProblem("action", error));

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
    again = () => take(content, name, target);
    choose(errors);
    try {
      const dataset = await uploadCsv(content, { name, ...(target ? { target } : {}), ...reading.query() });
      if (turnTo !== mine) return; // a newer upload replaces this one
      Object.assign(kept, { uploaded: dataset, uploadedIn: language() });
      await show(dataset);
    } catch (error) {
      if (turnTo !== mine) return;
      kept.uploaded = null;
      table = null;
      choose(preview);
      const found = errorsOf(error);
      if (!found.length) showProblem("action", error);
      else choose(errors, found.map(({ row, column, message, hint }) => h("p", {}, [row && t("row", { n: row }), column, message, hintOnPage(hint)].filter(Boolean).join(" · "))));
    }
    onChange();
  }

  /** A dataset that was uploaded before; its report is read again after a change of the language. @param {Api.Dataset} dataset */
  async function showKept(dataset) {
    table = columnTable({ key: dataset.id, ...dataset }, kept, onChange);
    if (kept.uploadedIn !== language()) kept.uploaded = { ...await getDataset(dataset.id), ignored: dataset.ignored };
    kept.uploadedIn = language();
    await show(kept.uploaded ?? dataset);
    onChange();
  }

  /** @param {Api.Dataset} dataset */
  async function show(dataset) {
    const { id, rows, report, ignored = [] } = dataset;
    table = columnTable({ key: id, ...dataset }, kept, onChange, ignored, turnTo); // before the rows: the request needs it
    const shown = table;
    const first = await readRows(id, PREVIEW_ROWS - 1);
    if (table !== shown) return;
    choose(preview,
      h("p", {}, t("rows", { n: rows }), ignored.length ? ` · ${t("ignored", { names: ignored.join(", ") })}` : ""),
      reportList(report),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("preview") }, h("table", { class: "grid numbers" }, h("caption", { class: "unseen" }, t("preview")),
        h("thead", {}, h("tr", {}, first.columns.map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, first.rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, typeof cell === "number" ? exact(cell) : cell))))))),
      shown.element);
  }

  return { element, features: () => table?.features() ?? kept.uploaded?.features ?? [], classes: () => table?.classes(), stated: () => table?.stated() ?? {} };
}

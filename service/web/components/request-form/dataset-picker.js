// Where the data comes from: a sample, a file or pasted text, which the service reads, or points drawn with the mouse.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { exact, rounded } from "/static/lib/format.js";
import { listSamples, readRows, uploadCsv } from "/static/lib/api.js";
import { showProblem } from "/static/components/error-banner.js";
import { drawing } from "/static/components/request-form/point-editor.js";

const SOURCES = ["sample", "file", "drawn"];
const PREVIEW_ROWS = 5;

/** `kept` holds the choice: `source`, `sample`, `uploaded` (a dataset), `points`. */
export function dataChooser(kept, onChange) {
  kept.source ??= "sample";
  kept.sample ??= "norris";
  kept.points ??= [];
  const body = h("div", { class: "data-body" });
  const radio = (source) => h("label", {}, h("input", { type: "radio", name: "source", value: source, checked: source === kept.source, change: () => turnTo(source) }), ` ${t(`source.${source}`)}`);
  const element = h("section", { class: "data" }, h("h2", {}, t("theData")), h("div", { class: "sources", role: "radiogroup", "aria-label": t("theData") }, SOURCES.map(radio)), body);
  const bodies = { sample: sampleBody(kept, onChange), file: fileBody(kept, onChange), drawn: drawing(kept.points, onChange) };
  choose(body, bodies[kept.source].element);

  function turnTo(source) {
    kept.source = source;
    choose(body, bodies[source].element);
    onChange();
  }

  const values = {
    sample: () => ({ sample: kept.sample }),
    file: () => (kept.uploaded ? { id: kept.uploaded.id } : null),
    drawn: () => (kept.points.length > 1 ? { x: kept.points.map(([x]) => [x]), y: kept.points.map(([, y]) => y) } : null),
  };
  const features = () => (kept.source === "drawn" ? ["x1"] : bodies[kept.source].features());
  return { element, value: () => values[kept.source](), features };
}

function sampleBody(kept, onChange) {
  const select = h("select", { "aria-label": t("source.sample"), change: () => { kept.sample = select.value; show(); onChange(); } });
  const about = h("p", { class: "note" });
  const element = h("div", {}, select, about);
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

function fileBody(kept, onChange) {
  const file = h("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv", "aria-label": t("chooseFile"), change: () => file.files[0] && take(file.files[0], file.files[0].name) });
  const paste = h("textarea", { rows: 5, "aria-label": t("pasteRows"), placeholder: "age;height\n1;2,1\n2;3,9\n3;6,2" });
  const use = h("button", { type: "button", click: () => take(paste.value, "pasted") }, t("useRows"));
  const errors = h("div", { class: "field-errors", role: "alert" });
  const preview = h("div", { class: "preview" });
  const element = h("div", { class: "drop", dragover: (event) => event.preventDefault(), drop }, h("p", {}, t("dropHere"), " ", file), paste, h("p", {}, use), errors, preview);
  let given = null; // what was dropped or pasted, for another target
  if (kept.uploaded) show();

  function drop(event) {
    event.preventDefault();
    const [dropped] = event.dataTransfer.files;
    if (dropped) take(dropped, dropped.name);
  }

  async function take(content, name, target) {
    given = { content, name };
    choose(errors);
    try {
      kept.uploaded = await uploadCsv(content, { name, ...(target && { target }) });
      await show();
    } catch (error) {
      kept.uploaded = null;
      choose(preview);
      if (!error.errors?.length) showProblem("action", error);
      else choose(errors, error.errors.map(({ row, column, message, hint }) => h("p", {}, [row && t("row", { n: row }), column, message, hint].filter(Boolean).join(" · "))));
    }
    onChange();
  }

  async function show() {
    const { id, rows, features, target, columns, ignored = [] } = kept.uploaded;
    const first = await readRows(id, PREVIEW_ROWS - 1);
    const select = h("select", { change: () => take(given.content, given.name, select.value), disabled: given === null },
      [...features, target, ...ignored].map((name) => h("option", { value: name, selected: name === target }, name)));
    const names = [...features, target];
    const cells = first.x.map((row, i) => [...row, first.y[i]]);
    choose(preview,
      h("p", {}, t("rows", { n: rows }), ignored.length ? ` · ${t("ignored", { names: ignored.join(", ") })}` : ""),
      h("label", {}, t("target"), " ", select),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("preview") }, h("table", { class: "grid numbers" }, h("caption", { class: "unseen" }, t("preview")),
        h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, cells.map((row) => h("tr", {}, row.map((cell) => h("td", {}, typeof cell === "number" ? exact(cell) : cell))))),
        h("tfoot", {}, h("tr", {}, columns.map((column) => h("td", {}, type(column, kept.uploaded))))))));
  }

  return { element, features: () => kept.uploaded?.features ?? [] };
}

/** What a column holds: class labels, or numbers from its least to its greatest. */
function type({ name, min, max }, { target, classes }) {
  return classes && name === target ? t("labels", { n: classes.length }) : `${rounded(min)} … ${rounded(max)}`;
}


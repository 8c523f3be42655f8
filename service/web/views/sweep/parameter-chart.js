// The criterion over a varied number, with a line for each combination of the other values.
import { choose, h } from "/static/lib/dom.js";
import { language, t } from "/static/lib/i18n.js";
import { inRow, rounded } from "/static/lib/format.js";
import { chart } from "/static/components/chart.js";
import { scaling, suggestsLog } from "/static/lib/scale.js";
import { legendEntries } from "/static/components/legend.js";
import { criterionWords } from "/static/views/sweep/ranking-table.js";
import { variableWords } from "/static/views/sweep/parameters.js";

const MOST_LINES = 8; // the number of distinguishable colours

/**
 * `kept.across` is the chosen pointer. Hovering over a run calls `onRun(id)`.
 * @param {Page.Kept} kept
 * @param {(id: string | undefined) => void} onRun
 */
export function valueChart(kept, onRun) {
  const figure = h("div", { class: "plot", role: "img" });
  const legend = h("div", { class: "legend" });
  const note = h("p", { class: "note", hidden: true });
  const title = h("h2");
  const across = h("select", { change: turn });
  const chooser = h("label", { class: "pick", hidden: true }, h("span", {}, t("across")), across);
  const element = h("section", { class: "criteria", hidden: true }, h("div", { class: "criteria-top" }, title, chooser), legend, figure, note);
  /** @type {Api.Sweep | null} */
  let latest = null;
  /** @type {ReturnType<typeof chart> | null} */
  let drawing = null;
  let drawn = "";

  function turn() {
    kept.across = across.value;
    if (latest) draw(latest);
  }

  /** @param {Api.Sweep} sweep */
  function update(sweep) {
    latest = sweep;
    const numeric = sweep.varied.filter((pointer) => sweep.ranking.every((member) => typeof member.values[pointer] === "number"));
    element.hidden = numeric.length === 0 || !sweep.ranking.some((member) => member.value !== null);
    if (element.hidden) return;
    if (across.children.length !== numeric.length) {
      choose(across, numeric.map((pointer) => h("option", { value: pointer }, variableWords(pointer))));
      chooser.hidden = numeric.length < 2;
    }
    across.value = numeric.find((pointer) => pointer === kept.across) ?? numeric[0];
    draw(sweep);
  }

  /** @param {Api.Sweep} sweep */
  function draw(sweep) {
    const pointer = across.value;
    const shown = sweep.ranking.filter((member) => member.value !== null && member.status !== "diverged");
    const news = JSON.stringify([pointer, shown.map(({ run_id, value }) => [run_id, value])]);
    if (news === drawn) return;
    drawn = news;
    const rest = sweep.varied.filter((other) => other !== pointer);
    const groups = Map.groupBy(shown, (member) => inRow(rest.map((other) => `${variableWords(other)} ${told(member.values[other])}`)));
    const names = [...groups.keys()].sort(new Intl.Collator(language(), { numeric: true }).compare).slice(0, MOST_LINES);
    const values = [...new Set(sweep.ranking.map((member) => Number(member.values[pointer])))].sort((a, b) => a - b);
    const axis = scaling(values, suggestsLog(values));
    /** @type {Page.Plotted} */
    const columns = { step: values.flatMap((value) => axis.plot(value) ?? []) };
    names.forEach((name, i) => {
      const found = new Map(groups.get(name)?.map((member) => [member.values[pointer], member.value]));
      columns[i] = values.map((value) => found.get(value) ?? null);
    });
    const series = names.map((name, i) => ({ name: String(i), words: name, colour: `--curve-${i}`, dash: i % 2 ? [7, 4] : [], spanGaps: true }));
    drawing?.stop();
    choose(figure);
    drawing = chart(figure, series, (plotted) => onRun(nearestRun(shown, pointer, axis, plotted)), axis);
    drawing.draw({ columns }, series.map(({ name }) => name), suggestsLog(shown.map((member) => member.value)), []);
    choose(legend, names.length > 1 ? legendEntries(series) : null);
    const words = t("criterionOver", { criterion: criterionWords(sweep), variable: variableWords(pointer) });
    title.textContent = words;
    figure.setAttribute("aria-label", words);
    const [left, all] = [sweep.ranking.length - shown.length, groups.size];
    note.textContent = [left ? t("notDrawn", { n: left }) : "", all > MOST_LINES ? t("linesDrawn", { n: MOST_LINES, all }) : ""].join(" ").trim();
    note.hidden = !note.textContent;
  }
  return { element, update, stop: () => drawing?.stop() };
}

/** @param {unknown} value */
const told = (value) => (typeof value === "number" ? rounded(value) : JSON.stringify(value));

/**
 * The best run among those with the hovered value.
 * @param {Api.Member[]} members
 * @param {string} pointer
 * @param {Page.Scale} axis
 * @param {number} plotted
 */
const nearestRun = (members, pointer, axis, plotted) => members.find((member) => axis.plot(member.values[pointer]) === plotted)?.run_id;

// The curves of a sweep's best runs on one chart.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getTrajectory } from "/static/lib/api.js";
import { chart } from "/static/components/chart.js";
import { inRow, rounded } from "/static/lib/format.js";
import { suggestsLog } from "/static/lib/scale.js";
import { legendEntries } from "/static/components/legend.js";
import { bestOf, criterionWords } from "/static/views/sweep/ranking-table.js";
import { variableWords } from "/static/views/sweep/parameters.js";

const MOST_LINES = 8; // the number of distinguishable colours
const MAX_POINTS = 300;

export function bestCurves() {
  const figure = h("div", { class: "plot", role: "img" });
  const legend = h("div", { class: "legend" });
  const title = h("h2");
  const element = h("section", { class: "criteria", hidden: true }, title, legend, figure);
  /** @type {ReturnType<typeof chart> | null} */
  let drawing = null;

  /**
   * @param {Api.Sweep} sweep
   * @param {AbortSignal} signal
   */
  async function load(sweep, signal) {
    const best = bestOf(sweep).slice(0, MOST_LINES);
    if (best.length === 0) return;
    const name = sweep.rank_by.replace(/^best_/, "");
    const found = await Promise.all(best.map(({ run_id }) => getTrajectory(run_id, { max_points: MAX_POINTS, fields: ["step", name] }, signal)));
    const series = best.map((member, i) => ({ name: String(i), words: words(member), colour: `--curve-${i}`, dash: i % 2 ? [7, 4] : [], spanGaps: true }));
    const columns = joined(found, name);
    element.hidden = false;
    title.textContent = t("bestCurves", { n: best.length, criterion: criterionWords(sweep, name) });
    figure.setAttribute("aria-label", title.textContent);
    choose(legend, legendEntries(series));
    drawing = chart(figure, series, () => {});
    drawing.draw({ columns }, series.map((line) => line.name), suggestsLog(found.flatMap((each) => each[name])), []);
  }
  return { element, load, stop: () => drawing?.stop() };
}

/**
 * The union of the trajectories' sampled steps, with gaps where a trajectory lacks a step.
 * @param {Api.Trajectory[]} trajectories
 * @param {string} name
 * @returns {Page.Plotted}
 */
function joined(trajectories, name) {
  const step = [...new Set(trajectories.flatMap((each) => each.step))].sort((a, b) => a - b);
  const columns = trajectories.map((each) => {
    const known = new Map(each.step.map((number, i) => [number, each[name][i]]));
    return step.map((number) => known.get(number) ?? null);
  });
  return { step, ...Object.fromEntries(columns.entries()) };
}

/** @param {Api.Member} member */
const words = ({ values }) =>
  inRow(Object.entries(values).map(([pointer, value]) => `${variableWords(pointer)} ${typeof value === "number" ? rounded(value) : JSON.stringify(value)}`));

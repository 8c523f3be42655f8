// The two criteria: the chart, what it shows (legend, scale), its words, and the slider that moves along it.
import { h, say } from "/static/lib/dom.js";
import { count, t } from "/static/lib/i18n.js";
import { rounded } from "/static/lib/format.js";
import { chart } from "/static/components/chart.js";
import { curveTable } from "/static/components/data-table.js";
import { curveWords } from "/static/components/chart-description.js";
import { scaleChoice } from "/static/components/scale-toggle.js";
import { CRITERIA, CURVES } from "/static/views/run/trajectory.js";
import { suggestsLog } from "/static/lib/scale.js";
import { isLive } from "/static/components/status-badge.js";
import { player } from "/static/components/playback-controls.js";
import { stepper } from "/static/components/step-slider.js";

/**
 * `kept` holds the reader's choices: `log` (undefined: not chosen yet), `loss`, `step` (undefined: the last one).
 * `tool` stands beside the slider, for what is done at the chosen step.
 */
export function chartPanel(kept, onStep, tool) {
  const figure = h("div", { class: "plot", role: "img", "aria-label": t("chartWaiting") });
  const note = h("p", { class: "note" });
  const star = legendEntry("best", "");
  const best = h("button", { type: "button", class: "to-best", title: t("goToBest"), click: () => slider.choose(latest.run.best.step) }, star);
  const loss = h("input", { type: "checkbox", change: () => { kept.loss = loss.checked; redraw(); } });
  loss.checked = Boolean(kept.loss);
  const scale = scaleChoice((log) => { kept.log = log; redraw(); });
  const legend = h("div", { class: "legend" },
    legendEntry("train_mse", t("train_mse")), legendEntry("test_mse", t("test_mse")),
    h("label", { class: "toggle" }, loss, legendEntry("train_loss", t("showLoss"))), best);
  const slider = stepper((step) => { kept.step = step; onStep(step); });
  const playing = player(slider.at, slider.last, slider.choose);
  slider.row.prepend(playing.element, tool);
  const empty = h("p", { class: "nothing", hidden: true });
  const table = curveTable();
  const element = h("section", { class: "criteria", "aria-labelledby": "criteria" },
    h("div", { class: "criteria-top" }, h("h2", { id: "criteria" }, t("chart")), scale.element), legend, figure, empty, slider.element, note, table.element,
    h("p", { class: "explain" }, t("criteria")));
  const needData = [figure, legend, scale.element, slider.element, table.element];
  for (const part of needData) part.hidden = true;
  let drawing = null; // uPlot needs an element with a size, hence not before the first draw
  let latest = null;

  const visible = () => CURVES.filter((name) => name !== "train_loss" || loss.checked);

  function update(run, curve) {
    latest = { run, curve };
    const rows = curve.columns.step.length;
    for (const part of needData) part.hidden = rows === 0;
    empty.hidden = rows > 0;
    say(empty, isLive(run) ? t("chartWaiting") : t("chartNothing"));
    say(note, notes(run, curve));
    slider.grow(Math.max(0, curve.last));
    table.update(curve.columns);
    if (rows > 0) redraw();
  }

  function redraw() {
    const { run, curve } = latest;
    const mark = Number.isFinite(run.best?.test_mse) ? run.best : null;
    const log = kept.log ?? suggestsLog(visible().flatMap((name) => curve.columns[name]));
    drawing ??= chart(figure, CRITERIA, slider.choose);
    drawing.draw(curve, visible(), log, mark ? [{ step: mark.step, value: mark.test_mse, colour: "--chart-test_mse" }] : []);
    scale.show(log);
    best.hidden = !mark;
    if (mark) say(star.lastElementChild, `${t("bestMark")} (${t("atStep", { n: mark.step }).toLowerCase()})`);
    figure.setAttribute("aria-label", visible().map((name) => curveWords(t(name), curve.columns.step, curve.columns[name])).join(" "));
  }

  function select(step, row) {
    slider.show(step, row ? t("stepValues", { n: step, train: rounded(row.train_mse), test: rounded(row.test_mse) }) : undefined);
    drawing?.select(step, row, visible());
  }
  const stop = () => {
    playing.pause();
    drawing?.stop();
  };
  return { element, update, select, choose: slider.choose, stop };
}

const legendEntry = (name, words) => h("span", { class: `entry ${name}` }, h("i", { class: "sample", "aria-hidden": "true" }), h("span", {}, words));

function notes(run, curve) {
  const { step } = curve.columns;
  if (step.length === 0) return "";
  const sampled = curve.sampled ? t("sampled", { n: step.length, all: count(curve.last + 1) }) : "";
  const noTest = !isLive(run) && !curve.has("test_mse") ? t("noTest") : "";
  return [noTest, sampled].filter(Boolean).join(" ");
}

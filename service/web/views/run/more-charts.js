// What else goes on over the steps: θ, the gradient's norm and the learning rate. Read when it is opened.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getTrajectory } from "/static/lib/api.js";
import { chart } from "/static/components/chart.js";
import { showProblem } from "/static/components/error-banner.js";
import { suggestsLog } from "/static/lib/scale.js";
import { sayMore } from "/static/components/step-values.js";
import { legendEntries } from "/static/components/legend.js";

const KINDS = ["theta", "gradient_norm", "learning_rate"];
const MAX_POINTS = 1000;
const MOST_LINES = 8; // as many as there are colours that can be told apart
const PAUSE_MS = 2000; // between two looks at a live run

/** `kept` holds what the reader has chosen: `more`, one of KINDS, and `moreOpen`. `onStep(step)` is the chart's. */
export function moreCurves(id, kept, onStep) {
  kept.more ??= KINDS[0];
  const figure = h("div", { class: "plot low", role: "img" });
  const legend = h("div", { class: "legend" });
  const note = h("p", { class: "note", hidden: true });
  const buttons = KINDS.map((kind) => h("button", { type: "button", click: () => turnTo(kind) }, t(`more.${kind}`)));
  const element = h("details", { class: "more-curves", open: Boolean(kept.moreOpen), toggle: opened }, h("summary", {}, t("moreCurves")),
    h("div", { class: "scale", role: "group", "aria-label": t("moreCurves") }, buttons), legend, figure, note);
  let [drawing, columns, names, shown, last, readAt, chosen, asked] = [null, null, [], [], -1, 0, null, new AbortController()];

  function opened() {
    kept.moreOpen = element.open;
    if (!element.open) return;
    if (chosen) select(...chosen); // which may have changed while it was closed
    read();
  }

  function turnTo(kind) {
    kept.more = kind;
    read();
  }

  /** To be told how far the run is. */
  function update(step) {
    const news = step !== last;
    last = step;
    if (element.open && news && performance.now() - readAt > PAUSE_MS) read();
  }

  async function read() {
    readAt = performance.now();
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    for (const [i, button] of buttons.entries()) button.setAttribute("aria-pressed", String(KINDS[i] === kept.more));
    try {
      const answer = await getTrajectory(id, { max_points: MAX_POINTS, fields: ["step", kept.more] }, signal);
      if (answer.step.length > 0 && !signal.aborted) draw(answer);
    } catch (error) {
      if (!signal.aborted) showProblem("action", error);
    }
  }

  function draw(answer) {
    names = kept.more === "theta" ? answer.parameters : [kept.more];
    shown = names.slice(0, MOST_LINES);
    columns = { step: answer.step };
    for (const [i, name] of shown.entries()) columns[name] = kept.more === "theta" ? answer.theta.map((theta) => theta[i]) : answer[name];
    const series = shown.map((name, i) => ({ name, colour: `--curve-${i}`, dash: i % 2 ? [7, 4] : [] }));
    drawing?.stop();
    choose(figure);
    drawing = chart(figure, series, onStep);
    drawing.draw({ columns }, shown, kept.more !== "theta" && suggestsLog(columns[shown[0]]), []);
    choose(legend, legendEntries(series));
    note.hidden = true;
    if (names.length > MOST_LINES) sayMore(note, names.length, MOST_LINES);
    figure.setAttribute("aria-label", `${t(`more.${kept.more}`)}: ${shown.join(", ")}`);
    if (chosen) select(...chosen);
  }

  function select(step, row) {
    chosen = [step, row];
    if (!element.open || !drawing) return;
    const values = row && Object.fromEntries(shown.map((name, i) => [name, kept.more === "theta" ? row.theta[i] : row[name]]));
    drawing.select(step, values, shown);
  }

  function stop() {
    asked.abort();
    drawing?.stop();
  }

  if (element.open) read();
  return { element, update, select, stop };
}

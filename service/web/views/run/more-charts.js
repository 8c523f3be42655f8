// Further curves over the steps: θ, the gradient norm and the learning rate. Opening the panel reads them.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getTrajectory } from "/static/lib/api.js";
import { chart } from "/static/components/chart.js";
import { showProblem } from "/static/components/error-banner.js";
import { isLive } from "/static/components/status-badge.js";
import { suggestsLog, suggestsSymmetric } from "/static/lib/scale.js";
import { sayMore } from "/static/components/step-values.js";
import { legendEntries } from "/static/components/legend.js";
import { signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

/** @typedef {"theta" | "gradient_norm" | "learning_rate"} Kind */
/** @type {Kind[]} */
const KINDS = ["theta", "gradient_norm", "learning_rate"];
const MAX_POINTS = 1000;
const MOST_LINES = 8; // the number of distinguishable colours
const PAUSE_MS = 2000; // between two requests for a live run

/**
 * `mine.kind` is the reader's choice.
 * @param {string} id
 * @param {Page.RunState} state
 * @param {{ kind?: Kind }} mine
 * @param {import("/static/vendor/preact-signals-core-1.14.5/signals-core.js").ReadonlySignal<boolean>} isOpen
 */
export function moreCurves(id, state, mine, isOpen) {
  const chosen = () => mine.kind ?? KINDS[0];
  const figure = h("div", { class: "plot low", role: "img" });
  const legend = h("div", { class: "legend" });
  const note = h("p", { class: "note", hidden: true });
  const buttons = KINDS.map((kind) => h("button", { type: "button", click: () => turnTo(kind) }, t(`more.${kind}`)));
  const parts = [h("div", { class: "scale", role: "group", "aria-label": t("moreCurves") }, buttons), legend, figure, note];
  const drawn = signal(/** @type {{ drawing: ReturnType<typeof chart>, kind: Kind, shown: string[] } | null} */ (null));
  let [readAt, readTo, asked] = [0, -1, new AbortController()];

  /** @param {Kind} kind */
  function turnTo(kind) {
    mine.kind = kind;
    read();
  }

  async function read() {
    [readAt, readTo] = [performance.now(), state.last.peek()];
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    for (const [i, button] of buttons.entries()) button.setAttribute("aria-pressed", String(KINDS[i] === chosen()));
    try {
      const answer = await getTrajectory(id, { max_points: MAX_POINTS, fields: ["step", chosen()] }, signal);
      if (answer.step.length > 0 && !signal.aborted) draw(answer);
    } catch (error) {
      if (!signal.aborted) showProblem("action", error);
    }
  }

  /** @param {Api.Trajectory} answer */
  function draw(answer) {
    const kind = chosen();
    const names = kind === "theta" ? answer.parameters : [kind];
    const shown = names.slice(0, MOST_LINES);
    /** @type {Page.Plotted} */
    const columns = { step: answer.step };
    for (const [i, name] of shown.entries()) columns[name] = kind === "theta" ? answer.theta.map((theta) => theta[i]) : answer[name];
    const series = shown.map((name, i) => ({ name, colour: `--curve-${i}`, dash: i % 2 ? [7, 4] : [] }));
    drawn.peek()?.drawing.stop();
    choose(figure);
    const drawing = chart(figure, series, state.pass);
    drawing.draw({ columns }, shown, kind === "theta" ? suggestsSymmetric(shown.flatMap((name) => columns[name])) : suggestsLog(columns[shown[0]]), []);
    choose(legend, legendEntries(series));
    note.hidden = true;
    if (names.length > MOST_LINES) sayMore(note, names.length, MOST_LINES);
    figure.setAttribute("aria-label", `${t(`more.${kind}`)}: ${shown.join(", ")}`);
    drawn.value = { drawing, kind, shown };
  }

  state.effect(() => {
    if (!state.news.value) return;
    const due = state.last.value > readTo && (!isLive(state.news.value.run) || performance.now() - readAt > PAUSE_MS);
    if (due && isOpen.value) read();
  });
  state.effect(() => {
    if (!drawn.value) return;
    const { drawing, kind, shown } = drawn.value;
    const row = state.row.value;
    const values = row && Object.fromEntries(shown.map((name, i) => [name, kind === "theta" ? row.theta[i] : row[name]]));
    drawing.select(state.step.value, values, shown);
  });

  function stop() {
    asked.abort();
    drawn.peek()?.drawing.stop();
  }
  return { parts, stop };
}

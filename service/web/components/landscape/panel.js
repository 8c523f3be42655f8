// The landscape of a run, drawn as a map or as a hill in 3-D, with the ball at the chosen step.
import { choose, h, say } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getLandscape, part } from "/static/lib/api.js";
import { pictureLinks } from "/static/lib/download-link.js";
import { describe as describeProblem } from "/static/components/error-banner.js";
import { isLive } from "/static/components/status-badge.js";
import { choices } from "/static/components/landscape/controls.js";
import { descent, gradients } from "/static/components/landscape/gradient-arrow.js";
import { legend } from "/static/components/landscape/legend.js";
import { describe, named, whereabouts } from "/static/components/landscape/description.js";

const PAUSE_MS = 5000; // between two looks at a live run

/** `mine` holds what the reader has chosen: `hill` and the API's query. `onStep(step)` is the chart's. */
export function landscapePanel(id, mine, onStep) {
  const host = h("div", { class: "landscape-host" });
  const words = h("div", { class: "note", id: "landscape-words" });
  const links = h("p", { class: "downloads" });
  const which = choices(mine.query, () => read());
  const buttons = [["map", false], ["hill", true]].map(([name, hill]) => h("button", { type: "button", click: () => turnTo(hill) }, t(`landscape.${name}`)));
  const views = h("div", { class: "scale", role: "group", "aria-label": t("landscape.view") }, buttons);
  const key = legend();
  const noArrow = h("p", { class: "note no-arrow" });
  const parts = [h("div", { class: "criteria-top" }, which.element, views), key.element, host, noArrow, words, links];
  const arrows = gradients(id, (step, answer) => step === chosen?.[0] && point(answer));
  let [data, picture, run, last, readAt, readTo, chosen, asked] = [null, null, {}, -1, 0, -1, null, null];

  function turnTo(hill) {
    mine.hill = hill;
    if (data) draw();
  }

  /** To be told of the run, and how far it is. */
  function update(news, step) {
    [run, last] = [news, step];
    which.update(run, last);
    refresh();
  }

  function refresh() {
    const due = !isLive(run) || performance.now() - readAt > PAUSE_MS;
    if (last > readTo && due && !asked) read();
  }

  async function read() {
    [readAt, readTo] = [performance.now(), last];
    asked?.abort(); // something else is wanted now
    asked = new AbortController();
    const { signal } = asked;
    host.setAttribute("aria-busy", "true");
    try {
      const answer = await getLandscape(id, which.query(), signal);
      if (signal.aborted) return;
      data = named(answer);
      await draw();
    } catch (error) {
      if (!signal.aborted) choose(words, describeProblem(error));
    }
    if (signal.aborted) return;
    asked = null;
    host.removeAttribute("aria-busy");
    refresh(); // it may have come to its end meanwhile
  }

  async function draw() {
    const hill = Boolean(mine.hill) && data.y.label !== null;
    views.hidden = data.y.label === null;
    for (const [i, button] of buttons.entries()) button.setAttribute("aria-pressed", String(Boolean(i) === hill));
    picture?.stop();
    picture = null;
    const options = { paths: [{ ...data.path, best: bestStep() }], label: t("landscape.figure"), describedBy: words.id, onStep };
    const show = hill // each is loaded when it is wanted, three.js with the hill
      ? (await part(() => import("/static/components/landscape/surface-3d.js"))).hill : (await part(() => import("/static/components/landscape/landscape.js"))).landscape;
    if (hill !== Boolean(mine.hill)) return; // turned back meanwhile
    picture = show(host, data, options);
    choose(links, pictureLinks(id, "landscape", which.query(), t("landscape.picture")));
    key.update(data, options.paths[0], hill);
    say(words, [describe(data, picture.relief), hill ? t("landscape.height") : ""].join(" "));
    if (chosen) select(...chosen);
  }

  const bestStep = () => (data.path.step.at(-1) >= run.best?.step && Number.isFinite(run.best?.test_mse) ? run.best.step : null);

  /** θ on the plane: shape (2), or one number and E where there is one parameter. */
  function place({ theta, train_loss: energy }) {
    const { origin, axes } = data.plane;
    const along = axes.map((axis) => axis.reduce((sum, each, i) => sum + each * (theta[i] - origin[i]), 0));
    return along.length === 1 ? [along[0], energy] : along;
  }

  /** The arrow of the chosen step, or why there is none. */
  function point(answer) {
    const { towards, why } = descent(data, answer);
    picture?.arrow?.(towards);
    say(noArrow, why ? t(why) : "");
  }

  function select(step, row) {
    chosen = [step, row];
    say(noArrow, "");
    if (!picture) return;
    const at = row?.theta?.every(Number.isFinite) ? place(row) : null;
    picture.select(step, at, at ? whereabouts(data, step, at, row.train_loss) : undefined);
    if (data.y.label !== null && !mine.hill) arrows.want(step);
  }

  function stop() {
    asked?.abort();
    arrows.stop();
    picture?.stop();
  }
  return { parts, update, select, stop };
}

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
import { computed, signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

const PAUSE_MS = 5000; // between two looks at a live run

/** Of a run's state. `mine` holds what the reader has chosen: `hill` and the API's query. `isOpen` is a signal. */
export function landscapePanel(id, state, mine, isOpen) {
  const host = h("div", { class: "landscape-host" });
  const words = h("div", { class: "note", id: "landscape-words" });
  const links = h("p", { class: "downloads" });
  const which = choices(mine.query, () => read());
  const buttons = [["map", false], ["hill", true]].map(([name, hill]) => h("button", { type: "button", click: () => turnTo(hill) }, t(`landscape.${name}`)));
  const views = h("div", { class: "scale", role: "group", "aria-label": t("landscape.view") }, buttons);
  const key = legend();
  const noArrow = h("p", { class: "note no-arrow" });
  const parts = [h("div", { class: "criteria-top" }, which.element, views), key.element, host, noArrow, words, links];
  const arrows = gradients(id);
  const picture = signal(null); // {ground, hasArrow, select, relief, stop}: what is drawn, which may be older than `data`
  let [data, readAt, readTo, asked, left] = [null, 0, -1, null, false];

  function turnTo(hill) {
    mine.hill = hill;
    if (data) draw();
  }

  function refresh() {
    const due = !isLive(state.news.peek().run) || performance.now() - readAt > PAUSE_MS;
    if (state.last.peek() > readTo && due && !asked) read();
  }

  async function read() {
    [readAt, readTo] = [performance.now(), state.last.peek()];
    asked?.abort(); // something else is wanted now
    asked = new AbortController();
    const { signal: stopped } = asked;
    host.setAttribute("aria-busy", "true");
    try {
      const answer = await getLandscape(id, which.query(), stopped);
      if (stopped.aborted) return;
      data = named(answer);
      await draw();
    } catch (error) {
      if (!stopped.aborted) choose(words, describeProblem(error));
    }
    if (stopped.aborted) return;
    asked = null;
    host.removeAttribute("aria-busy");
    refresh(); // it may have come to its end meanwhile
  }

  const isHill = () => Boolean(mine.hill) && data.y.label !== null;

  async function draw() {
    const [ground, hill] = [data, isHill()];
    views.hidden = ground.y.label === null;
    for (const [i, button] of buttons.entries()) button.setAttribute("aria-pressed", String(Boolean(i) === hill));
    const show = hill // each is loaded when it is wanted, three.js with the hill
      ? (await part(() => import("/static/components/landscape/surface-3d.js"))).hill : (await part(() => import("/static/components/landscape/landscape.js"))).landscape;
    if (left || ground !== data || hill !== isHill()) return; // something else is wanted meanwhile
    picture.peek()?.stop();
    const options = { paths: [{ ...ground.path, best: bestStep(ground) }], label: t("landscape.figure"), describedBy: words.id, choose: state.choose, pass: state.pass };
    picture.value = { ...show(host, ground, options), ground, hasArrow: !hill && ground.y.label !== null };
    choose(links, pictureLinks(id, "landscape", which.query(), t("landscape.picture")));
    key.update(ground, options.paths[0], hill);
    say(words, [describe(ground, picture.peek().relief), hill ? t("landscape.height") : ""].join(" "));
  }

  function bestStep({ path }) {
    const { best } = state.news.peek().run;
    return path.step.at(-1) >= best?.step && Number.isFinite(best?.test_mse) ? best.step : null;
  }

  state.effect(() => {
    if (!isOpen.value || state.last.value < 0) return;
    which.update(state.news.value.run, state.last.value);
    refresh();
  });
  const hasArrow = computed(() => isOpen.value && Boolean(picture.value?.hasArrow));
  state.effect(() => {
    if (hasArrow.value) arrows.want(state.step.value);
  });
  const arrow = computed(() => {
    const answer = hasArrow.value ? arrows.at(state.step.value) : null;
    return answer ? descent(picture.value.ground, answer) : { towards: null, why: null };
  });
  state.effect(() => {
    if (!picture.value) return;
    const { ground, select } = picture.value;
    const [step, row] = [state.step.value, state.row.value];
    const at = row?.theta?.every(Number.isFinite) ? place(ground, row) : null;
    select(step, at, at ? whereabouts(ground, step, at, row.train_loss) : undefined, arrow.value.towards);
    say(noArrow, arrow.value.why ? t(arrow.value.why) : "");
  });

  function stop() {
    left = true;
    asked?.abort();
    arrows.stop();
    picture.peek()?.stop();
  }
  return { parts, stop };
}

/** θ on the plane: shape (2), or one number and E where there is one parameter. */
function place({ plane: { origin, axes } }, { theta, train_loss: energy }) {
  const along = axes.map((axis) => axis.reduce((sum, each, i) => sum + each * (theta[i] - origin[i]), 0));
  return along.length === 1 ? [along[0], energy] : along;
}

// The landscape that all of the compared runs go down, with the path of each.
import { h, say } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getLandscape } from "/static/lib/api.js";
import { showProblem } from "/static/components/error-banner.js";
import { landscape } from "/static/components/landscape/landscape.js";
import { legend } from "/static/components/landscape/legend.js";
import { describe, named } from "/static/components/landscape/description.js";
import { haveSameParameters } from "/static/views/compare/common-columns.js";
import { projected, readPath } from "/static/views/compare/paths.js";
import { runName } from "/static/views/compare/run-label.js";
import { signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

const FIRST_STEPS = 20; // of descents that all diverged

/** Is E the same function in all of them? Then there is one landscape. @param {Api.Run[]} runs @param {Page.Differences} found */
const haveSameE = (runs, { differ }) => !differ("/dataset", "/split", "/standardize", "/model", "/objective") && haveSameParameters(runs);

/** Whose landscape, and with whom: of those that diverged the ground is not worth seeing, so of one of them the first steps alone. @param {Page.Track[]} tracks @returns {[id: string, query: Api.Query]} */
function asked(tracks) {
  const [first, ...others] = tracks.filter(({ run }) => run.status !== "diverged");
  return first ? [first.id, others.length ? { beside: others.map(({ id }) => id) } : {}] : [tracks[0].id, { to_step: FIRST_STEPS }];
}

/** @param {Page.Track[]} tracks @param {Page.ComparisonState} state */
export function ground(tracks, state) {
  const host = h("div", { class: "landscape-host" });
  const words = h("p", { class: "note", id: "ground-words" });
  const key = legend();
  const names = h("p", { class: "legend" }, tracks.map(({ run, place }) => runName(run, place)));
  const element = h("section", { class: "ground", hidden: true }, h("h2", {}, t("compareGround")), names, key.element, host, words);
  const picture = signal(/** @type {Page.Picture | null} */ (null));
  let readAt = "";
  let reading = new AbortController();

  /** Reads it, and again when a run has come to its end. @param {Page.Differences} found */
  async function update(found) {
    const runs = tracks.map(({ run }) => run);
    const news = runs.map(({ status }) => status).join();
    if (news === readAt || !haveSameE(runs, found) || tracks.some(({ last }) => last < 0)) return;
    readAt = news;
    reading.abort();
    reading = new AbortController();
    const { signal: stopped } = reading;
    element.hidden = false;
    host.setAttribute("aria-busy", "true");
    if (!picture.peek()) say(words, t("compareGroundWaiting"));
    try {
      const paths = await Promise.all(tracks.map((track) => readPath(track, stopped)));
      const data = named(await getLandscape(...asked(tracks), stopped));
      if (!stopped.aborted) draw(data, paths.map((path, i) => projected(data, path, tracks[i])));
    } catch (error) {
      if (stopped.aborted) return;
      element.hidden = true;
      showProblem("action", error);
    }
    if (!stopped.aborted) host.removeAttribute("aria-busy");
  }

  /** @param {Page.Ground} data @param {Page.Path[]} paths */
  function draw(data, paths) {
    picture.peek()?.stop();
    const { choose, pass } = state;
    const drawn = landscape(host, data, { paths, label: t("landscape.figure"), describedBy: words.id, choose, pass });
    picture.value = drawn;
    key.update(data, paths.find(({ best }) => best !== null) ?? paths[0], true);
    const leaving = paths.filter(({ leaves }) => leaves).length;
    say(words, [
      describe(data, drawn.relief), leaving ? t("compareLeaving", { n: leaving }) : "",
    ].filter(Boolean).join(" "));
  }

  state.effect(() => {
    if (state.news.value) update(state.news.value.found);
  });
  state.effect(() => {
    picture.value?.select(state.step.value);
  });

  function stop() {
    reading.abort();
    picture.peek()?.stop();
  }
  return { element, stop };
}

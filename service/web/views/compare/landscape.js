// The shared landscape of the compared runs, with each run's path.
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

const FIRST_STEPS = 20; // shown if all runs diverged

/** True if E is the same function in all runs, which then share a landscape. @param {Api.Run[]} runs @param {Page.Differences} found */
const haveSameE = (runs, { differ }) => !differ("/dataset", "/split", "/standardize", "/model", "/objective", "/function") && haveSameParameters(runs);

/** The landscape request that covers the runs. Diverged runs are left out, as their range hides the minimum; if all diverged, the request covers the first steps of one. @param {Page.RunSeries[]} allSeries @returns {[id: string, query: Api.Query]} */
function asked(allSeries) {
  const [first, ...others] = allSeries.filter(({ run }) => run.status !== "diverged");
  return first ? [first.id, others.length ? { beside: others.map(({ id }) => id) } : {}] : [allSeries[0].id, { to_step: FIRST_STEPS }];
}

/** @param {Page.RunSeries[]} allSeries @param {Page.ComparisonState} state */
export function landscapePanel(allSeries, state) {
  const host = h("div", { class: "landscape-host" });
  const words = h("p", { class: "note", id: "ground-words" });
  const key = legend();
  const names = h("p", { class: "legend" }, allSeries.map(({ run, place }) => runName(run, place)));
  const element = h("section", { class: "ground", hidden: true }, h("h2", {}, t("compareLandscape")), names, key.element, host, words);
  const picture = signal(/** @type {Page.Picture | null} */ (null));
  let readAt = "";
  let reading = new AbortController();

  /** Reads the landscape, and reads it again when a run finishes. @param {Page.Differences} found */
  async function update(found) {
    const runs = allSeries.map(({ run }) => run);
    const news = runs.map(({ status }) => status).join();
    if (news === readAt || !haveSameE(runs, found) || allSeries.some(({ last }) => last < 0)) return;
    readAt = news;
    reading.abort();
    reading = new AbortController();
    const { signal: stopped } = reading;
    element.hidden = false;
    host.setAttribute("aria-busy", "true");
    if (!picture.peek()) say(words, t("compareLandscapeWaiting"));
    try {
      const paths = await Promise.all(allSeries.map((runSeries) => readPath(runSeries, stopped)));
      const data = named(await getLandscape(...asked(allSeries), stopped));
      if (!stopped.aborted) draw(data, paths.map((path, i) => projected(data, path, allSeries[i])));
    } catch (error) {
      if (stopped.aborted) return;
      element.hidden = true;
      showProblem("action", error);
    }
    if (!stopped.aborted) host.removeAttribute("aria-busy");
  }

  /** @param {Page.Surface} data @param {Page.Path[]} paths */
  function draw(data, paths) {
    picture.peek()?.stop();
    const { choose, pass } = state;
    const drawn = landscape(host, data, { paths, label: t("landscape.figure"), describedBy: words.id, choose, pass });
    picture.value = drawn;
    key.update(data, paths.find(({ best }) => best !== null) ?? paths[0], true);
    const leaving = paths.filter(({ leaves }) => leaves).length;
    say(words, [
      describe(data, drawn.heightMap), leaving ? t("compareLeaving", { n: leaving }) : "",
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

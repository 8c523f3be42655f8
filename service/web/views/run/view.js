// The view of one run: reads the run, follows it while live, and updates the state that all parts derive from.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getRun, part, trajectoryLink } from "/static/lib/api.js";
import { runLink } from "/static/components/sample-run-button.js";
import { fileLink, pictureLinks } from "/static/lib/download-link.js";
import { titleOf } from "/static/lib/run-title.js";
import { poll } from "/static/lib/poll.js";
import { pollOutcome, showProblem } from "/static/components/error-banner.js";
import { isLive } from "/static/components/status-badge.js";
import { Curve } from "/static/views/run/trajectory.js";
import { runState } from "/static/views/run/state.js";
import { arithmetic } from "/static/views/run/step-breakdown.js";
import { chartPanel } from "/static/components/chart-panel.js";
import { fitPanel } from "/static/views/run/fit/panel.js";
import { lazyPanel } from "/static/components/lazy-panel.js";
import { readout } from "/static/components/step-values.js";
import { runFacts } from "/static/views/run/request-summary.js";
import { placeWatch } from "/static/views/run/queue-place.js";
import { runHead } from "/static/views/run/header.js";
import { runResults } from "/static/views/run/results.js";

const JUDGED = ["succeeded", "diverged"];
const [JUDGEMENT_MS, LAST_JUDGEMENT_MS] = [1_000, 30_000];

/**
 * @param {HTMLElement} host
 * @param {Page.Kept} kept
 * @param {string} id
 * @returns {Page.View}
 */
export function runView(host, kept, id) {
  const curve = new Curve(id);
  const state = runState(id, kept, (error) => showProblem("action", error));
  const head = runHead(id, state);
  const sums = arithmetic(id, state, kept);
  const panel = chartPanel(state, kept, sums.button);
  const landscape = landscapeSection(id, state, kept);
  const fitted = fitPanel(id, state);
  const more = moreChartsSection(id, state, kept);
  const place = placeWatch(id, tell);
  const [facts, results] = [runFacts(), runResults(id)];
  let unfollow = () => {};
  const page = h("article", { class: "run", hidden: true }, head.element,
    h("div", { class: "bench" }, h("div", {}, panel.element, landscape.element, more.element), h("div", {}, fitted.element, readout(state), downloads(id))),
    sums.element,
    h("div", { class: "below" }, results.element, facts.element));
  choose(host, page);

  /** Merges changed fields into the run; the first call holds all fields. @param {Partial<Api.Run>} news */
  function tell(news) {
    const run = /** @type {Api.Run} */ ({ ...state.news.peek()?.run, ...news });
    page.hidden = false;
    document.title = `${titleOf(run)} · Descent`;
    facts.update(run);
    state.news.value = { run, curve };
    place.update(run);
  }

  /** @param {AbortSignal} signal */
  async function load(signal) {
    unfollow();
    const [found] = await Promise.all([getRun(id, signal), curve.load(signal)]);
    if (found.id !== id) { // an alias such as "latest" soon means another run
      location.replace(runLink(found.id));
      return null;
    }
    if (!isLive(found) && !curve.complete) await curve.load(signal); // the run finished between the two answers
    tell(found);
    await results.update(found, signal);
    if (isLive(found)) await followLive(found, signal);
    return awaitsJudgement(found) ? JUDGEMENT_MS : null;
  }

  /** Loads the reader of events, which a finished run does not need. @param {Api.Run} found @param {AbortSignal} signal */
  async function followLive(found, signal) {
    const { follow } = await part(() => import("/static/lib/event-stream.js"));
    if (!signal.aborted) unfollow = follow(id, curve.news(found), { status: tell, progress, finished: reload, outcome: pollOutcome });
  }

  /** @param {Api.Progress} news */
  function progress(news) {
    curve.add(news);
    tell({ steps_done: curve.last, best: news.best });
  }

  const reload = () => poller.now();
  const poller = poll(load, pollOutcome); // polls until the first answer
  const stop = () => {
    poller.stop();
    unfollow();
    place.stop();
    state.stop();
    for (const each of [panel, landscape, more, fitted, sums]) each.stop();
  };
  return { heading: head.heading, stop };
}

/** Whether the worker may still judge a finished run, which takes it some seconds at most. @param {Api.Run} run */
function awaitsJudgement({ status, convergence, finished_at: end }) {
  return JUDGED.includes(status) && !convergence && end !== null && Date.now() - Date.parse(end) < LAST_JUDGEMENT_MS;
}

/** @param {string} id @param {Page.RunState} state @param {Page.Kept} kept */
function landscapeSection(id, state, kept) {
  kept.landscape ??= { query: {} };
  const mine = kept.landscape;
  return lazyPanel("landscape", "landscape", mine, async () => {
    const { landscapePanel } = await import("/static/components/landscape/panel.js");
    return (isOpen) => landscapePanel(id, state, mine, isOpen);
  });
}

/** @param {string} id @param {Page.RunState} state @param {Page.Kept} kept */
function moreChartsSection(id, state, kept) {
  kept.more ??= {};
  const mine = kept.more;
  return lazyPanel("more-curves", "moreCurves", mine, async () => {
    const { moreCurves } = await import("/static/views/run/more-charts.js");
    return (isOpen) => moreCurves(id, state, mine, isOpen);
  });
}

/** @param {string} id */
function downloads(id) {
  /** @param {string} format */
  const link = (format) => fileLink(trajectoryLink(id, { format }), `${id}.${format}`, format.toUpperCase());
  return h("div", {},
    h("p", { class: "downloads" }, h("span", {}, t("downloads")), ["csv", "ndjson", "json", "npz"].map(link)),
    h("p", { class: "downloads" }, pictureLinks(id, "curves", {}, t("curvesPicture"))));
}

// The comparison view: reads the runs, polls while one of them is live, and updates the view's state.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { ApiError } from "/static/lib/api-error.js";
import { titleOf } from "/static/lib/run-title.js";
import { poll } from "/static/lib/poll.js";
import { pollOutcome, showProblem } from "/static/components/error-banner.js";
import { isLive } from "/static/components/status-badge.js";
import { columnsOf, firstColumn } from "/static/views/compare/common-columns.js";
import { curves } from "/static/views/compare/chart.js";
import { differences } from "/static/views/compare/differences.js";
import { landscapePanel } from "/static/views/compare/landscape.js";
import { compareLink, idsOf, MOST_RUNS } from "/static/views/compare/url.js";
import { summaryTable } from "/static/views/compare/summary-table.js";
import { stepValues } from "/static/views/compare/step-values.js";
import { RunSeries } from "/static/views/compare/run-series.js";
import { compareState } from "/static/views/compare/state.js";

// Runs are polled: a browser opens six connections per host, which eight event streams would exhaust.
const LOOK_MS = 1000;

/**
 * @param {HTMLElement} host
 * @param {Page.Kept} kept
 * @param {string} query
 * @returns {Page.View}
 */
export function compareView(host, kept, query) {
  const ids = idsOf(query);
  document.title = `${t("compare")} · Descent`;
  const heading = h("h1", { tabindex: "-1" }, t("compare"));
  const back = h("p", { class: "back" }, h("a", { href: "#/" }, "← ", t("allRuns")));
  const head = h("header", { class: "run-head" }, back, heading);
  const page = h("article", { class: "compare" }, head);
  choose(host, page);
  if (ids.length < 2 || ids.length > MOST_RUNS) {
    page.append(instead(t("compareHowMany", { n: ids.length }), ids.slice(0, MOST_RUNS)));
    return { heading, stop: () => {} };
  }
  const allSeries = ids.map((id, place) => new RunSeries(id, place, (error) => showProblem("action", error)));
  const state = compareState(allSeries, kept);
  /** @type {{ stop: () => void }[]} */
  const parts = []; // filled when the runs are read

  /** @param {AbortSignal} signal */
  async function read(signal) {
    const missing = await readRuns(allSeries, signal);
    if (missing.length > 0) {
      const others = ids.filter((id) => !missing.includes(id));
      page.replaceChildren(head, instead(t("compareMissing", { n: missing.length, runs: missing.join(", ") }), others));
      return null;
    }
    if (allSeries.some(({ id }, place) => id !== ids[place])) { // an alias such as "latest" soon means another run
      location.replace(compareLink([...new Set(allSeries.map(({ id }) => id))]));
      return null;
    }
    const runs = allSeries.map(({ run }) => run);
    const chosen = kept.column;
    const offered = columnsOf(runs);
    const wanted = offered.find(({ name }) => name === chosen) ?? offered.find(({ name }) => name === firstColumn(runs)) ?? offered[0];
    const taken = await Promise.all(allSeries.map((runSeries) => runSeries.readCurve(wanted, signal)));
    for (const take of taken) take();
    if (kept.column === chosen) kept.column = wanted.name; // else another was chosen meanwhile: it is read next
    show(wanted, offered, differences(runs));
    return runs.some(isLive) ? LOOK_MS : null;
  }

  /** @param {Page.Column} column @param {Page.Column[]} offered @param {Page.Differences} found */
  function show(column, offered, found) {
    state.news.value = { column, offered, found };
    if (parts.length === 0) begin(found);
  }

  /** @param {Page.Differences} found */
  function begin(found) {
    const panel = curves(allSeries, state, kept, () => poller.now());
    const shared = landscapePanel(allSeries, state);
    document.title = `${allSeries.map(({ run }) => titleOf(run)).join(", ")} · Descent`;
    heading.textContent = t("compareTitle", { n: allSeries.length });
    head.append(sameWords(found.same));
    page.append(h("div", { class: "bench" }, panel.element, stepValues(allSeries, state)), shared.element, summaryTable(allSeries, state));
    parts.push(panel, shared);
  }

  const poller = poll(read, pollOutcome);
  const stop = () => {
    poller.stop();
    state.stop();
    for (const part of parts) part.stop();
  };
  return { heading, stop };
}

/** The ids of the runs that do not exist. @param {Page.RunSeries[]} allSeries @param {AbortSignal} signal */
async function readRuns(allSeries, signal) {
  const missing = await Promise.all(allSeries.map(async (runSeries) => {
    try {
      await runSeries.readRun(signal);
      return null;
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      return runSeries.id;
    }
  }));
  return missing.filter((id) => id !== null);
}

/** @param {Page.Differences["same"]} same */
const sameWords = (same) =>
  h("p", { class: "same" }, h("strong", {}, t("compareSameIn")), same.map(({ label, value }) => h("span", {}, `${label} `, h("b", {}, ...[value].flat()))));

/** A message and a link for an address that gives no comparison. @param {string} words @param {string[]} ids */
function instead(words, ids) {
  return h("div", { class: "nothing", role: "alert" }, h("p", {}, words),
    h("p", {}, ids.length > 1 ? h("a", { href: compareLink(ids) }, t("compareOthers", { n: ids.length })) : h("a", { href: "#/" }, t("compareChoose"))));
}

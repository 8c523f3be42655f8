// The view of a sweep: counts by status, the ranking, and the criterion over a varied value. The view polls until all runs are
// finished, then reads the curves of the best runs.
import { choose, h, say } from "/static/lib/dom.js";
import { t, word } from "/static/lib/i18n.js";
import { cancelSweep, deleteSweep, getSweep } from "/static/lib/api.js";
import { poll } from "/static/lib/poll.js";
import { act, pollOutcome } from "/static/components/error-banner.js";
import { progress } from "/static/components/status-badge.js";
import { compareLink } from "/static/views/compare/url.js";
import { confirmed } from "/static/components/confirm-button.js";
import { bestCurves } from "/static/views/sweep/best-curves.js";
import { sweepLink } from "/static/views/sweep/url.js";
import { bestOf, ofFunctions, rankingTable } from "/static/views/sweep/ranking-table.js";
import { valueChart } from "/static/views/sweep/parameter-chart.js";
import { variableWords } from "/static/views/sweep/parameters.js";

const LIVE_MS = 1000;
const COMPARED = 5;

/**
 * @param {HTMLElement} host
 * @param {Page.Kept} kept
 * @param {string} id
 * @returns {Page.View}
 */
export function sweepView(host, kept, id) {
  const heading = h("h1", { tabindex: "-1" }, t("sweep"));
  const state = h("p", { class: "state", role: "status" });
  const bar = h("div", { class: "bar" });
  const compare = h("a", { class: "button", hidden: true }, t("compareBest"));
  const cancel = h("button", { type: "button", hidden: true, click: () => act(cancel, async () => {
    await cancelSweep(id);
    poller.now();
  }) }, t("cancelSweep"));
  const remove = h("button", { type: "button", class: "danger", click: () => confirmed(
    t("deleteSweepTitle"), t("deleteSweepText"), () => act(remove, async () => {
      await deleteSweep(id);
      location.hash = "#/";
    })) }, t("delete"));
  const chart = valueChart(kept, (runId) => table.point(runId));
  const table = rankingTable();
  const curves = bestCurves();
  const aboutChoice = h("p", { class: "explain" }, t("sweepCriteria"));
  const page = h("article", { class: "sweep", hidden: true },
    h("header", { class: "run-head" },
      h("div", { class: "back" }, h("a", { href: "#/" }, "← ", t("allRuns")), h("p", { class: "actions" }, compare, cancel, remove)),
      heading, state, bar),
    chart.element, table.element, curves.element, aboutChoice);
  choose(host, page);

  /** @param {Api.Sweep} sweep */
  function show(sweep) {
    const isLive = sweep.status !== "finished";
    const title = sweep.name || t("sweepOf", { names: sweep.varied.map(variableWords).join(", ") });
    page.hidden = false;
    document.title = `${title} · Descent`;
    say(heading, title);
    say(state, Object.entries(sweep.statuses).map(([status, n]) => word(`runs.${status}`, `${n} ${status}`, { n })).join(", "));
    choose(bar, isLive ? [progress(sweep), h("span", {}, t("progress", { done: sweep.steps_done, total: sweep.steps_total }))] : null);
    bar.hidden = !isLive;
    cancel.hidden = !isLive;
    const best = bestOf(sweep).slice(0, COMPARED).map((member) => member.run_id);
    compare.hidden = best.length < 2;
    compare.href = compareLink(best);
    chart.update(sweep);
    table.update(sweep);
    aboutChoice.hidden = ofFunctions(sweep);
  }

  const poller = poll(async (signal) => {
    const sweep = await getSweep(id, signal);
    if (sweep.id !== id) { // the alias "latest" soon means another sweep
      location.replace(sweepLink(sweep.id));
      return null;
    }
    show(sweep);
    if (sweep.status !== "finished") return LIVE_MS;
    await curves.load(sweep, signal);
    return null;
  }, pollOutcome);
  const stop = () => {
    poller.stop();
    chart.stop();
    curves.stop();
  };
  return { heading, stop };
}

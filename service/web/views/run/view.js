// One run: reads it, follows it while it is live, hands it to the parts of the page, and joins them by the chosen step. No
// step chosen means "the last one", which moves on with a live run.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { getRun, trajectoryLink } from "/static/lib/api.js";
import { runLink } from "/static/components/sample-run-button.js";
import { fileLink, pictureLinks } from "/static/lib/download-link.js";
import { follow } from "/static/lib/event-stream.js";
import { titleOf } from "/static/lib/format.js";
import { poll } from "/static/lib/poll.js";
import { pollOutcome, showProblem } from "/static/components/error-banner.js";
import { isLive } from "/static/components/status-badge.js";
import { Curve, rowReader } from "/static/views/run/trajectory.js";
import { arithmetic } from "/static/views/run/step-breakdown.js";
import { chartPanel } from "/static/components/chart-panel.js";
import { fitPanel } from "/static/views/run/fit/panel.js";
import { landscapeFold } from "/static/components/landscape/lazy-panel.js";
import { moreCurves } from "/static/views/run/more-charts.js";
import { readout } from "/static/components/step-values.js";
import { runFacts } from "/static/views/run/request-summary.js";
import { runHead } from "/static/views/run/header.js";
import { runResults } from "/static/views/run/results.js";

export function runView(host, kept, id) {
  const curve = new Curve(id);
  const numbers = readout();
  const head = runHead(id, () => chosen());
  const sums = arithmetic(id, kept, (step) => panel.choose(step));
  const panel = chartPanel(kept, select, sums.button);
  const ground = landscapeFold(id, kept, (step) => panel.choose(step));
  const fitted = fitPanel(id);
  const more = moreCurves(id, kept, (step) => panel.choose(step));
  const [facts, results] = [runFacts(), runResults(id)];
  let run = {};
  let unfollow = () => {};
  const page = h("article", { class: "run", hidden: true }, head.element,
    h("div", { class: "bench" }, h("div", {}, panel.element, ground.element, more.element), h("div", {}, fitted.element, numbers.element, downloads(id))),
    sums.element,
    h("div", { class: "below" }, results.element, facts.element));
  choose(host, page);

  const rows = rowReader(id, (step, row) => {
    if (step !== chosen()) return; // the hand has moved on
    point(step, row);
  }, (error) => showProblem("action", error));

  const chosen = () => Math.min(kept.step ?? curve.last, curve.last);

  function select(step) {
    if (step === curve.last) kept.step = undefined;
    fitted.select(chosen());
    sums.select(chosen());
    point(chosen(), rows.peek(chosen()));
    rows.want(chosen());
  }

  /** All parts at one step; `row` is null until it has been read. */
  function point(step, row) {
    for (const each of [numbers, panel, ground, more]) each.select(step, row);
  }

  function show(news) {
    run = { ...run, ...news };
    page.hidden = false;
    document.title = `${titleOf(run)} · Descent`;
    head.update(run);
    facts.update(run);
    panel.update(run, curve);
    ground.update(run, curve.last);
    more.update(curve.last);
    fitted.update(run, curve.last);
    sums.update(run, curve.last);
    if (curve.last >= 0) select(chosen());
  }

  async function load(signal) {
    unfollow();
    const [found] = await Promise.all([getRun(id, signal), curve.load(signal)]);
    if (found.id !== id) { // asked for by another name, such as "latest", which will soon mean another run
      location.replace(runLink(found.id));
      return null;
    }
    if (!isLive(found) && !curve.complete) await curve.load(signal); // it came to its end between the two answers
    show(found);
    await results.update(found, signal);
    if (isLive(found)) unfollow = follow(id, curve.news(found), { status: show, progress, finished: reload, outcome: pollOutcome });
    return null;
  }

  function progress(news) {
    curve.add(news);
    show({ steps_done: curve.last, best: news.best });
  }

  const reload = () => poller.now();
  const poller = poll(load, pollOutcome); // until it was read once
  const stop = () => {
    poller.stop();
    unfollow();
    panel.stop();
    ground.stop();
    more.stop();
    fitted.stop();
    sums.stop();
  };
  return { heading: head.heading, stop };
}

function downloads(id) {
  const link = (format) => fileLink(trajectoryLink(id, { format }), `${id}.${format}`, format.toUpperCase());
  return h("div", {},
    h("p", { class: "downloads" }, h("span", {}, t("downloads")), ["csv", "ndjson", "json"].map(link)),
    h("p", { class: "downloads" }, pictureLinks(id, "curves", {}, t("curvesPicture"))));
}

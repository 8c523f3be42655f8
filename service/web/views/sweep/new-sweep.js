// A new sweep: a run's request tried with several values of its hyperparameters. The service says as one goes how many runs
// that makes, and what is wrong.
import { choose, h } from "/static/lib/dom.js";
import { count, t } from "/static/lib/i18n.js";
import { getRun, priceSweep, startSweep } from "/static/lib/api.js";
import { runLink } from "/static/components/sample-run-button.js";
import { titleOf } from "/static/lib/format.js";
import { poll } from "/static/lib/poll.js";
import { act, pollOutcome, showProblem } from "/static/components/error-banner.js";
import { sweepLink } from "/static/views/sweep/url.js";
import { valueRow } from "/static/views/sweep/parameter-row.js";

const PAUSE_MS = 300; // after the last change, before the service is asked
const MOST_ROWS = 3;

export function newSweepView(host, _kept, id) {
  document.title = `${t("newSweep")} · Descent`;
  const heading = h("h1", { tabindex: "-1" }, t("newSweep"));
  const back = h("p", { class: "back" }, h("a", { href: runLink(id) }, "← ", t("backToRun")));
  const place = h("div");
  choose(host, back, heading, h("p", { class: "note" }, t("newSweepIntro")), place);
  let stopForm = () => {};
  const poller = poll(async (signal) => {
    const form = sweepForm(await getRun(id, signal));
    choose(back, h("a", { href: runLink(form.run.id) }, "← ", titleOf(form.run)));
    choose(place, form.element);
    stopForm = form.stop;
    return null;
  }, pollOutcome);
  const stop = () => {
    poller.stop();
    stopForm();
  };
  return { heading, stop };
}

function sweepForm(run) {
  let timer = 0;
  let asked = new AbortController();
  let rows = [];
  const verdict = h("p", { class: "verdict", role: "status" });
  const errors = h("ul", { class: "errors" });
  const place = h("div", { class: "value-rows" });
  const add = h("button", { type: "button", click: () => addRow(true) }, t("values.add"));
  const submit = h("button", { type: "submit", class: "primary" }, t("startSweep"));
  const element = h("form", { class: "new-sweep", submit: (event) => {
    event.preventDefault();
    act(submit, start);
  } }, place, h("p", {}, add), verdict, errors, submit);

  const request = () => ({ run: run.id, grid: Object.fromEntries(rows.map((row) => row.value()).map(({ pointer, values }) => [pointer, values])) });

  function addRow(isRemovable) {
    const used = rows.map((row) => row.value().pointer);
    const remove = () => {
      rows = rows.filter((other) => other !== row);
      row.element.remove();
      changed();
      add.focus();
    };
    const row = valueRow(run, used, changed, isRemovable ? remove : null);
    rows.push(row);
    place.append(row.element);
    changed();
  }

  function changed() {
    clearTimeout(timer);
    asked.abort();
    add.hidden = rows.length >= MOST_ROWS;
    timer = setTimeout(ask, PAUSE_MS);
  }

  async function ask() {
    asked = new AbortController();
    try {
      const { members, steps, bytes } = await priceSweep(request(), asked.signal);
      show(t("sweepPriced", { n: members, steps, bytes: count(Math.ceil(bytes / 1024)) }), []);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.errors?.length) show("", error.errors);
      else showProblem("action", error);
    }
  }

  function show(words, found) {
    verdict.textContent = words;
    choose(errors, found.map(({ message, hint }) => h("li", {}, `${message} ${hint ?? ""}`)));
  }

  async function start() {
    try {
      location.hash = sweepLink((await startSweep(request())).id);
    } catch (error) {
      if (!error.errors?.length) throw error;
      show("", error.errors);
    }
  }

  addRow(false);
  const stop = () => {
    clearTimeout(timer);
    asked.abort();
  };
  return { run, element, stop };
}

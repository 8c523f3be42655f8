// The view of a new sweep: a run's request with several values of its hyperparameters. The service prices and validates the sweep
// after each change.
import { choose, h } from "/static/lib/dom.js";
import { count, t } from "/static/lib/form-i18n.js";
import { errorsOf } from "/static/lib/api-error.js";
import { getRun, priceSweep, startSweep } from "/static/lib/api.js";
import { runLink } from "/static/components/sample-run-button.js";
import { titleOf } from "/static/lib/run-title.js";
import { poll } from "/static/lib/poll.js";
import { act, pollOutcome, showProblem } from "/static/components/error-banner.js";
import { sweepLink } from "/static/views/sweep/url.js";
import { valueRow } from "/static/views/sweep/parameter-row.js";

const PAUSE_MS = 300; // between the last change and the request
const MOST_ROWS = 3;

/**
 * @param {HTMLElement} host
 * @param {Page.Kept} _kept
 * @param {string} id
 * @returns {Page.View}
 */
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

/** @param {Api.Run} run */
function sweepForm(run) {
  let timer = 0;
  let asked = new AbortController();
  /** @type {ReturnType<typeof valueRow>[]} */
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

  /** @returns {Api.SweepDraft} */
  const request = () => ({ run: run.id, grid: Object.fromEntries(rows.map((row) => row.value()).map(({ pointer, values }) => [pointer, values])) });

  /** @param {boolean} isRemovable */
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
    add.hidden = rows.length >= MOST_ROWS;
    clearTimeout(timer);
    asked.abort();
    timer = setTimeout(ask, PAUSE_MS);
  }

  async function ask() {
    asked = new AbortController();
    const { signal } = asked;
    try {
      showPrice(await priceSweep(request(), signal));
    } catch (error) {
      if (!signal.aborted) refused(error);
    }
  }

  /** @param {Api.SweepPrice} price */
  function showPrice({ members, steps, bytes }) {
    show(t("sweepPriced", { n: members, steps, bytes: count(Math.ceil(bytes / 1024)) }), []);
  }

  /** @param {unknown} error */
  function refused(error) {
    const found = errorsOf(error);
    if (found.length) show("", found);
    else showProblem("action", error);
  }

  /** @param {string} words @param {Api.FieldError[]} found */
  function show(words, found) {
    verdict.textContent = words;
    choose(errors, found.map(({ message, hint }) => h("li", {}, `${message} ${hint ?? ""}`)));
  }

  async function start() {
    try {
      location.hash = sweepLink((await startSweep(request())).id);
    } catch (error) {
      if (!errorsOf(error).length) throw error;
      show("", errorsOf(error));
    }
  }

  addRow(false);
  const stop = () => {
    clearTimeout(timer);
    asked.abort();
  };
  return { run, element, stop };
}

// A row of the list. Updates happen in place, so that a refresh keeps the focus.
import { h, say, choose } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { moment, rounded } from "/static/lib/format.js";
import { titleOf } from "/static/lib/run-title.js";
import { isLive, outcome, progress } from "/static/components/status-badge.js";
import { runLink } from "/static/components/sample-run-button.js";

/** @type {("name" | "status" | "model" | "steps" | "train_mse" | "test_mse" | "created")[]} */
export const COLUMNS = ["name", "status", "model", "steps", "train_mse", "test_mse", "created"];

/**
 * `box` is the checkbox that chooses the run for a comparison.
 * @param {string} id
 * @param {Page.Box} box
 */
export function runRow(id, box) {
  const link = h("a", { href: runLink(id) });
  const cells = Object.fromEntries(COLUMNS.slice(1).map((name) =>
    [name, h("td", { class: `cell-${name}`, "data-label": t(name) })]));
  const element = h("tr", {}, h("td", { class: "cell-choose" }, box.element), h("th", { scope: "row" }, h("div", { class: "two-lines" }, link)), Object.values(cells));
  let shown = "";

  /** @param {Api.ListedRun} run */
  function update(run) {
    const news = JSON.stringify([run.name, run.status, run.steps_done, run.steps_total, run.final, run.convergence, run.diagnosis.length]);
    if (news === shown) return;
    shown = news;
    say(link, titleOf(run));
    box.name(titleOf(run));
    choose(cells.status, outcome(run, run.diagnosis.length));
    choose(cells.steps, steps(run));
    say(cells.model, run.request.model?.kind ?? run.function?.name ?? t("function"));
    cells.train_mse.dataset.label = t(run.function ? "train_loss" : "train_mse");
    say(cells.train_mse, run.function && run.final ? `E = ${rounded(run.final.train_loss)}` : rounded(run.final?.train_mse));
    say(cells.test_mse, rounded(run.final?.test_mse));
    choose(cells.created, h("time", { datetime: run.created_at }, moment(run.created_at)));
  }
  return { element, update };
}

/** @param {Api.ListedRun} run */
function steps(run) {
  const text = t("stepsOf", { done: run.steps_done, total: run.steps_total });
  return [h("span", {}, text), isLive(run) ? progress(run) : null];
}

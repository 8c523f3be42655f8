// The header of a run: title, status and actions.
import { choose, h, say } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { titleOf } from "/static/lib/run-title.js";
import { cancelRun, deleteRun, part, pauseRun, renameRun, resumeRun } from "/static/lib/api.js";
import { act, showProblem } from "/static/components/error-banner.js";
import { badge, isLive, progress, sentence, verdict } from "/static/components/status-badge.js";
import { findings, MENDS } from "/static/views/run/diagnosis.js";
import { placeWords, startWords } from "/static/views/run/queue-place.js";
import { forkButton } from "/static/views/run/fork-button.js";
import { compareLink } from "/static/views/compare/url.js";
import { runLink } from "/static/components/sample-run-button.js";
import { newSweepLink, sweepLink } from "/static/views/sweep/url.js";

/** @type {[change: Api.Change<Api.Run>, name: "cancel" | "pause" | "resume"][]} */
const CHANGES = [[cancelRun, "cancel"], [pauseRun, "pause"], [resumeRun, "resume"]];

/** @param {string} id @param {Page.RunState} state */
export function runHead(id, state) {
  const heading = h("h1", { tabindex: "-1" }, id.slice(0, 12));
  const status = h("span");
  const words = h("span", { class: "sentence" });
  const place = h("span", { class: "sentence" });
  const start = h("span", { class: "start" });
  const judged = h("p", { class: "judged", hidden: true });
  const origin = h("p", { class: "origin", hidden: true });
  const bar = h("div", { class: "bar" });
  const trouble = h("div", { class: "trouble", hidden: true });
  const [cancel, pause, resume] = CHANGES.map(([change, name]) => {
    const button = h("button", { type: "button", hidden: true, click: () => act(button, () => change(id)) }, t(name));
    return button;
  });
  const remove = h("button", { type: "button", class: "danger", click: askToDelete }, t("delete"));
  const rename = h("button", { type: "button", hidden: true, click: askName }, t("rename"));
  // A dialog is loaded when it is asked for. Its button stays enabled, so that the focus returns to it.
  function askName() {
    part(() => import("/static/components/rename-dialog.js")).then(({ askForName }) =>
      askForName(t("renameTitle"), state.news.peek()?.run.name ?? null, (name) => renameRun(id, name), renamed), failed);
  }
  function askToDelete() {
    part(() => import("/static/components/confirm-button.js")).then(({ confirmed }) =>
      confirmed(t("deleteTitle"), t("deleteText", { name: heading.textContent }), removeRun), failed);
  }
  /** @param {unknown} error */
  const failed = (error) => showProblem("action", error);
  /** @param {Api.Run} run */
  const renamed = ({ name }) => {
    const news = state.news.peek();
    if (news) state.news.value = { ...news, run: { ...news.run, name } };
  };
  const removeRun = () => act(remove, async () => {
    await deleteRun(id);
    location.hash = "#/";
  });
  const fork = forkButton(() => state.step.peek());
  const edit = h("a", { class: "button", href: `#/new?run=${encodeURIComponent(id)}` }, t("editAgain"));
  const several = h("a", { class: "button", href: newSweepLink(id) }, t("trySeveral"));
  const sweep = h("a", { hidden: true }, t("partOfSweep"));
  const element = h("header", { class: "run-head" },
    h("div", { class: "back" }, h("span", { class: "ways" }, h("a", { href: "#/" }, "← ", t("allRuns")), sweep), h("p", { class: "actions" }, edit, several, fork.element, pause, resume, cancel, rename, remove)),
    heading, h("div", { class: "state" }, h("p", { role: "status" }, status, " ", words, " ", place), start), judged, origin, bar, trouble);

  /** @param {Api.Run} run */
  function update(run) {
    rename.hidden = false;
    say(heading, titleOf(run));
    const shown = status.querySelector("[data-status]");
    if (shown?.getAttribute("data-status") !== run.status) choose(status, badge(run.status));
    say(words, sentence(run)); // no step count while live: a screen reader would announce it twice a second
    const queue = run.status === "queued" ? run.queue : null;
    say(place, placeWords(queue));
    say(start, startWords(queue)); // outside the announced status: it changes each second
    choose(bar, isLive(run) ? liveBar(run) : null);
    bar.hidden = !isLive(run);
    choose(judged, run.convergence ? convergenceWords(run.convergence, run.status) : null);
    judged.hidden = !run.convergence;
    fork.update(run);
    const mended = run.tags[MENDS];
    if (origin.hidden && run.forked_from) choose(origin, originWords(run.id, run.forked_from)); // set once, so that a refresh keeps the focus
    else if (origin.hidden && mended) choose(origin, mendedWords(run.id, mended));
    origin.hidden = !run.forked_from && !mended;
    sweep.hidden = !run.sweep;
    if (run.sweep) sweep.href = sweepLink(run.sweep.id);
    pause.hidden = !["queued", "running"].includes(run.status);
    resume.hidden = run.status !== "paused";
    cancel.hidden = !isLive(run) || run.status === "cancelling";
    choose(trouble, troubles(run));
    trouble.hidden = !trouble.hasChildNodes();
  }
  state.effect(() => {
    if (state.news.value) update(state.news.value.run);
  });
  return { element, heading };
}

/** @param {Api.Run} run */
function liveBar(run) {
  const words = t("progress", { done: run.steps_done ?? 0, total: run.steps_total ?? 0 });
  return [progress(run), h("span", {}, words)];
}

/** @param {Api.Convergence} convergence @param {string} status */
function convergenceWords(convergence, status) {
  const words = h("span", {}, convergence.sentence);
  return status === "diverged" ? [words] : [verdict(convergence), " ", words]; // the badge of the status says so already
}

/** @param {string} id @param {Api.ForkedFrom} origin */
function originWords(id, { run_id: from, step }) {
  return [
    h("a", { class: "button primary", href: compareLink([from, id]) }, t("compareWithOrigin")),
    h("span", {}, `${t("forkedFrom")} `, h("a", { href: runLink(from) }, t("forkedAt", { run: from.slice(0, 12), n: step }))),
  ];
}

/** @param {string} id @param {string} mended */
function mendedWords(id, mended) {
  return [
    h("a", { class: "button primary", href: compareLink([mended, id]) }, t("compareWithOrigin")),
    h("span", {}, `${t("mends")} `, h("a", { href: runLink(mended) }, mended.slice(0, 12))),
  ];
}

/** @param {Api.Run} run */
function troubles(run) {
  const found = findings(run);
  return [
    run.error?.message ? h("p", { class: "error" }, run.error.message) : null,
    found.length ? [h("h2", {}, t("diagnosis")), found] : null,
  ].flat(2);
}

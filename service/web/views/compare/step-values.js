// Each compared run at the chosen step: its exact value, and a button that forks it there.
import { choose, h, say } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { exact, NOTHING } from "/static/lib/format.js";
import { titleOf } from "/static/lib/run-title.js";
import { isLive, outcome } from "/static/components/status-badge.js";
import { UNREAD } from "/static/components/step-values.js";
import { forkButton } from "/static/views/run/fork-button.js";
import { runName } from "/static/views/compare/run-label.js";

/** @param {Page.RunSeries[]} allSeries @param {Page.ComparisonState} state */
export function stepValues(allSeries, state) {
  const title = h("h2", { id: "standings" });
  const what = h("th", { scope: "col" });
  const lines = allSeries.map((runSeries) => standing(runSeries, state));
  const table = h("table", { "aria-labelledby": "standings" }, h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "unseen" }, t("name")), what)),
    h("tbody", {}, lines.map(({ element }) => element)));
  const element = h("section", { class: "readout standings", tabindex: "0", "aria-labelledby": "standings" }, title, table);

  state.effect(() => {
    say(title, t("atStep", { n: state.step.value }));
    say(what, state.news.value?.column.label ?? "");
  });
  state.effect(() => {
    const rows = state.news.value?.found.rows ?? [];
    for (const [i, line] of lines.entries()) line.update(rows.map(({ label, values }) => ({ label, shown: values[i] })));
  });
  return element;
}

/** @param {Page.RunSeries} runSeries @param {Page.ComparisonState} state */
function standing(runSeries, state) {
  const { run, place } = runSeries;
  const its = () => Math.min(state.step.peek(), runSeries.last);
  const value = h("span", { class: "value" });
  const fork = forkButton(its, h("span", { class: "unseen" }, ` (${titleOf(run)})`));
  const mark = h("span", { class: "marks" });
  const differing = h("p", { class: "differing" });
  const element = h("tr", { "data-run": run.id },
    h("th", { scope: "row" }, runName(run, place), differing, mark), h("td", {}, value, fork.element));
  let shown = "";

  state.effect(() => {
    const known = state.values.value[run.id];
    const ended = state.step.value > runSeries.last && !isLive(runSeries.run);
    say(value, ended ? t("endedAt", { n: runSeries.last }) : known === undefined ? UNREAD : exact(known));
    value.classList.toggle("ended", ended);
  });

  /** @param {{ label: string, shown: Page.Shown }[]} asked */
  function update(asked) {
    fork.update(runSeries.run);
    const { run: now } = runSeries;
    const news = JSON.stringify([now.status, now.convergence?.state, now.diagnosis.length]);
    if (news !== shown) choose(mark, outcome(now, now.diagnosis.length));
    shown = news;
    if (!differing.hasChildNodes()) choose(differing, asked.filter(({ shown }) => shown !== NOTHING).slice(0, 3).map(({ label, shown }) => h("span", {}, `${label} `, h("b", {}, ...copies(shown)))));
  }
  return { element, update };
}

/** Replaces a cell's content; the table already contains an element. @param {Page.Shown} shown */
const copies = (shown) => [shown].flat().map((word) => (word instanceof Node ? word.textContent : word));

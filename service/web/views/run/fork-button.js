// A button that forks a run at the chosen step. Pressing the button loads the form.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { part } from "/static/lib/api.js";
import { showProblem } from "/static/components/error-banner.js";

/**
 * `at()` returns the chosen step. `of` names the run in a view of several runs.
 * @param {() => number} at
 * @param {HTMLElement | null} of
 */
export function forkButton(at, of = null) {
  /** @type {Api.Run | null} */
  let run = null;
  let asking = false;
  const button = h("button", { type: "button", hidden: true, click: ask }, t("fork"), of);

  async function ask() {
    if (asking || !run) return;
    asking = true; // the button stays enabled, so that the focus returns to it when the form closes
    try {
      const { askToFork } = await part(() => import("/static/views/run/fork-form.js"));
      askToFork(run, at());
    } catch (error) {
      showProblem("action", error);
    }
    asking = false;
  }

  /** @param {Api.Run} news */
  function update(news) {
    run = news;
    button.hidden = at() < 0;
  }
  return { element: button, update };
}

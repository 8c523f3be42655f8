// A button that forks a run at the chosen step; the form is loaded when it is pressed.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { part } from "/static/lib/api.js";
import { showProblem } from "/static/components/error-banner.js";

/**
 * `at()` gives the chosen step. Where there are several runs, `of` says of which one.
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
    asking = true; // not disabled meanwhile: the focus comes back to it when the form is closed
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

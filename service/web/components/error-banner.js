// Two error banners: "poll" for failed background requests, cleared by the next answer, and "action" for failed actions, cleared
// by the next action.
import { h, choose } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { ApiError } from "/static/lib/api-error.js";

/** @param {"poll" | "action"} name */
const place = (name) => /** @type {HTMLElement} */ (document.getElementById(`problem-${name}`));

/** @param {unknown} error */
const problemOf = (error) => (error instanceof ApiError ? error : new ApiError({}));

/**
 * The message and the hints of an error; `more` follows them.
 * @param {unknown} error
 * @param {string | null} [more]
 */
export function describe(error, more = null) {
  if (!(error instanceof ApiError)) console.error(error); // a bug of this page, not an answer of the service
  const { title, detail, errors, unreachable } = problemOf(error);
  if (unreachable) return [h("p", {}, h("strong", {}, t("unreachable")), more && ` ${more}`)];
  const lines = errors.map(({ pointer, message, hint }) =>
    h("li", {}, pointer ? h("code", {}, pointer) : null, pointer ? " " : null, message, hint ? ` (${hint})` : null));
  return [
    h("p", {}, h("strong", {}, title || t("problem")), detail ? ` ${detail}` : null, more && ` ${more}`),
    lines.length ? h("ul", {}, lines) : null,
  ];
}

/**
 * @param {"poll" | "action"} name
 * @param {unknown} error
 */
export function showProblem(name, error) {
  const { status, unreachable } = problemOf(error);
  if (status === 401) return; // main.js shows the view that asks for a key
  const element = place(name);
  const retrying = name === "poll" && (unreachable || status === 429 || status >= 500);
  const news = describe(error, retrying ? t("retrying") : null);
  const same = element.textContent === news.map((node) => node?.textContent ?? "").join("");
  if (!same) choose(element, news); // unchanged content: a screen reader announces the error once, not at every retry
  element.hidden = false;
}

/** @param {"poll" | "action"} name */
export function clearProblem(name) {
  const element = place(name);
  element.hidden = true;
  element.replaceChildren();
}

/** @param {unknown} error */
export const pollOutcome = (error) => (error ? showProblem("poll", error) : clearProblem("poll"));

/**
 * Runs an action, disables its control meanwhile, and shows an error of the action.
 * @param {HTMLElement} control
 * @param {() => Promise<unknown>} action
 */
export async function act(control, action) {
  const rest = control instanceof HTMLButtonElement ? "disabled" : "inert";
  clearProblem("action");
  control.toggleAttribute(rest, true);
  try {
    await action();
  } catch (error) {
    showProblem("action", error);
  } finally {
    control.toggleAttribute(rest, false);
  }
}

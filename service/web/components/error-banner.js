// Two places for bad news: what the page meets that asks by itself ("poll"; it clears itself when there is an answer), and what
// a button met ("action"; it stays until the next press).
import { h, choose } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { ApiError } from "/static/lib/api.js";

const place = (name) => document.getElementById(`problem-${name}`);

/** What went wrong, in words and the hints that came with it; `more` is said after them. */
export function describe(error, more = null) {
  if (!(error instanceof ApiError)) console.error(error); // a mistake of this page, not of the service
  if (error.unreachable) return [h("p", {}, h("strong", {}, t("unreachable")), more && ` ${more}`)];
  const { title, detail, errors } = error;
  const lines = (errors ?? []).map(({ pointer, message, hint }) =>
    h("li", {}, pointer ? h("code", {}, pointer) : null, pointer ? " " : null, message, hint ? ` (${hint})` : null));
  return [
    h("p", {}, h("strong", {}, title || t("problem")), detail ? ` ${detail}` : null, more && ` ${more}`),
    lines.length ? h("ul", {}, lines) : null,
  ];
}

export function showProblem(name, error) {
  if (error.status === 401) return; // the page asks for a key
  const element = place(name);
  const retrying = name === "poll" && (error.unreachable || error.status === 429 || error.status >= 500);
  const news = describe(error, retrying ? t("retrying") : null);
  const same = element.textContent === news.map((node) => node?.textContent ?? "").join("");
  if (!same) choose(element, news); // a screen reader hears it once, not at every retry
  element.hidden = false;
}

export function clearProblem(name) {
  const element = place(name);
  element.hidden = true;
  element.replaceChildren();
}

export const pollOutcome = (error) => (error ? showProblem("poll", error) : clearProblem("poll"));

/** Runs what a button or a link does, and shows what went wrong; it rests meanwhile. */
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

// Two places for bad news: what the refreshing meets (it clears itself when the service is back), and what a
// button met (it stays until the next press).
import { h, choose } from "/static/dom.js";
import { t } from "/static/i18n.js";
import { ApiError } from "/static/api.js";

const place = (name) => document.getElementById(`problem-${name}`);

/** What went wrong, in words and the hints that came with it. */
export function describe(error) {
  if (error.unreachable) return [h("p", {}, h("strong", {}, t("unreachable")), " ", t("retrying"))];
  const { title, detail, errors, status } = error;
  const lines = (errors ?? []).map(({ pointer, message, hint }) =>
    h("li", {}, pointer ? h("code", {}, pointer) : null, pointer ? " " : null, message, hint ? ` (${hint})` : null));
  return [
    h("p", {}, h("strong", {}, title || t("problem")), detail ? ` ${detail}` : null, status >= 500 ? ` ${t("retrying")}` : null),
    lines.length ? h("ul", {}, lines) : null,
  ];
}

export function showProblem(name, error) {
  if (error.status === 401) return; // the page asks for a key
  if (!(error instanceof ApiError)) console.error(error); // a mistake of this page, not of the service
  const element = place(name);
  const news = describe(error);
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

/** Runs what a button does, and shows what went wrong; the button rests meanwhile. */
export async function act(button, action) {
  clearProblem("action");
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    showProblem("action", error);
  } finally {
    button.disabled = false;
  }
}

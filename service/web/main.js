// The page's frame: routing of the address to a view, the language and the theme.
import { setLanguage, language, translateFrame } from "/static/lib/i18n.js";
import { startTheme } from "/static/components/theme-toggle.js";
import { clearProblem, pollOutcome } from "/static/components/error-banner.js";
import { part } from "/static/lib/api.js";
import { forgetKey, heldKey } from "/static/lib/api-key.js";
import { keyView } from "/static/views/login/view.js";
import { decoded } from "/static/lib/address.js";

// A view's modules load on first use; preload.js preloads them.
/** @typedef {(host: HTMLElement, kept: Page.Kept, ...names: string[]) => Page.View} MakeView */
/** @type {[address: RegExp, load: () => Promise<MakeView>][]} */
const VIEWS = [
  [/^#\/runs\/([^/?]+)/, async () => named((await import("/static/views/run/view.js")).runView)],
  [/^#\/compare\??(.*)/, async () => (await import("/static/views/compare/view.js")).compareView],
  [/^#\/sweeps\/new\?run=([^&]+)/, async () => named((await import("/static/views/sweep/new-sweep.js")).newSweepView)],
  [/^#\/sweeps\/([^/?]+)/, async () => named((await import("/static/views/sweep/view.js")).sweepView)],
  [/^#\/new(?:\?(.*))?$/, async () => (await import("/static/views/new-run/view.js")).newRunView],
  [/^#\/datasets$/, async () => (await import("/static/views/datasets/list-view.js")).datasetsView],
  [/^#\/datasets\/([^/?]+)/, async () => named((await import("/static/views/datasets/view.js")).datasetView)],
  [/^#\/check$/, async () => (await import("/static/views/trajectory-check/view.js")).checkView],
  [/^(?:#\/?(?:\?.*)?)?$/, async () => (await import("/static/views/runs/view.js")).runsView],
  [/^/, async () => (await import("/static/views/unknown/view.js")).unknownView],
];
/**
 * A view of one object: decodes the percent-encoded id of the address.
 * @param {(host: HTMLElement, kept: Page.Kept, id: string) => Page.View} view
 * @returns {(host: HTMLElement, kept: Page.Kept, id: string) => Page.View}
 */
const named = (view) => (host, kept, id) => view(host, kept, decoded(id));
/** An element of index.html. @param {string} selector */
const found = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));
const host = found("#view");
const forget = found("#forget");
/** @type {Page.View | null} */
let view = null;
let turn = 0; // counts the navigations: a view that loads after a later navigation is dropped
let asking = false; // true while the key view is open
/** @type {Page.Kept} */
let kept = {}; // the view's choices, which survive a change of the language

async function open() {
  leave();
  asking = false;
  forget.hidden = !heldKey();
  clearProblem("poll");
  clearProblem("action");
  const mine = turn;
  const [address, load] = VIEWS.find(([pattern]) => pattern.test(location.hash)) ?? VIEWS[VIEWS.length - 1];
  const names = address.exec(location.hash)?.slice(1) ?? [];
  const make = await part(load);
  if (mine === turn) view = make(host, kept, ...names);
}

function leave() {
  view?.stop();
  host.replaceChildren(); // the old view is stopped, and the next one may take time to load
  view = null;
  turn += 1;
}

function askForKey() {
  if (asking) return; // several requests may return 401
  leave();
  asking = forget.hidden = true;
  const wasRefused = heldKey() !== null;
  forgetKey();
  view = keyView(host, wasRefused, open);
}

async function go() {
  kept = {};
  await open();
  scrollTo(0, 0);
  view?.heading.focus({ preventScroll: true }); // a screen reader and the Tab key then start at the top of the new view
}

const languageButtons = () => /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-language]"));

function pressLanguage() {
  for (const button of languageButtons()) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language()));
  }
}

function startLanguage() {
  for (const button of languageButtons()) {
    button.addEventListener("click", () => {
      setLanguage(button.dataset.language ?? language());
      pressLanguage();
      translateFrame();
      open();
    });
  }
  pressLanguage();
  translateFrame();
}

// The default of the skip link would change the hash, which names the view.
found(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  found("#main").focus();
});
addEventListener("hashchange", go);
document.addEventListener("keyneeded", askForKey);
document.addEventListener("unanswered", ({ detail }) => pollOutcome(detail));
document.addEventListener("answered", () => pollOutcome(null));
forget.addEventListener("click", () => {
  forgetKey();
  open();
});
startTheme(found("#theme"));
startLanguage();
open();

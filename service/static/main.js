// The page's frame: which view the address asks for, the language and the theme.
import { setLanguage, language, translateFrame } from "/static/i18n.js";
import { startTheme } from "/static/theme.js";
import { clearProblem } from "/static/problem.js";
import { runsView } from "/static/runs-view.js";
import { runView } from "/static/run-view.js";
import { forgetKey, heldKey } from "/static/key.js";
import { newRunView } from "/static/new-run/view.js";
import { keyView } from "/static/key-view.js";

const host = document.getElementById("view");
const forget = document.getElementById("forget");
let view = null;
let asking = false; // for a key
let kept = {}; // what a view wants to find again when it is drawn anew in another language

function open() {
  view?.stop();
  asking = false;
  forget.hidden = !heldKey();
  clearProblem("poll");
  clearProblem("action");
  const run = /^#\/runs\/([^/?]+)/.exec(location.hash);
  if (run) view = runView(host, decodeURIComponent(run[1]), kept);
  else view = location.hash === "#/new" ? newRunView(host, kept) : runsView(host, kept);
}

function askForKey() {
  if (asking) return; // several requests may have come back without an answer
  view?.stop();
  asking = forget.hidden = true;
  const wasRefused = heldKey() !== null;
  forgetKey();
  view = keyView(host, wasRefused, open);
}

function go() {
  kept = {};
  open();
  scrollTo(0, 0);
  view.heading.focus({ preventScroll: true }); // so that a screen reader and the Tab key start at the new page's top
}

function pressLanguage() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language()));
  }
}

function startLanguage() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      setLanguage(button.dataset.language);
      pressLanguage();
      translateFrame();
      open();
    });
  }
  pressLanguage();
  translateFrame();
}

// The skip link would otherwise change the address, which here names the view.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
addEventListener("hashchange", go);
document.addEventListener("keyneeded", askForKey);
forget.addEventListener("click", () => {
  forgetKey();
  open();
});
startTheme(document.getElementById("theme"));
startLanguage();
open();

// Plays a descent: rewind, one step back, play or pause, one step forward.
import { choose, h, svg } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

const SECONDS = 12; // for the whole descent, or slower where there are few steps
const SLOWEST = 8; // steps a second

/** `at()` gives the chosen step, `last()` the last there is, `go(step)` chooses one. */
export function player(at, last, go) {
  let frame = 0;
  const move = (name, step) => h("button", { type: "button", "aria-label": t(name), title: t(name), click: () => { pause(); go(step()); } }, sign(name));
  const toggle = h("button", { type: "button", class: "play", click: () => (frame ? pause() : play()) });
  const element = h("div", { class: "player", role: "group", "aria-label": t("playback") },
    move("rewind", () => 0), move("stepBack", () => at() - 1), toggle, move("stepForward", () => at() + 1));
  say();

  function play() {
    const from = at() >= last() ? 0 : at();
    const speed = Math.max(last() / SECONDS, Math.min(SLOWEST, last()));
    const begun = performance.now();
    go(from);
    const next = (now) => {
      const step = Math.min(last(), from + Math.floor((speed * (now - begun)) / 1000));
      if (step !== at()) go(step);
      frame = step < last() ? requestAnimationFrame(next) : 0;
      if (!frame) say();
    };
    frame = requestAnimationFrame(next);
    say();
  }

  function pause() {
    cancelAnimationFrame(frame);
    frame = 0;
    say();
  }

  function say() {
    const name = frame ? "pausePlay" : "play";
    choose(toggle, sign(name));
    toggle.setAttribute("aria-label", t(name));
    toggle.title = t(name);
  }
  return { element, pause };
}

const SHAPES = {
  rewind: "M2 3v10M9 3 3 8l6 5ZM15 3 9 8l6 5Z",
  stepBack: "M11 3 4 8l7 5ZM3 3v10",
  play: "M5 3l8 5-8 5Z",
  pausePlay: "M5.5 3v10M10.5 3v10",
  stepForward: "M5 3l7 5-7 5ZM13 3v10",
};
const sign = (name) => svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" }, svg("path", { d: SHAPES[name] }));

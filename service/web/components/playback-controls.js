// The playback of a descent: rewind, one step back, play or pause, one step forward.
import { choose, h, svg } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

const SECONDS = 12; // for the whole descent, or slower where there are few steps
const SLOWEST = 8; // steps a second

/** @param {Page.StepState} state */
export function player(state) {
  const { step, last, playing } = state;
  /** @param {keyof typeof SHAPES} name @param {() => number} to */
  const move = (name, to) => h("button", { type: "button", "aria-label": t(name), title: t(name), click: () => state.choose(to()) }, sign(name));
  const toggle = h("button", { type: "button", class: "play", click: () => { playing.value = !playing.peek(); } });

  state.effect(() => {
    const name = playing.value ? "pausePlay" : "play";
    choose(toggle, sign(name));
    toggle.setAttribute("aria-label", t(name));
    toggle.title = t(name);
  });
  state.effect(() => (playing.value ? play() : undefined));

  /** Starts the playback. Returns the function that ends it. */
  function play() {
    const from = step.peek() >= last.peek() ? 0 : step.peek();
    const speed = Math.max(last.peek() / SECONDS, Math.min(SLOWEST, last.peek()));
    const begun = performance.now();
    state.go(from);
    /** @param {number} now */
    const next = (now) => {
      const at = Math.min(last.peek(), from + Math.floor((speed * (now - begun)) / 1000));
      state.go(at);
      if (at < last.peek()) frame = requestAnimationFrame(next);
      else playing.value = false;
    };
    let frame = requestAnimationFrame(next);
    return () => cancelAnimationFrame(frame);
  }
  return h("div", { class: "player", role: "group", "aria-label": t("playback") },
    move("rewind", () => 0), move("stepBack", () => step.peek() - 1), toggle, move("stepForward", () => step.peek() + 1));
}

const SHAPES = {
  rewind: "M2 3v10M9 3 3 8l6 5ZM15 3 9 8l6 5Z",
  stepBack: "M11 3 4 8l7 5ZM3 3v10",
  play: "M5 3l8 5-8 5Z",
  pausePlay: "M5.5 3v10M10.5 3v10",
  stepForward: "M5 3l7 5-7 5ZM13 3v10",
};
/** @param {keyof typeof SHAPES} name */
const sign = (name) => svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" }, svg("path", { d: SHAPES[name] }));

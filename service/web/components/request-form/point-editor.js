// An editor for points: a click adds a point, a click on a point removes it. The arrow keys and Enter do the same.
import { choose, h, svg } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

const [WIDTH, HEIGHT, SIDE] = [480, 300, 10];
const RADIUS = 6;

/**
 * `points` are [x, y] between 0 and 10; the editor changes the array in place.
 * @param {Page.Point[]} points
 * @param {() => void} onChange
 */
export function drawing(points, onChange) {
  const dots = svg("g", { class: "dots" });
  const cross = svg("path", { class: "cross", d: "M-8 0H8M0 -8V8" });
  const field = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, tabindex: "0", role: "application", "aria-label": t("drawHere"), pointerdown: click, keydown: press },
    svg("rect", { width: WIDTH, height: HEIGHT }), dots, cross);
  const words = h("p", { class: "note", role: "status" });
  const element = h("div", { class: "drawing" }, field, words, h("button", { type: "button", click: () => { points.length = 0; changed(); } }, t("clear")));
  /** @type {Page.Point} */
  let at = [SIDE / 2, SIDE / 2];
  /** @param {Page.Point} point @returns {Page.Point} */
  const place = ([x, y]) => [(x / SIDE) * WIDTH, (1 - y / SIDE) * HEIGHT];
  draw();

  /** @param {PointerEvent} event */
  function click(event) {
    const { left, top, width, height } = field.getBoundingClientRect();
    at = [round(((event.clientX - left) / width) * SIDE), round((1 - (event.clientY - top) / height) * SIDE)];
    toggle();
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    /** @type {{[key: string]: Page.Point}} */
    const moves = { ArrowLeft: [-0.25, 0], ArrowRight: [0.25, 0], ArrowUp: [0, 0.25], ArrowDown: [0, -0.25] };
    if (event.key in moves) {
      const [right, up] = moves[event.key];
      at = [within(at[0] + right), within(at[1] + up)];
    }
    else if (event.key === "Enter" || event.key === " ") toggle();
    else return;
    event.preventDefault();
    draw();
  }

  function toggle() {
    const near = points.findIndex((point) => Math.hypot(...place(point).map((value, i) => value - place(at)[i])) < 2 * RADIUS);
    if (near < 0) points.push(at);
    else points.splice(near, 1);
    changed();
  }

  function changed() {
    draw();
    onChange();
  }

  function draw() {
    choose(dots, points.map((point) => svg("circle", { cx: place(point)[0], cy: place(point)[1], r: RADIUS })));
    cross.setAttribute("transform", `translate(${place(at).join(" ")})`);
    words.textContent = t("drawnPoints", { n: points.length });
  }
  return { element };
}

/** @param {number} value */
const round = (value) => Number(value.toFixed(2));

/** @param {number} value */
const within = (value) => Math.min(SIDE, Math.max(0, round(value)));

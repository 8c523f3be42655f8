// An editor for points: a click adds a point, a click on a point removes it. The arrow keys and Enter do the same.
import { choose, h, svg } from "/static/lib/dom.js";
import { t } from "/static/lib/form-i18n.js";

const [WIDTH, HEIGHT, SIDE] = [480, 300, 10];
const MARGIN = { left: 44, right: 12, top: 10, bottom: 46 }; // the axes' numbers and names
const TICKS = [0, 2, 4, 6, 8, 10];
const RADIUS = 6;

/**
 * `points` are [x, y] between 0 and 10; the editor changes the array in place.
 * @param {Page.Point[]} points
 * @param {() => void} onChange
 */
export function drawing(points, onChange) {
  const dots = svg("g", { class: "dots" });
  const cross = svg("path", { class: "cross", d: "M-8 0H8M0 -8V8" });
  const frame = [-MARGIN.left, -MARGIN.top, WIDTH + MARGIN.left + MARGIN.right, HEIGHT + MARGIN.top + MARGIN.bottom];
  const field = svg("svg", { viewBox: frame.join(" "), tabindex: "0", role: "application", "aria-label": t("drawHere"), "aria-describedby": "draw-hint", pointerdown: click, keydown: press },
    svg("rect", { width: WIDTH, height: HEIGHT }), axes(), dots, cross);
  const words = h("p", { class: "note", role: "status" });
  const element = h("div", { class: "drawing" }, h("p", { class: "help", id: "draw-hint" }, t("drawHint")), field, words, h("button", { type: "button", click: () => { points.length = 0; changed(); } }, t("clear")));
  /** @type {Page.Point} */
  let at = [SIDE / 2, SIDE / 2];
  draw();

  /** @param {PointerEvent} event */
  function click(event) {
    const { left, top, width, height } = field.getBoundingClientRect();
    const [x, y] = [frame[0] + ((event.clientX - left) / width) * frame[2], frame[1] + ((event.clientY - top) / height) * frame[3]];
    at = [within((x / WIDTH) * SIDE), within((1 - y / HEIGHT) * SIDE)];
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

/** @param {Page.Point} point @returns {Page.Point} */
const place = ([x, y]) => [(x / SIDE) * WIDTH, (1 - y / SIDE) * HEIGHT];

/** @param {number} value */
const within = (value) => Math.min(SIDE, Math.max(0, Number(value.toFixed(2))));

/** A grid line and a number at each tick of both axes, and the names of the two columns. */
function axes() {
  const ticks = TICKS.flatMap((tick) => {
    const [x, y] = place([tick, tick]);
    return [
      svg("path", { d: `M${x} 0V${HEIGHT}M0 ${y}H${WIDTH}` }),
      svg("text", { x, y: HEIGHT + 20, "text-anchor": "middle" }, String(tick)), svg("text", { x: -8, y: y + 5, "text-anchor": "end" }, String(tick)),
    ];
  });
  return svg("g", { class: "axes", "aria-hidden": "true" }, ticks,
    svg("text", { x: WIDTH / 2, y: HEIGHT + 40, "text-anchor": "middle" }, "x"), svg("text", { x: -32, y: HEIGHT / 2 + 5, "text-anchor": "middle" }, "y"));
}

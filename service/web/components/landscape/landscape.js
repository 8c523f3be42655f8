// The map of a landscape: E as contours (or, over one parameter, as a curve) with the paths of one or more descents. A marker
// on each path shows the chosen step. The pointer near a path and the arrow keys choose the step.
import { choose as fill, h, svg } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { drawAxes } from "/static/components/landscape/axes.js";
import { drawContours } from "/static/components/landscape/contours.js";
import { heightMap } from "/static/components/landscape/height-map.js";
import { isKnown } from "/static/lib/scale.js";
import { drawMinima } from "/static/components/landscape/minima.js";
import { drawPath } from "/static/components/landscape/path.js";

const REACH = 24; // pixels: the distance from a path within which a hovering pointer picks a step
const ARROW = 58;
const LEAP = 0.1; // share of the steps that Page Up and Page Down move by

/**
 * `data` is the API's answer. `paths` are {name, colour, x, y, step, best, isWhole} on its plane; the default is the answer's own path.
 * `label` is the picture's accessible name and `describedBy` the id of its description. A click or a key calls `choose(step)`, a hovering
 * pointer `pass(step)`. Returns `stop()` and `select(step, point, words, towards)`: `point` is the exact position [x, y] of the first
 * path's step on the plane, `towards` the arrow's direction; both may be null.
 * @param {HTMLElement} host
 * @param {Api.Landscape} data
 * @param {Omit<Page.PictureOptions, "paths"> & { paths?: Page.Path[] }} options
 * @returns {Page.Picture}
 */
export function landscape(host, data, { paths = [data.path], label, describedBy = null, choose, pass }) {
  const shape = heightMap(data.energy);
  const [x, y] = [data.x, data.y.label === null ? energyAxis(data) : data.y];
  const drawn = paths.map((path) => (data.y.label === null ? { ...path, y: path.train_loss } : path));
  const last = Math.max(...paths.map(({ step }) => step[step.length - 1]));
  const figure = h("div", { class: "landscape-figure", role: "slider", tabindex: 0, "aria-label": label, "aria-describedby": describedBy, "aria-valuemin": 0, "aria-valuemax": last });
  const pointer = svg("g", { class: "arrow" }, svg("path", { class: "halo" }), svg("path", { class: "line" }));
  /** @type {Page.Axes} */
  let axes;
  /** @type {ReturnType<typeof drawPath>[]} */
  let drawnPaths = [];
  /** @type {Parameters<Page.Picture["select"]> | null} */
  let chosen = null;

  /** @param {number} width */
  function draw(width) {
    axes = drawAxes(x, y, width);
    drawContours(axes, data, shape);
    drawnPaths = drawn.map((path) => drawPath(axes, path));
    axes.plot.append(drawMinima(axes, data), ...drawnPaths.map(({ element }) => element), pointer);
    fill(figure, axes.picture);
    if (chosen) select(...chosen);
  }

  /** @type {Page.Picture["select"]} */
  function select(step, point = null, words = t("atStep", { n: step }), towards = null) {
    chosen = [step, point, words, towards];
    figure.setAttribute("aria-valuenow", String(step));
    figure.setAttribute("aria-valuetext", words);
    const balls = drawnPaths.map((each, i) => (i === 0 && point ? axes.place(...point) : each.at(step)));
    for (const [i, each] of drawnPaths.entries()) each.move(balls[i]);
    arrow(balls[0], towards);
  }

  /**
   * The arrow starts at the first path's marker. Its length is fixed, since the gradient's norm spans many powers of ten.
   * @param {Page.Point | null} ball
   * @param {Page.Point | null} towards
   */
  function arrow(ball, towards) {
    pointer.toggleAttribute("hidden", true);
    if (!towards || !ball || !axes.holds(ball)) return;
    const [from, to] = [axes.place(0, 0), axes.place(...towards)];
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const size = Math.hypot(dx, dy);
    if (!(size > 0 && size < Infinity)) return;
    const turn = (180 * Math.atan2(dy / size, dx / size)) / Math.PI;
    for (const part of pointer.children) part.setAttribute("d", `M9 0H${ARROW}M${ARROW - 10} -6L${ARROW} 0L${ARROW - 10} 6`);
    pointer.setAttribute("transform", `translate(${ball.join(" ")}) rotate(${turn.toFixed(2)})`);
    pointer.toggleAttribute("hidden", false);
  }

  /** @param {PointerEvent} event */
  function pick(event) {
    const { left, top } = axes.picture.getBoundingClientRect();
    /** @type {Page.Point} */
    const point = [event.clientX - left - axes.inside.left, event.clientY - top - axes.inside.top];
    const found = drawnPaths.map(({ closest }) => closest(point)).reduce((a, b) => (b.far < a.far ? b : a));
    if (event.type === "pointerdown") choose(found.step);
    else if (found.far < REACH) pass(found.step);
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    const leap = Math.max(1, Math.round(LEAP * last));
    /** @type {{[key: string]: number}} */
    const moves = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: leap, PageDown: -leap, Home: -last, End: last };
    if (!(event.key in moves) || !chosen) return;
    event.preventDefault();
    choose(Math.min(last, Math.max(0, chosen[0] + moves[event.key])));
  }

  figure.addEventListener("pointermove", pick);
  figure.addEventListener("pointerdown", pick);
  figure.addEventListener("keydown", press);
  fill(host, figure);
  const sizes = new ResizeObserver(([{ contentRect: { width } }]) => {
    if (width && width !== axes.room) draw(width);
  });
  draw(host.clientWidth || 600);
  sizes.observe(host);
  return { select, heightMap: shape, stop: () => sizes.disconnect() };
}

/**
 * Over one parameter the second axis is E. Its range covers the curve and the path.
 * @param {Api.Landscape} data
 * @returns {Api.Axis}
 */
function energyAxis({ energy: [values], path }) {
  const known = [...values, ...path.train_loss].filter(isKnown);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const room = 0.06 * (high - low) || 1;
  return { label: "E(θ)", values: [low - room, high + room] };
}

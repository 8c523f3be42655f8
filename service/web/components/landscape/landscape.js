// The picture of a landscape: E as contours (or, over one parameter, as a curve) with the paths of one or more descents on
// it, each with a ball at the chosen step. The pointer near a path, and the arrow keys, choose the step.
import { choose as fill, h, svg } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { frame } from "/static/components/landscape/axes.js";
import { drawGround } from "/static/components/landscape/contours.js";
import { relief } from "/static/components/landscape/height-map.js";
import { isKnown } from "/static/lib/scale.js";
import { trail } from "/static/components/landscape/path.js";

const REACH = 24; // pixels within which a pointer picks a step by being there
const ARROW = 58;
const LEAP = 0.1; // of the steps, by Page Up and Page Down

/**
 * `data` is what the API answers; `paths` are {name, colour, x, y, step, best, isWhole} on its plane, by default its own path
 * alone; `label` names the picture, `describedBy` is the id of its words; `choose(step)` is called for a step that is picked and
 * `pass(step)` for one that the pointer passes. Gives `select(step, point, words, towards)`, `point` being where exactly the first path's
 * step is, [x, y] on the plane, `towards` the direction of its arrow there, or null; and `stop()`.
 * @param {HTMLElement} host
 * @param {Api.Landscape} data
 * @param {Omit<Page.PictureOptions, "paths"> & { paths?: Page.Path[] }} options
 * @returns {Page.Picture}
 */
export function landscape(host, data, { paths = [data.path], label, describedBy = null, choose, pass }) {
  const shape = relief(data.energy);
  const [x, y] = [data.x, data.y.label === null ? energyAxis(data) : data.y];
  const drawn = paths.map((path) => (data.y.label === null ? { ...path, y: path.train_loss } : path));
  const last = Math.max(...paths.map(({ step }) => step[step.length - 1]));
  const figure = h("div", { class: "landscape-figure", role: "slider", tabindex: 0, "aria-label": label, "aria-describedby": describedBy, "aria-valuemin": 0, "aria-valuemax": last });
  const pointer = svg("g", { class: "arrow" }, svg("path", { class: "halo" }), svg("path", { class: "line" }));
  /** @type {Page.Sheet} */
  let sheet;
  /** @type {ReturnType<typeof trail>[]} */
  let trails = [];
  /** @type {Parameters<Page.Picture["select"]> | null} */
  let chosen = null;

  /** @param {number} width */
  function draw(width) {
    sheet = frame(x, y, width);
    drawGround(sheet, data, shape);
    trails = drawn.map((path) => trail(sheet, path));
    sheet.plot.append(...trails.map(({ element }) => element), pointer);
    fill(figure, sheet.sheet);
    if (chosen) select(...chosen);
  }

  /** @type {Page.Picture["select"]} */
  function select(step, point = null, words = t("atStep", { n: step }), towards = null) {
    chosen = [step, point, words, towards];
    figure.setAttribute("aria-valuenow", String(step));
    figure.setAttribute("aria-valuetext", words);
    const balls = trails.map((each, i) => (i === 0 && point ? sheet.place(...point) : each.at(step)));
    for (const [i, each] of trails.entries()) each.move(balls[i]);
    arrow(balls[0], towards);
  }

  /**
   * From the first path's ball, as long whatever its size: the direction tells, the length would not fit.
   * @param {Page.Point | null} ball
   * @param {Page.Point | null} towards
   */
  function arrow(ball, towards) {
    pointer.toggleAttribute("hidden", true);
    if (!towards || !ball || !sheet.holds(ball)) return;
    const [from, to] = [sheet.place(0, 0), sheet.place(...towards)];
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
    const { left, top } = sheet.sheet.getBoundingClientRect();
    /** @type {Page.Point} */
    const point = [event.clientX - left - sheet.inside.left, event.clientY - top - sheet.inside.top];
    const found = trails.map(({ closest }) => closest(point)).reduce((a, b) => (b.far < a.far ? b : a));
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
    if (width && width !== sheet.room) draw(width);
  });
  draw(host.clientWidth || 600);
  sizes.observe(host);
  return { select, relief: shape, stop: () => sizes.disconnect() };
}

/**
 * Over one parameter the second axis is E, as far as the curve and the path go.
 * @param {Api.Landscape} data
 * @returns {Api.Axis}
 */
function energyAxis({ energy: [values], path }) {
  const known = [...values, ...path.train_loss].filter(isKnown);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const room = 0.06 * (high - low) || 1;
  return { label: "E(θ)", values: [low - room, high + room] };
}

// An SVG plot with two axes. A `Look` defines its content; CSS defines the colours.
import { choose, svg } from "/static/lib/dom.js";
import { rounded } from "/static/lib/format.js";
import { niceTicks } from "/static/lib/scale.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [58, 12, 26, 44];
const SHARE = 0.78; // height by width
const TICK_DIGITS = 6;

/**
 * @param {HTMLElement} host
 * @param {Page.Look} look
 */
export function plane(host, look) {
  const clip = svg("rect");
  const [axes, under, points, over] = ["axes", "under", "points", "over"].map((name) => svg("g", { class: name }));
  const clipped = svg("g", { "clip-path": "url(#fit-clip)" }, under, points, over);
  const element = svg("svg", { "aria-hidden": "true", focusable: "false" }, svg("clipPath", { id: "fit-clip" }, clip), axes, clipped);
  choose(host, element);
  /** @type {PlotFrame | null} */
  let place = null;
  /** @type {[now: Page.Prediction, low: Page.Prediction | null] | null} */
  let last = null;

  /** @param {number} width */
  function size(width) {
    const height = Math.round(width * SHARE);
    for (const [name, value] of Object.entries({ width, height })) element.setAttribute(name, String(value));
    for (const [name, value] of Object.entries({ x: LEFT, y: TOP, width: width - LEFT - RIGHT, height: height - TOP - BOTTOM })) clip.setAttribute(name, String(value));
    place = {
      x: along(look.x.range, LEFT, width - RIGHT), y: along(look.y.range, height - BOTTOM, TOP),
      left: LEFT, right: width - RIGHT, top: TOP, bottom: height - BOTTOM,
    };
    choose(axes, [...horizontal(place, look.x), ...vertical(place, look.y)]);
    choose(points, look.points(place));
    if (last) draw(...last);
  }

  /** @param {Page.Prediction} now @param {Page.Prediction | null} low */
  function draw(now, low) {
    last = [now, low];
    if (!place) return;
    choose(under, look.under(place, now, low));
    choose(over, look.over(place, now, low));
  }

  const sizes = new ResizeObserver(([{ contentRect: { width } }]) => width && size(width));
  sizes.observe(host);
  return { draw, stop: () => sizes.disconnect() };
}

/** @typedef {Page.Place & { left: number, right: number, top: number, bottom: number }} PlotFrame */
/** @param {[low: number, high: number]} range @param {number} from @param {number} to @returns {(value: number) => number} */
const along = ([low, high], from, to) => (value) => from + ((value - low) / (high - low)) * (to - from);

/** @param {PlotFrame} place @param {Page.LookAxis} axis */
function horizontal({ x, left, right, top, bottom }, { label, range, ticks = niceTicks(...range, (right - left) / 80) }) {
  const middle = (left + right) / 2;
  return [
    ...ticks.map((tick) => svg("path", { d: `M${x(tick)} ${top}V${bottom}` })),
    ...ticks.map((tick) => svg("text", { x: x(tick), y: bottom + 18, "text-anchor": "middle" }, rounded(tick, TICK_DIGITS))),
    svg("text", { class: "label", x: middle, y: bottom + 38, "text-anchor": "middle" }, label),
  ];
}

/** @param {PlotFrame} place @param {Page.LookAxis} axis */
function vertical({ y, left, right, top, bottom }, { label, range, ticks = niceTicks(...range, (bottom - top) / 45) }) {
  return [
    ...ticks.map((tick) => svg("path", { d: `M${left} ${y(tick)}H${right}` })),
    ...ticks.map((tick) => svg("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, rounded(tick, TICK_DIGITS))),
    svg("text", { class: "label", x: left, y: top - 12 }, label),
  ];
}

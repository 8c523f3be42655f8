// The path of a descent on a landscape: a line, a dot for each step, marks for the start, the end and the best step, and a marker.
import { svg } from "/static/lib/dom.js";
import { isKnown } from "/static/lib/scale.js";

const APART = 7; // pixels: the least distance between two dots

/**
 * `path` is {name, colour, dash, step, x, y, best, isWhole}; the columns are those of the API, `best` is a step or absent. `isWhole`: the
 * path ends where its descent ends; at later steps, which other descents have, the marker stays at the end.
 * @param {Page.Axes} frame
 * @param {Page.Path} path
 */
export function drawPath(frame, path) {
  const places = path.step.map((_, i) => frame.place(path.x[i], path.y[i]));
  const end = places[places.length - 1];
  const line = places.map((place) => place.map((each) => each.toFixed(2)).join(" "));
  const d = line.length > 1 ? `M${line.join("L")}` : `M${line[0]}h0.1`;
  const ball = svg("circle", { class: "ball", r: 8 });
  const element = svg("g", { class: "walk" },
    svg("path", { class: "halo", d }), svg("path", { class: "line", d, "stroke-dasharray": path.dash?.join(" ") }),
    dots(places).map(([x, y]) => svg("circle", { class: "spot", cx: x, cy: y, r: 2.5 })),
    svg("circle", { class: "start", r: 5, ...centre(places[0]) }), svg("path", { class: "end", d: "M-5 -5L5 5M-5 5L5 -5", transform: `translate(${end.join(" ")})` }),
    bestRing(), ball);
  if (path.colour) element.style.color = path.colour;

  function bestRing() {
    const place = isKnown(path.best) ? at(path.best) : null;
    return place && svg("circle", { class: "best", r: 7, ...centre(place) });
  }

  /** The position of a step, interpolated where the path omits the step; null beyond the path unless the path is whole. @param {number} step @returns {Page.Point | null} */
  function at(step) {
    const last = path.step[path.step.length - 1];
    if (step >= last) return step === last || path.isWhole ? end : null;
    const i = Math.max(1, path.step.findIndex((each) => each >= step));
    const part = (step - path.step[i - 1]) / (path.step[i] - path.step[i - 1]);
    const [[fromX, fromY], [toX, toY]] = [places[i - 1], places[i]];
    return [fromX + part * (toX - fromX), fromY + part * (toY - fromY)];
  }

  /** Moves the marker; a position outside the plot hides it. @param {Page.Point | null} place */
  function move(place) {
    const isHere = place !== null && frame.holds(place);
    ball.toggleAttribute("hidden", !isHere);
    if (isHere) for (const [name, value] of Object.entries(centre(place))) ball.setAttribute(name, String(value));
  }

  /** The step closest to a point of the plot, and its distance in pixels. @param {Page.Point} point */
  function closest([x, y]) {
    const far = places.map(([a, b]) => Math.hypot(a - x, b - y));
    const i = far.indexOf(Math.min(...far));
    return { step: path.step[i], far: far[i] };
  }
  return { element, at, move, closest };
}

/** @param {Page.Point} place */
const centre = ([cx, cy]) => ({ cx, cy });

/** @param {Page.Point[]} places */
function dots(places) {
  /** @type {Page.Point | null} */
  let last = null;
  return places.filter(([x, y]) => {
    const clear = last === null || Math.hypot(x - last[0], y - last[1]) >= APART;
    if (clear) last = [x, y];
    return clear;
  });
}

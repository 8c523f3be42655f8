// Points as marks: one SVG path for all points of one look. Training points are filled, test points hollow.
import { h, svg } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

const R = 4.2;
/** @type {((x: number, y: number) => string)[]} */
const SHAPES = [
  (x, y) => `M${x - R} ${y}a${R} ${R} 0 1 0 ${2 * R} 0a${R} ${R} 0 1 0 ${-2 * R} 0Z`,
  (x, y) => `M${x - R} ${y - R}h${2 * R}v${2 * R}h${-2 * R}Z`,
  (x, y) => `M${x} ${y - 1.25 * R}l${1.2 * R} ${2.1 * R}h${-2.4 * R}Z`,
  (x, y) => `M${x} ${y - 1.35 * R}l${1.35 * R} ${1.35 * R}l${-1.35 * R} ${1.35 * R}l${-1.35 * R} ${-1.35 * R}Z`,
  (x, y) => `M${x} ${y + 1.25 * R}l${1.2 * R} ${-2.1 * R}h${-2.4 * R}Z`,
];
export const COLOURS = 8;

/**
 * Points in pixels as one path. `of` is the class, or null in a regression.
 * @param {Page.Point[]} points
 * @param {number | null} of
 * @param {boolean} isTest
 */
export function marks(points, of, isTest) {
  const shape = SHAPES[(of ?? 0) % SHAPES.length];
  return svg("path", { class: markClass(of, isTest), d: points.map(([x, y]) => shape(x, y)).join("") });
}

/** @param {number | null} of @param {boolean} isTest */
const markClass = (of, isTest) => `mark ${isTest ? "test" : "train"} ${of === null ? "one" : `class-${of % COLOURS}`}`;

/**
 * The legend of the marks: the classes, if any, and filled for training, hollow for test.
 * @param {{ isTest: boolean }[]} points
 * @param {readonly (string | number)[] | null} classes
 */
export function pointEntries(points, classes) {
  const sides = [false, true].filter((side) => points.some(({ isTest }) => isTest === side));
  if (!classes) return sides.map((isTest) => markEntry(t(isTest ? "testPoints" : "trainPoints"), null, isTest));
  return [...classes.map((name, of) => markEntry(String(name), of, false)), ...(sides.length > 1 ? [markEntry(t("testPoints"), 0, true)] : [])];
}

/** @param {string} words @param {number | null} of @param {boolean} isTest */
function markEntry(words, of, isTest) {
  return entry(svg("svg", { viewBox: "0 0 16 16", class: "glyph" }, marks([[8, 8]], of, isTest)), words);
}

/** @param {string} name @param {string} words */
export const lineEntry = (name, words) => entry(svg("svg", { viewBox: "0 0 28 16", class: "glyph wide" }, svg("path", { class: name, d: "M1 8H27" })), words);

/** @param {SVGElement} picture @param {string} words */
function entry(picture, words) {
  picture.setAttribute("aria-hidden", "true");
  return h("span", { class: "entry" }, picture, h("span", {}, words));
}

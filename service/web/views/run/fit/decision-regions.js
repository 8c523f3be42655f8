// The fit of a classifier of two features: the predicted class over the plane, the boundary, and the points by shape and colour.
import "/static/vendor/d3-array-3.2.5/d3-array.min.js";
import "/static/vendor/d3-contour-4.0.3/d3-contour.min.js";
import { svg } from "/static/lib/dom.js";
import { count, t } from "/static/lib/i18n.js";
import { COLOURS, lineEntry, pointEntries } from "/static/views/run/fit/marks.js";
import { pointMarks } from "/static/views/run/fit/ranges.js";

/**
 * @param {Api.Predictions & { y: Api.PredictedAxis, classes: readonly (string | number)[] }} answer
 * @returns {Page.Look}
 */
export function regionsLook({ x, y, classes, held, points }) {
  const dots = points.x.map(([first, second], i) => ({ x: first, y: second, of: points.y[i], isTest: points.test[i] }));
  const trace = globalThis.d3.contours().size([x.values.length, y.values.length]);
  const isTwo = classes.length === 2;
  /**
   * The share of a class at each point of the grid; the boundary is at one half.
   * @param {Api.Value[]} prediction
   * @param {number} code
   */
  const share = (prediction, code) => prediction.map((value) => Number(isTwo ? Math.abs(1 - code - (value ?? 0)) : value === code));
  /** @param {Api.Value[]} prediction @param {number} code @param {Page.Place} place */
  const outline = (prediction, code, place) => outlineOf(trace.contour(share(prediction, code), 0.5).coordinates, x.values, y.values, place);
  /** @param {string} name @param {Page.Prediction} at @param {Page.Place} place */
  const boundary = (name, { prediction }, place) => svg("path", { class: name, d: classes.map((_, code) => outline(prediction, code, place)).slice(Number(isTwo)).join("") });

  return {
    about: Object.keys(held).length ? t("fitAboutHeld", { names: Object.keys(held).join(", ") }) : t("fitAboutRegions"),
    x: { label: x.feature, range: ends(x.values) },
    y: { label: y.feature, range: ends(y.values) },
    under: (place, now, low) => [
      ...classes.map((_, code) => svg("path", { class: `region class-${code % COLOURS}`, d: outline(now.prediction, code, place) })),
      low ? boundary("best-fit", low, place) : null,
      boundary("fit", now, place),
    ].filter(Boolean),
    points: (place) => pointMarks(dots, place),
    over: () => [],
    legend: (now, low) => [
      ...pointEntries(dots, classes),
      lineEntry("fit", t("boundaryAt", { n: now.step })), low ? lineEntry("best-fit", t("fitBest", { n: low.step })) : null,
    ],
    words: ({ step, prediction }) => t("regionWords", { n: step, points: count(dots.length), shares: shares(prediction, classes) }),
  };
}

/** @param {number[]} values @returns {[low: number, high: number]} */
const ends = (values) => [values[0], values[values.length - 1]];

/**
 * The rings of a contour in pixels. d3 places a value in the middle of its grid cell.
 * @param {number[][][][]} polygons
 * @param {number[]} xs
 * @param {number[]} ys
 * @param {Page.Place} place
 */
function outlineOf(polygons, xs, ys, place) {
  /** @param {number[]} values @param {number} cell */
  const at = (values, cell) => values[0] + ((cell - 0.5) / (values.length - 1)) * (values[values.length - 1] - values[0]);
  /** @param {number[][]} points */
  const ring = (points) => `M${points.map(([i, j]) => `${place.x(at(xs, i)).toFixed(1)} ${place.y(at(ys, j)).toFixed(1)}`).join("L")}Z`;
  return polygons.flat().map(ring).join("");
}

/**
 * Each class's share of the plane: "Adelie 40 %, Gentoo 60 %".
 * @param {Api.Value[]} prediction
 * @param {readonly (string | number)[]} classes
 */
function shares(prediction, classes) {
  /** @param {Api.Value} value */
  const winner = (value) => (classes.length === 2 ? Number((value ?? 0) >= 0.5) : value);
  return classes.map((name, i) => `${name} ${Math.round((100 * prediction.filter((value) => winner(value) === i).length) / prediction.length)} %`).join(", ");
}

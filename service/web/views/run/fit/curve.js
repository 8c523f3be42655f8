// The fit of one feature: the points, the curve f(θ, x), and the residuals between them.
import { svg } from "/static/lib/dom.js";
import { count, t } from "/static/lib/i18n.js";
import { rounded } from "/static/lib/format.js";
import { lineEntry, pointEntries } from "/static/views/run/fit/marks.js";
import { between, line, pointMarks, rangeWith } from "/static/views/run/fit/ranges.js";

const MOST_ERRORS = 120; // lines that are still distinguishable

/**
 * @param {Api.Predictions} answer
 * @param {string} target
 * @returns {Page.Look}
 */
export function curveLook({ x: { feature, values }, classes, points, prediction: film }, target) {
  const isClass = Boolean(classes);
  const dots = points.x.map(([x], i) => ({ x, y: points.y[i], of: isClass ? points.y[i] : null, isTest: points.test[i] }));
  const trained = dots.filter(({ isTest }) => !isTest);
  const label = classes ? (classes.length === 2 ? t("probabilityOf", { name: classes[1] }) : t("classNumber")) : target;
  /** @param {string} name @param {Page.Place} place @param {Page.Prediction} at */
  const path = (name, place, { prediction }) => svg("path", { class: name, d: line(values, prediction, place) });

  /** @param {Page.Place} place @param {Page.Prediction} at */
  function errors(place, { prediction }) {
    const ends = trained.map(({ x, y }) => ({ x, y, hat: between(values, prediction, x) })).filter(({ hat }) => hat !== null);
    return svg("path", { class: "misses", d: ends.map(({ x, y, hat }) => line([x, x], [y, hat], place)).join("") });
  }

  return {
    about: isClass ? t("fitAboutProbability") : t("fitAboutCurve"),
    x: { label: feature, range: [values[0], values[values.length - 1]] },
    y: { label, range: rangeWith(dots.map(({ y }) => y), film) },
    under: (place, now, low) => [
      trained.length <= MOST_ERRORS && !isClass ? errors(place, now) : null,
      low ? path("best-fit", place, low) : null,
    ].filter(Boolean),
    points: (place) => pointMarks(dots, place),
    over: (place, now) => [path("fit", place, now)],
    legend: (now, low) => [
      ...pointEntries(dots, classes),
      lineEntry("fit", t("fitAt", { n: now.step })), low ? lineEntry("best-fit", t("fitBest", { n: low.step })) : null,
    ],
    words: ({ step, prediction }) => t("curveWords", {
      n: step, train: count(trained.length), test: count(dots.length - trained.length), feature,
      from: rounded(prediction[0]), x0: rounded(values[0]), to: rounded(prediction.at(-1)), x1: rounded(values.at(-1)),
    }),
  };
}

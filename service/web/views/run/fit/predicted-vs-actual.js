// The fit of several features: predicted against actual values. A perfect fit is on the diagonal.
import { svg } from "/static/lib/dom.js";
import { count, t } from "/static/lib/i18n.js";
import { rounded } from "/static/lib/format.js";
import { isKnown } from "/static/lib/scale.js";
import { lineEntry, pointEntries } from "/static/views/run/fit/marks.js";
import { line, pointMarks, rangeOf, rangeWith } from "/static/views/run/fit/ranges.js";

/**
 * @param {Api.Predictions} answer
 * @param {string} target
 * @returns {Page.Look}
 */
export function againstLook({ points, fitted: film }, target) {
  const range = rangeOf(points.y);
  const [low, high] = rangeWith(points.y, film);
  const dots = points.y.map((x, i) => ({ x, of: null, isTest: points.test[i] }));
  /** @param {Page.Prediction} now */
  const at = ({ fitted }) => dots.flatMap((dot, i) => {
    const y = fitted[i];
    return isKnown(y) ? [{ ...dot, y }] : [];
  });
  /** @param {Page.Dot} dot */
  const inSight = (dot) => ({ ...dot, y: Math.min(high, Math.max(low, dot.y)) }); // points outside the range become marks at its edge

  return {
    about: t("fitAboutAgainst"),
    x: { label: t("givenValue", { name: target }), range },
    y: { label: t("predictedValue"), range: [low, high] },
    under: (place) => [svg("path", { class: "diagonal", d: line(range, range, place) })],
    points: () => [],
    over: (place, now) => pointMarks(at(now).map(inSight), place),
    legend: () => [...pointEntries(dots, null), lineEntry("diagonal", t("diagonal"))],
    words: (now) => {
      const off = at(now).map(({ x, y }) => Math.abs(x - y)).sort((one, other) => one - other);
      return t("againstWords", { n: now.step, rows: count(dots.length), off: rounded(off[off.length >> 1]) });
    },
  };
}

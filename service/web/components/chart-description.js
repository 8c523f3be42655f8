// The text alternative of a curve.
import { t } from "/static/lib/i18n.js";
import { rounded } from "/static/lib/format.js";
import { isKnown } from "/static/lib/scale.js";

/**
 * The first, the last and the lowest value of a curve in words.
 * @param {string} label
 * @param {number[]} steps
 * @param {(Api.Value | undefined)[]} values
 */
export function curveWords(label, steps, values) {
  const known = values.flatMap((value, i) => (isKnown(value) ? [{ value, at: steps[i] }] : []));
  if (known.length === 0) return t("chartNoValue", { label });
  const lowest = known.reduce((low, point) => (point.value < low.value ? point : low));
  const [first, last] = [known[0], known[known.length - 1]];
  return t("chartCurve", {
    label, first: rounded(first.value), from: first.at, last: rounded(last.value), to: last.at,
    best: rounded(lowest.value), at: lowest.at,
  });
}

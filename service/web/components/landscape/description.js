// The text alternative of a landscape, shown under the picture.
import { language, t } from "/static/lib/i18n.js";
import { inRow, NOTHING, rounded } from "/static/lib/format.js";
import { isTrue } from "/static/components/landscape/axes.js";

/** @param {Api.Value} share */
const percent = (share) => (share === null ? NOTHING : new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 1 }).format(share));

/**
 * The landscape with labelled axes. A principal component is labelled with its share of the path's variance.
 * @param {Api.Landscape} data
 * @returns {Page.Surface}
 */
export function named(data) {
  /** @param {Api.Axis} axis @param {number} i */
  const name = (axis, i) => (data.explained ? t("landscape.axis", { name: axis.label, share: percent(data.explained[i]) }) : axis.label);
  /** @param {Api.Axis} each @param {number} i */
  const axis = (each, i) => ({ ...each, short: each.label, label: name(each, i) });
  return { ...data, x: axis(data.x, 0), y: axis(data.y, 1) };
}

/** @param {Page.Surface} data @param {Page.HeightMap} heightMap */
export function describe(data, { low, high, levels, ratio }) {
  const share = data.explained && percent(total(data.explained));
  const values = { x: data.x.label, y: data.y.label, low: rounded(low), high: rounded(high), n: levels.length, ratio, share };
  const flat = data.y.label === null;
  return [
    t(flat ? "landscape.line" : `landscape.${data.kind}`, values), t("landscape.range", values),
    !flat && levels.length ? t("landscape.contours", values) : "",
    data.minima.length ? t("landscape.minima", { n: data.minima.length }) : "",
    data.energy.flat().includes(null) ? t("landscape.unknown") : "",
    !flat && isTrue(data.x, data.y) ? t("landscape.true") : "",
  ].filter(Boolean).join(" ");
}

/** The sum; null if a share is unknown. @param {Api.Value[]} shares @returns {Api.Value} */
const total = (shares) => shares.reduce((sum, each) => (sum === null || each === null ? null : sum + each), 0);

/**
 * The marker's position in words.
 * @param {Page.Surface} data
 * @param {number} step
 * @param {Page.Point} place
 * @param {number} energy
 */
export function whereabouts(data, step, [x, y], energy) {
  const place = data.y.label === null ? `${data.x.label} ${rounded(x)}` : inRow([`${data.x.label} ${rounded(x)}`, `${data.y.label} ${rounded(y)}`]);
  return `${t("atStep", { n: step })}: ${place}, E ${rounded(energy)}`;
}

// What a landscape shows, in words: under the picture, and for those who cannot see it.
import { language, t } from "/static/lib/i18n.js";
import { rounded } from "/static/lib/format.js";
import { isTrue } from "/static/components/landscape/axes.js";

export const percent = (share) => new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 1 }).format(share);

/** The landscape with axes that say what they are: principal components with their share of the path's variance. */
export function named(data) {
  const name = (axis, i) => (data.explained ? t("landscape.axis", { name: axis.label, share: percent(data.explained[i]) }) : axis.label);
  const axis = (each, i) => ({ ...each, short: each.label, label: name(each, i) });
  return { ...data, x: axis(data.x, 0), y: axis(data.y, 1) };
}

export function describe(data, { low, high, levels, ratio }) {
  const values = { x: data.x.label, y: data.y.label, low: rounded(low), high: rounded(high), n: levels.length, ratio };
  const flat = data.y.label === null;
  if (data.explained) values.share = percent(data.explained.reduce((sum, each) => sum + each, 0));
  return [
    t(flat ? "landscape.line" : `landscape.${data.kind}`, values), t("landscape.range", values),
    !flat && levels.length ? t("landscape.contours", values) : "",
    data.energy.flat().includes(null) ? t("landscape.unknown") : "",
    !flat && isTrue(data.x, data.y) ? t("landscape.true") : "",
  ].filter(Boolean).join(" ");
}

/** Where the ball is. */
export function whereabouts(data, step, [x, y], energy) {
  const place = data.y.label === null ? `${data.x.label} ${rounded(x)}` : `${data.x.label} ${rounded(x)}, ${data.y.label} ${rounded(y)}`;
  return `${t("atStep", { n: step })}: ${place}, E ${rounded(energy)}`;
}

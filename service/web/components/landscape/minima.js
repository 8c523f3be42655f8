// The known minima of a function on its landscape, a diamond each.
import { svg } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { rounded } from "/static/lib/format.js";

const DIAMOND = "M0 -7L7 0L0 7L-7 0Z";

/** @param {Page.Axes} frame @param {Api.Landscape} data */
export const drawMinima = (frame, { minima, y: { label } }) => svg("g", { class: "minima" }, minima.map(({ x, y, value }) =>
  svg("path", { class: "minimum", d: DIAMOND, transform: `translate(${frame.place(x, label === null ? value : y).join(" ")})` },
    svg("title", {}, t("landscape.minimum", { energy: rounded(value) })))));

/** The sign in the legend. */
export const minimumSign = () => svg("path", { class: "minimum", d: DIAMOND, transform: "translate(8 8)" });

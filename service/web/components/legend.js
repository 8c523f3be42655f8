// The entries of a legend: a line sample and a label for each series.
import { h } from "/static/lib/dom.js";

/** @param {Page.Series[]} series */
export const legendEntries = (series) => series.map(({ name, words = name, colour, dash }) => {
  const sample = h("i", { class: "sample", "aria-hidden": "true" });
  sample.style.borderTop = `2.5px ${dash.length ? "dashed" : "solid"} var(${colour})`;
  return h("span", { class: "entry" }, sample, h("span", {}, words));
});

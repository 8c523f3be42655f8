// The label of a compared run: its name and its line style, a colour and a dash.
import { h, svg } from "/static/lib/dom.js";
import { titleOf } from "/static/lib/run-title.js";
import { runLink } from "/static/components/sample-run-button.js";

const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

/** The line style of the run at this index. @param {number} place */
export const styleOf = (place) => ({ colour: `--curve-${place}`, dash: DASHES[place % DASHES.length] });

/** @param {Api.Run} run @param {number} place */
export function runName(run, place) {
  const { colour, dash } = styleOf(place);
  const line = svg("line", { x1: 0, y1: 5, x2: 30, y2: 5, "stroke-dasharray": dash.join(" ") });
  line.style.stroke = `var(${colour})`;
  const sample = svg("svg", { class: "line", viewBox: "0 0 30 10", "aria-hidden": "true", focusable: "false" }, line);
  return h("span", { class: "run-name" }, sample, h("a", { href: runLink(run.id) }, titleOf(run)));
}

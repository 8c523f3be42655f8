// The legend of a landscape.
import { choose, h, svg } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { minimumSign } from "/static/components/landscape/minima.js";
import { heightColour } from "/static/components/landscape/height-map.js";

const TINTS = 9;
const SIGNS = {
  start: () => svg("circle", { class: "start", cx: 8, cy: 8, r: 5 }),
  end: () => svg("path", { class: "end", d: "M3 3L13 13M3 13L13 3" }),
  best: () => svg("circle", { class: "best", cx: 8, cy: 8, r: 6 }),
  ball: () => svg("circle", { class: "ball", cx: 8, cy: 8, r: 6 }),
  minimum: minimumSign,
  arrow: () => svg("g", { class: "arrow" }, svg("path", { class: "line", d: "M1 8H15M10 4L15 8L10 12" })),
};

export function legend() {
  const element = h("div", { class: "legend landscape-legend" });

  /** @param {Api.Landscape} data @param {Page.Path} path @param {boolean} in3d */
  function update(data, path, in3d) {
    const flat = data.y.label === null;
    const [best, arrow] = [Number.isInteger(path.best) ? entry("best") : null, flat || in3d ? null : entry("arrow")];
    const minimum = data.minima.length > 0 ? entry("minimum") : null;
    choose(element, entry("start"), entry("end"), best, minimum, entry("ball"), arrow, flat ? null : tints());
  }
  return { element, update };
}

/** @param {keyof typeof SIGNS} name */
const entry = (name) => h("span", { class: "entry" },
  svg("svg", { class: "walk", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" }, SIGNS[name]()), h("span", {}, t(`landscape.sign.${name}`)));

function tints() {
  /** @param {unknown} _ @param {number} i */
  const each = (_, i) => {
    const tint = h("i");
    tint.style.background = heightColour(i / (TINTS - 1));
    return tint;
  };
  return h("span", { class: "entry tints" }, h("span", {}, t("landscape.low")), h("span", { class: "tint", "aria-hidden": "true" }, Array.from({ length: TINTS }, each)), h("span", {}, t("landscape.high")));
}

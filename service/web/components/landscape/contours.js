// E as filled contours over two parameters, or as a curve over one.
import "/static/vendor/d3-array-3.2.5/d3-array.min.js";
import "/static/vendor/d3-contour-4.0.3/d3-contour.min.js";
import { svg } from "/static/lib/dom.js";
import { heightColour } from "/static/components/landscape/height-map.js";

let patterns = 0;

/**
 * Draws E into the plot of the axes. `heightMap` maps a value of E to its height.
 * @param {Page.Axes} frame
 * @param {Api.Landscape} data
 * @param {Page.HeightMap} heightMap
 */
export function drawContours(frame, data, heightMap) {
  if (data.y.label === null) return frame.plot.append(curve(frame, data));
  const [columns, rows] = [data.x.values.length, data.y.values.length];
  const contours = globalThis.d3.contours().size([columns, rows]);
  /** @param {{ coordinates: number[][][][] }} contour */
  const path = ({ coordinates }) => coordinates.flat().map((ring) => `M${ring.map(([x, y]) => placed(x, y)).join("L")}Z`).join("");
  /** d3 places a grid value in the middle of its cell. @param {number} x @param {number} y */
  const placed = (x, y) => `${pixels((x - 0.5) / (columns - 1), frame.wide)} ${pixels(1 - (y - 0.5) / (rows - 1), frame.high)}`;
  const heights = data.energy.flat().map(heightMap.height);
  frame.plot.append(svg("rect", { class: "lowest", width: frame.wide, height: frame.high }));
  for (const level of heightMap.levels) {
    const contour = svg("path", { class: "contour", d: path(contours.contour(heights, heightMap.height(level))) });
    contour.style.fill = heightColour(heightMap.share(level));
    frame.plot.append(contour);
  }
  if (heights.includes(Infinity)) frame.plot.append(unknown(path(contours.contour(heights.map((each) => Number(each === Infinity)), 0.5))));
}

/** @param {number} share @param {number} size */
const pixels = (share, size) => (share * size).toFixed(1);

/** Hatches the cells where E is not finite. @param {string} d */
function unknown(d) {
  patterns += 1;
  const id = `unknown-ground-${patterns}`;
  const hatching = svg("pattern", { id, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { class: "bare", width: 7, height: 7 }), svg("path", { d: "M0 0V7" }));
  return svg("g", { class: "unknown" }, hatching, svg("path", { d, fill: `url(#${id})` }));
}

/** @param {Page.Axes} frame @param {Api.Landscape} data */
function curve(frame, { x, energy: [values] }) {
  const pieces = x.values.map((at, i) => {
    const value = values[i];
    return value === null ? null : frame.place(at, value);
  });
  const d = pieces.map((place, i) => place && `${pieces[i - 1] ? "L" : "M"}${place.map((each) => each.toFixed(1)).join(" ")}`);
  return svg("path", { class: "energy", d: d.filter(Boolean).join("") });
}

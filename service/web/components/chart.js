// Curves over the steps. uPlot draws lines and axes. The cursor, its dots and the rings around marked steps are elements above
// the canvas, so that they move without a redraw and take their colours from CSS.
import { h } from "/static/lib/dom.js";
import { count } from "/static/lib/i18n.js";
import { niceTicks, scaling } from "/static/lib/scale.js";

// style.css aligns the slider with these two.
const AXIS_WIDTH = 64;
const MARGIN_RIGHT = 32;
const FEW = 25; // steps: up to this number, each point is drawn

/**
 * The horizontal axis of steps. A scale of `scaling` replaces it; that scale then plots the columns' `step`.
 * @type {Page.Across}
 */
const STEPS = {
  ticks: (low, high, most) => niceTicks(low, high, most).filter(Number.isInteger),
  label: count,
};

/**
 * A pointer over the chart calls `onStep(step)`.
 * @param {HTMLElement} host
 * @param {Page.Series[]} series
 * @param {(step: number) => void} onStep
 */
export function chart(host, series, onStep, across = STEPS) {
  const names = series.map(({ name }) => name);
  /** @type {number[]} */
  let steps = [];
  let scale = scaling([], false);
  /** @type {{step: number, values: unknown[]} | null} */
  let selected = null;
  /** @type {Page.Mark[]} */
  let marks = [];
  /** @type {HTMLElement[]} */
  let rings = [];
  /** @param {string} name */
  const colour = (name) => getComputedStyle(host).getPropertyValue(name);
  const needle = h("div", { class: "needle" });
  const dots = series.map(dot);
  const plot = new globalThis.uPlot(options(), [[], ...names.map(() => [])], host);
  plot.over.append(needle, ...dots);
  followPointer(plot, () => steps, onStep);

  /** @returns {import("uplot").Options} */
  function options() {
    const grid = { stroke: () => colour("--chart-grid"), width: 1 };
    const axis = { stroke: () => colour("--chart-ink"), font: "12px system-ui, sans-serif", grid, gap: 8, ticks: { show: false } };
    const { width, height } = host.getBoundingClientRect();
    return {
      width: width || 600, height: height || 320, padding: [8, MARGIN_RIGHT, 0, 0],
      legend: { show: false }, cursor: { show: false }, hooks: { draw: [place] },
      scales: { x: { time: false, range: (_, low, high) => across.range ?? [low ?? 0, Math.max(high ?? 1, (low ?? 0) + 1)] }, y: { range: () => scale.range } },
      series: [{}, ...series.map(line)],
      axes: [
        { ...axis, size: 28, splits: (u, _, low, high) => across.ticks(low, high, u.width / 110), values: (_, ticks) => ticks.map((tick) => across.label(tick)) },
        { ...axis, size: AXIS_WIDTH, splits: (u, _, low, high) => scale.ticks(low, high, u.height / 48), values: (_, ticks) => ticks.map((tick) => scale.label(tick)) },
      ],
    };
  }

  /** @param {Page.Series} series @returns {import("uplot").Series} */
  function line({ colour: name, dash, spanGaps = false }) {
    const stroke = () => colour(name);
    const points = { show: (/** @type {import("uplot")} */ u) => across !== STEPS || u.data[0].length <= FEW, size: 5, fill: stroke, stroke };
    return { stroke, width: 2, dash, pxAlign: 0, points, spanGaps };
  }

  /**
   * `visible` are the names of the drawn series; `marked` are {step, value, colour} to ring. A null value is a gap in its curve; an
   * undefined one is skipped. The scale covers `fitted`; larger values leave the chart at the top.
   * @param {{columns: Page.Plotted}} curve
   * @param {string[]} visible
   * @param {boolean} log
   * @param {Page.Mark[]} marked
   * @param {unknown[]} fitted
   */
  function draw({ columns }, visible, log, marked, fitted = visible.flatMap((name) => columns[name])) {
    steps = columns.step;
    scale = scaling(fitted, log);
    /** @param {Api.Value | undefined} value */
    const plotted = (value) => (value === undefined ? value : scale.plot(value));
    const drawn = names.map((name) => (visible.includes(name) ? columns[name].map(plotted) : columns[name].map(() => null)));
    for (const old of rings) old.remove();
    marks = marked;
    rings = marks.map(ring);
    plot.over.append(...rings);
    plot.setData([steps, ...drawn]);
  }

  /**
   * @param {number} step
   * @param {Page.Row | null} row
   * @param {string[]} visible
   */
  function select(step, row, visible) {
    selected = { step, values: names.map((name) => (visible.includes(name) ? row?.[name] : null)) };
    place();
  }

  function place() {
    /** @param {HTMLElement} element @param {number | undefined} step @param {unknown} value */
    const put = (element, step, value) => {
      const plotted = scale.plot(value);
      element.hidden = step === undefined || plotted === null || plotted > scale.range[1];
      if (step === undefined || plotted === null || element.hidden) return;
      element.style.transform = `translate(${plot.valToPos(step, "x")}px, ${plot.valToPos(plotted, "y")}px)`;
    };
    needle.hidden = selected === null;
    if (selected) needle.style.transform = `translateX(${plot.valToPos(selected.step, "x")}px)`;
    dots.forEach((dot, i) => put(dot, selected?.step, selected?.values[i]));
    rings.forEach((ring, i) => put(ring, marks[i].step, marks[i].value));
  }

  const sizes = new ResizeObserver(([{ contentRect: { width, height } }]) => width && plot.setSize({ width, height }));
  const repaint = () => plot.redraw();
  sizes.observe(host);
  document.addEventListener("themechange", repaint);
  const stop = () => {
    sizes.disconnect();
    document.removeEventListener("themechange", repaint);
    plot.destroy();
  };
  return { draw, select, stop };
}

/** @param {Page.Series} series */
function dot({ name, colour }) {
  const element = h("div", { class: `dot ${name}` });
  element.style.background = `var(${colour})`;
  return element;
}

/** @param {Page.Mark} mark */
function ring({ colour }) {
  const element = h("div", { class: "ring" });
  element.style.borderColor = `var(${colour})`;
  return element;
}

/**
 * The pointer picks the nearest drawn step. Vertical touch gestures still scroll the page.
 * @param {import("uplot")} plot
 * @param {() => number[]} steps
 * @param {(step: number) => void} onStep
 */
function followPointer(plot, steps, onStep) {
  /** @param {PointerEvent} event */
  const pick = (event) => {
    const known = steps();
    if (known.length === 0) return;
    const { left } = plot.over.getBoundingClientRect();
    onStep(nearest(known, plot.posToVal(event.clientX - left, "x")));
  };
  plot.over.addEventListener("pointermove", pick);
  plot.over.addEventListener("pointerdown", pick);
}

/**
 * @param {number[]} sorted
 * @param {number} value
 */
function nearest(sorted, value) {
  let [low, high] = [0, sorted.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle;
    else high = middle;
  }
  return value - sorted[low] <= sorted[high] - value ? sorted[low] : sorted[high];
}

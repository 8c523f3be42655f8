// The curves over the steps: uPlot draws lines and axes; the needle, its dots and the rings round marked steps
// are ordinary elements above its canvas, so that they move without redrawing and take their colours from CSS.
import { h } from "/static/lib/dom.js";
import { count } from "/static/lib/i18n.js";
import { niceTicks, scaling } from "/static/lib/scale.js";

// style.css lines the slider up with these two.
const AXIS_WIDTH = 64;
const MARGIN_RIGHT = 32;
const FEW = 25; // steps that are still told apart as points

/** The horizontal axis of steps. Another one is a scale of `scaling`, and the columns' `step` are then plotted by it. */
const STEPS = {
  ticks: (low, high, most) => niceTicks(low, high, most).filter(Number.isInteger),
  label: count,
};

/**
 * `series` are {name, colour, dash, spanGaps}, a colour being a CSS variable; `onStep(step)` is called as a pointer moves
 * over them.
 * With `spanGaps` a line goes on over them.
 */
export function chart(host, series, onStep, across = STEPS) {
  const names = series.map(({ name }) => name);
  let columns = null;
  let scale = scaling([], false);
  let selected = null;
  let marks = [];
  let rings = [];
  const colour = (name) => getComputedStyle(host).getPropertyValue(name);
  const needle = h("div", { class: "needle" });
  const dots = series.map(dot);
  const plot = new globalThis.uPlot(options(), [[], ...names.map(() => [])], host);
  plot.over.append(needle, ...dots);
  followPointer(plot, () => columns?.step ?? [], onStep);

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

  function line({ colour: name, dash, spanGaps = false }) {
    const stroke = () => colour(name);
    const points = { show: (u) => across !== STEPS || u.data[0].length <= FEW, size: 5, fill: stroke, stroke };
    return { stroke, width: 2, dash, pxAlign: 0, points, spanGaps };
  }

  /**
   * `visible` are the names of those to draw; `marked` are {step, value, colour}, to be ringed. A value that is null is a gap in
   * its curve, one that is undefined is passed over. The scale is made for `fitted`; what is above it leaves the chart at the top.
   */
  function draw(curve, visible, log, marked, fitted = visible.flatMap((name) => curve.columns[name])) {
    columns = curve.columns;
    scale = scaling(fitted, log);
    const plotted = (value) => (value === undefined ? value : scale.plot(value));
    const drawn = names.map((name) => (visible.includes(name) ? columns[name].map(plotted) : columns[name].map(() => null)));
    for (const old of rings) old.remove();
    marks = marked;
    rings = marks.map(ring);
    plot.over.append(...rings);
    plot.setData([columns.step, ...drawn]);
  }

  function select(step, row, visible) {
    selected = { step, values: names.map((name) => (visible.includes(name) ? row?.[name] : null)) };
    place();
  }

  function place() {
    const put = (element, step, value) => {
      const plotted = step === null ? null : scale.plot(value);
      element.hidden = plotted === null || plotted > scale.range[1];
      if (element.hidden) return;
      element.style.transform = `translate(${plot.valToPos(step, "x")}px, ${plot.valToPos(plotted, "y")}px)`;
    };
    needle.hidden = selected === null;
    if (selected) needle.style.transform = `translateX(${plot.valToPos(selected.step, "x")}px)`;
    dots.forEach((dot, i) => put(dot, selected?.step ?? null, selected?.values[i]));
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

function dot({ name, colour }) {
  const element = h("div", { class: `dot ${name}` });
  element.style.background = `var(${colour})`;
  return element;
}

function ring({ colour }) {
  const element = h("div", { class: "ring" });
  element.style.borderColor = `var(${colour})`;
  return element;
}

/** The pointer picks the nearest step that is drawn; a finger may still scroll the page up and down. */
function followPointer(plot, steps, onStep) {
  const pick = (event) => {
    const known = steps();
    if (known.length === 0) return;
    const { left } = plot.over.getBoundingClientRect();
    onStep(nearest(known, plot.posToVal(event.clientX - left, "x")));
  };
  plot.over.addEventListener("pointermove", pick);
  plot.over.addEventListener("pointerdown", pick);
}

function nearest(sorted, value) {
  let [low, high] = [0, sorted.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle;
    else high = middle;
  }
  return value - sorted[low] <= sorted[high] - value ? sorted[low] : sorted[high];
}

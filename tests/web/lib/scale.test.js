import assert from "node:assert/strict";
import { test } from "node:test";
import { niceTicks, scaling, suggestsLog, suggestsSymmetric } from "/static/lib/scale.js";
import { doubles, uniform } from "../random.js";

const isWithin = ([low, high], value) => low <= value && value <= high;

test("every value is drawn within the range, linear or log, whatever its size", () => {
  const values = doubles(300);
  for (let i = 0; i + 7 <= values.length; i += 7) {
    const some = values.slice(i, i + 7);
    for (const log of [false, true]) {
      const { plot, range, ticks, label } = scaling(some, log);
      assert.ok(range[0] < range[1], `${range}`);
      for (const value of some.filter((each) => !log || each > 0)) assert.ok(isWithin(range, plot(value)), `${value} in ${range}`);
      for (const tick of ticks(...range, 6)) {
        assert.ok(Number.isFinite(tick) && isWithin(range, tick));
        assert.doesNotMatch(label(tick), /undefined|NaN/);
      }
    }
  }
});

test("an invalid number has no position", () => {
  for (const log of [false, true]) {
    const { plot } = scaling([1, null, NaN, undefined, 100], log);
    for (const value of [null, undefined, NaN, Infinity]) assert.equal(plot(value), null);
  }
  assert.equal(scaling([1, 100], true).plot(0), null);
  assert.equal(scaling([1, 100], true).plot(-1), null);
});

test("with no value at all there is a scale nevertheless", () => {
  for (const log of [false, true]) {
    const { range, ticks } = scaling([null, NaN], log);
    assert.ok(range[0] < range[1]);
    assert.ok(ticks(...range, 6).length > 1);
  }
});

test("one value has room round it", () => {
  for (const value of [0, 1, -3, 1e-320, 1e308]) {
    const { plot, range } = scaling([value, value], false);
    assert.ok(range[0] < range[1] && isWithin(range, plot(value)), `${value}: ${range}`);
  }
});

test("a linear scale begins at 0 when the values come near it", () => {
  assert.equal(scaling([1, 10], false).range[0], 0);
  assert.ok(scaling([9, 10], false).range[0] > 0);
});

test("log is suggested for several decades of positive values", () => {
  assert.equal(suggestsLog([1, 51]), true);
  assert.equal(suggestsLog([1, 50]), false);
  assert.equal(suggestsLog([0, 1000]), false);
  assert.equal(suggestsLog([-1, 1000]), false);
  assert.equal(suggestsLog([null, 1, NaN, 1000]), true);
  assert.equal(suggestsLog([]), false);
});

test("ticks are 1, 2 or 5 times a power of ten apart, and no more of them than intervals asked for and one", () => {
  const source = uniform(7);
  for (let i = 0; i < 500; i += 1) {
    const [low, wide, most] = [source, source, source].map((each) => each.next().value);
    const [from, to, at] = [(low - 0.5) * 200, (low - 0.5) * 200 + 10 ** (8 * wide - 4), 2 + Math.floor(most * 8)];
    const ticks = niceTicks(from, to, at);
    assert.ok(ticks.length <= at + 1, `${ticks}`);
    for (const tick of ticks) assert.ok(tick >= from - 1e-9 && tick <= to + 1e-9);
    const apart = ticks.slice(1).map((tick, k) => tick - ticks[k]);
    for (const each of apart) assert.match(each.toExponential(6), /^(1|2|5)\.0+e|^(0|1|4)\.9{5}/);
  }
});

test("labels of a log scale are powers of ten over decades, numbers within one", () => {
  assert.equal(scaling([1e-5, 1e5], true).label(-3), "10⁻³");
  assert.equal(scaling([2, 3], true).label(Math.log10(2)), "2");
  for (const tick of scaling([1e-5, 1e5], true).ticks(-5, 5, 6)) assert.ok(Number.isInteger(tick));
});

test("a logarithmic scale of both signs is symmetric, with zero in the middle", () => {
  const values = [0, -1, 30, -1e5, 1e7];
  const scale = scaling(values, true);
  assert.equal(scale.plot(0), 0);
  assert.equal(scale.plot(-250), -scale.plot(250));
  const plotted = [...values].sort((a, b) => a - b).map(scale.plot);
  assert.deepEqual(plotted, [...plotted].sort((a, b) => a - b));
  const ticks = scale.ticks(...scale.range, 8);
  assert.ok(ticks.length <= 9 && ticks.includes(0), String(ticks));
  for (const tick of ticks.filter((each) => each > 0)) assert.match(scale.label(tick), /^10[⁰¹²³⁴⁵⁶⁷⁸⁹]+$/);
  assert.deepEqual(ticks.map(scale.label).slice(0, 2), ["−10⁴", "−10²"]);
});

test("a symmetric scale is finite where its values hardly are", () => {
  const scale = scaling([-1e-300, 1e-300, 2e-300, -1.7e308], true);
  for (const value of [-1.7e308, 1.7e308, 0]) assert.ok(Number.isFinite(scale.plot(value)));
  assert.equal(scale.ticks(...scale.range, 8).map(scale.label).at(-1), "0");
});

test("the first steps of a diverging descent are told apart, and noise round zero is not", () => {
  const first = scaling([-1e3, 1e6, -1e35, 1e70, -1e140], true);
  assert.ok(first.plot(1e6) - first.plot(1e3) > 2.5);
  const noisy = scaling([-1e-17, 0.5, 0.4, 0.6, -1e9, 1e9, 1e9, 1e9], true);
  assert.ok(noisy.plot(1e-3) < 0.01);
});

test("θ of a diverging descent suggests it, θ of a converging one does not", () => {
  assert.ok(suggestsSymmetric([0, -1, 50, -3e3, 2e5, -1e7, 1e9]));
  assert.ok(!suggestsSymmetric([0, 0.5, 0.9, 1, -2]));
  assert.ok(!suggestsSymmetric([0, null]));
});

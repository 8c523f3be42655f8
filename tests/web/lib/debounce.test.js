import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { whenResting } from "/static/lib/debounce.js";

const now = () => new Promise(setImmediate);
const shown = [];
const problems = [];

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => {
  mock.timers.reset();
  shown.length = problems.length = 0;
});

/** A reader whose answers are given by hand, in any order. */
function reading() {
  const calls = [];
  const read = (step, signal) => new Promise((resolve, reject) => { calls.push({ step, signal, resolve, reject }); });
  return { calls, ...whenResting(read, (answer) => shown.push(answer), (error) => problems.push(error)) };
}

test("the service is requested only for the step at which the pointer rests", () => {
  const { calls, want } = reading();
  for (const step of [1, 2, 3]) {
    want(step);
    mock.timers.tick(249);
  }
  assert.equal(calls.length, 0);
  mock.timers.tick(1);
  assert.deepEqual(calls.map(({ step }) => step), [3]);
});

test("the same step again does not delay the request", () => {
  const { calls, want } = reading();
  want(1);
  mock.timers.tick(200);
  want(1);
  mock.timers.tick(50);
  assert.equal(calls.length, 1);
});

test("an answer that comes after another step was wanted is not shown", async () => {
  const { calls, want } = reading();
  want(1);
  mock.timers.tick(250);
  want(2);
  assert.ok(calls[0].signal.aborted);
  calls[0].resolve("of 1");
  mock.timers.tick(250);
  calls[1].resolve("of 2");
  await now();
  assert.deepEqual(shown, ["of 2"]);
});

test("a problem is reported and the step may be requested again; after a stop no problem is reported", async () => {
  const { calls, want, stop } = reading();
  want(1);
  mock.timers.tick(250);
  calls[0].reject("broken");
  await now();
  assert.deepEqual(problems, ["broken"]);
  want(1);
  mock.timers.tick(250);
  assert.equal(calls.length, 2);
  stop();
  calls[1].reject("too late");
  await now();
  assert.deepEqual(problems, ["broken"]);
});

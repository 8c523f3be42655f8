import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { poll } from "/static/lib/poll.js";

const outcomes = [];
const hear = (error) => outcomes.push(error);
let poller = null;

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => {
  poller.stop();
  mock.timers.reset();
  outcomes.length = 0;
  document.hidden = false;
});

async function pass(ms) {
  await new Promise(setImmediate);
  mock.timers.tick(ms);
  await new Promise(setImmediate);
}

test("the task says how long to wait, and when there is no more", async () => {
  const answers = [100, 300, null];
  const task = mock.fn(async () => answers.shift());
  poller = poll(task, hear);
  await pass(99);
  assert.equal(task.mock.callCount(), 1);
  await pass(1);
  await pass(300);
  await pass(10_000);
  assert.equal(task.mock.callCount(), 3);
  assert.deepEqual(outcomes, [null, null, null]);
});

test("after an error it is tried again", async () => {
  const error = new Error("of the network");
  const task = mock.fn(async () => null);
  task.mock.mockImplementationOnce(async () => { throw error; });
  poller = poll(task, hear);
  await pass(2000);
  assert.deepEqual(outcomes, [error, null]);
});

test("now() during a call repeats the call at its end, even after the last one", async () => {
  let finish = null;
  const task = mock.fn(() => new Promise((resolve) => { finish = resolve; }));
  poller = poll(task, hear);
  poller.now();
  poller.now();
  assert.equal(task.mock.callCount(), 1);
  finish(null);
  await pass(0);
  assert.equal(task.mock.callCount(), 2);
  finish(null);
  await pass(10_000);
  assert.equal(task.mock.callCount(), 2);
});

test("a hidden tab makes no call until it is visible", async () => {
  const task = mock.fn(async () => 100);
  document.hidden = true;
  poller = poll(task, hear);
  await pass(1000);
  assert.equal(task.mock.callCount(), 0);
  document.hidden = false;
  document.dispatchEvent(new Event("visibilitychange"));
  await pass(0);
  assert.equal(task.mock.callCount(), 1);
});

test("a stopped poll neither calls nor reports", async () => {
  let fail = null;
  const task = mock.fn((signal) => new Promise((_, reject) => { fail = () => reject(signal.reason); }));
  poller = poll(task, hear);
  poller.stop();
  fail();
  await pass(10_000);
  assert.equal(task.mock.callCount(), 1);
  assert.deepEqual(outcomes, []);
});

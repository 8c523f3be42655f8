import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { ApiError } from "/static/lib/api-error.js";
import { persist } from "/static/lib/retry.js";

const heard = [];
for (const name of ["unanswered", "answered"]) document.addEventListener(name, () => heard.push(name));

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => {
  mock.timers.reset();
  heard.length = 0;
});

/** Lets everything happen that waits for nothing, then lets so many ms pass. */
async function pass(ms) {
  await new Promise(setImmediate);
  mock.timers.tick(ms);
  await new Promise(setImmediate);
}

/** Fails with each of the errors in turn, then answers. */
function failing(...errors) {
  const left = [...errors];
  return mock.fn(async () => {
    if (left.length > 0) throw left.shift();
    return "answer";
  });
}

test("an immediate answer is not reported", async () => {
  assert.equal(await persist(failing()), "answer");
  assert.deepEqual(heard, []);
});

test("a request without an answer is repeated without end", async () => {
  const attempt = failing(...Array.from({ length: 20 }, () => new ApiError({ unreachable: true })));
  const found = persist(attempt);
  for (let i = 0; i < 20; i += 1) await pass(2000);
  assert.equal(await found, "answer");
  assert.equal(attempt.mock.callCount(), 21);
  assert.deepEqual(heard, [...Array(20).fill("unanswered"), "answered"]);
});

test("a postponed request is tried five times", async () => {
  for (const status of [429, 502, 503, 504]) {
    const attempt = failing(...Array.from({ length: 9 }, () => new ApiError({ status })));
    const found = assert.rejects(persist(attempt), { status });
    for (let i = 0; i < 9; i += 1) await pass(2000);
    await found;
    assert.equal(attempt.mock.callCount(), 5);
    assert.equal(heard.at(-1), "answered");
  }
});

test("an error that a retry cannot correct is thrown at once", async () => {
  for (const error of [new ApiError({ status: 404 }), new ApiError({ status: 500 }), new TypeError("of the page"), "no error at all", null]) {
    const attempt = failing(error);
    await assert.rejects(persist(attempt), (thrown) => thrown === error);
    assert.equal(attempt.mock.callCount(), 1);
  }
  assert.deepEqual(heard, []);
});

test("an aborted request is not repeated", async () => {
  const controller = new AbortController();
  const attempt = failing(new ApiError({ unreachable: true }));
  const found = assert.rejects(persist(attempt, controller.signal), { name: "AbortError" });
  await pass(0);
  controller.abort();
  await pass(2000);
  await found;
  assert.equal(attempt.mock.callCount(), 1);
  assert.deepEqual(heard, ["unanswered", "answered"]);
});

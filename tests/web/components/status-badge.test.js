import assert from "node:assert/strict";
import { test } from "node:test";
import { isLive, sentence, statusWord } from "/static/components/status-badge.js";

test("a run is live until it has come to its end", () => {
  for (const status of ["queued", "running", "paused", "cancelling"]) assert.ok(isLive({ status }), status);
  for (const status of ["succeeded", "diverged", "failed", "cancelled"]) assert.ok(!isLive({ status }), status);
});

test("the sentence says what a live run does, and how another one ended", () => {
  const run = { status: "succeeded", stop_reason: "max_steps", diverged_at: null, steps_done: 1200 };
  assert.match(sentence(run), /1,200 steps/);
  assert.match(sentence({ ...run, status: "diverged", stop_reason: "diverged", diverged_at: 7 }), /\b7\b/);
  for (const status of ["queued", "running", "paused", "cancelling"]) assert.notEqual(sentence({ ...run, status }), "", status);
});

test("a status or a reason of tomorrow is said as the service says it", () => {
  assert.equal(statusWord("of_tomorrow"), "of_tomorrow");
  assert.equal(sentence({ status: "succeeded", stop_reason: "of_tomorrow", steps_done: 1 }), "of_tomorrow");
  assert.equal(sentence({ status: "failed", stop_reason: null }), "");
});

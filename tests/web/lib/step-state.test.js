import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";
import { stepState } from "/static/lib/step-state.js";

test("without a choice the step is the last, which moves on", () => {
  const last = signal(-1);
  const { step } = stepState({}, last);
  assert.equal(step.value, -1);
  last.value = 40;
  assert.equal(step.value, 40);
  last.value = 50;
  assert.equal(step.value, 50);
});

test("a chosen step is rounded, within the steps, and kept", () => {
  const kept = {};
  const { step, choose } = stepState(kept, signal(10));
  for (const [asked, chosen] of [[3.4, 3], [-5, 0], [99, 10]]) {
    choose(asked);
    assert.equal(step.value, chosen);
    assert.equal(kept.step, chosen === 10 ? undefined : chosen);
  }
});

test("a choice survives in what is kept, and is the last step while there are fewer", () => {
  const last = signal(5);
  const { step } = stepState({ step: 8 }, last);
  assert.equal(step.value, 5);
  last.value = 20;
  assert.equal(step.value, 8);
});

test("a choice ends a playback, a pointer that passes neither ends nor moves it", () => {
  const { step, playing, choose, pass, go } = stepState({}, signal(10));
  playing.value = true;
  go(4);
  pass(7);
  assert.deepEqual([step.value, playing.value], [4, true]);
  choose(6);
  assert.deepEqual([step.value, playing.value], [6, false]);
  pass(7);
  assert.equal(step.value, 7);
});

test("all effects have run when a choice returns, and none after the end", () => {
  const state = stepState({}, signal(10));
  const seen = [[], []];
  for (const each of seen) state.effect(() => { each.push(state.step.value); });
  state.choose(3);
  assert.deepEqual(seen, [[10, 3], [10, 3]]);
  state.playing.value = true;
  state.stop();
  state.go(5);
  assert.equal(state.playing.value, false);
  assert.deepEqual(seen, [[10, 3], [10, 3]]);
});

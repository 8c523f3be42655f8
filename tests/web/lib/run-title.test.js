import assert from "node:assert/strict";
import { test } from "node:test";
import { titleOf } from "/static/lib/run-title.js";
import { speak } from "../speak.js";

const RUN = {
  id: "0123456789abcdef",
  name: null,
  learning_rate: 0.25,
  request: { dataset: { sample: "norris" }, model: { kind: "linear" }, descent: { learning_rate: 0.1, optimizer: { kind: "gd" } } },
};
const changed = (descent, more = {}) => ({ ...RUN, ...more, request: { ...RUN.request, descent: { ...RUN.request.descent, ...descent } } });

test("a run with a name has it, and one without is called by what was asked", () => {
  assert.equal(titleOf({ ...RUN, name: "Norris" }), "Norris");
  assert.equal(titleOf(RUN), "linear, η 0.1, norris");
  assert.equal(titleOf({ ...RUN, name: "" }), "linear, η 0.1, norris");
  assert.equal(titleOf(changed({ optimizer: { kind: "adam" } })), "linear, adam, η 0.1, norris");
});

test("an automatic rate is the number used, once it is known", () => {
  assert.equal(titleOf(changed({ learning_rate: "auto" })), "linear, η 0.25, norris");
  assert.equal(titleOf(changed({ learning_rate: "auto" }, { learning_rate: null })), "linear, η auto, norris");
});

test("a function has its own name, and uploaded data have none", () => {
  const { model: _, dataset: __, ...bare } = RUN.request;
  assert.equal(titleOf({ ...RUN, request: bare, function: { name: "rosenbrock" } }), "rosenbrock, η 0.1");
  assert.equal(titleOf({ ...RUN, request: bare, function: { name: null } }), "Function, η 0.1");
  assert.equal(titleOf({ ...RUN, request: { ...RUN.request, dataset: { id: "abc" } } }), "linear, η 0.1");
});

test("French has a decimal comma, and a semicolon between", async () => {
  await speak("fr");
  assert.equal(titleOf(RUN), "linear\u00a0; η 0,1\u00a0; norris");
  await speak("en");
});

test("without its request a run is called by the start of its id", () => {
  assert.equal(titleOf({ id: RUN.id, name: null }), "0123456789ab");
});

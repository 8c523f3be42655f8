import assert from "node:assert/strict";
import { test } from "node:test";
import { errorWords, leadsTo } from "/static/components/request-form/fields.js";
import { entriesOf, firstChoices, requestOf } from "/static/components/request-form/request-fields.js";
import { speak } from "../../speak.js";

const run = (entered) => requestOf({ ...firstChoices("run"), ...entered }, "run");
const check = (entered) => requestOf({ ...firstChoices("check"), ...entered }, "check");

test("unchanged fields are omitted, except those that a reader looks for", () => {
  assert.deepEqual(run({}), { model: { kind: "linear" }, descent: { optimizer: { kind: "gd" }, learning_rate: "auto", steps: 100 } });
  assert.deepEqual(check({}), { model: { kind: "linear" }, descent: { optimizer: { kind: "gd" }, learning_rate: "auto" } });
});

test("each entry has its place in the request", () => {
  const { descent, ...rest } = run({ model: "polynomial", degree: "3", loss: "mae", l1: "0.5", l2: "1e-3", standardized: true, testShare: "0", runName: " mine " });
  assert.deepEqual(rest, { model: { kind: "polynomial", degree: 3 }, objective: { loss: "mae", l1: 0.5, l2: 0.001 }, standardize: true, split: { test_fraction: 0 }, name: "mine" });
  assert.deepEqual(run({ rate: " 0.5 ", theta0: "0, 1;-2 3e1", batch: "8", seed: "7" }).descent, {
    optimizer: { kind: "gd" }, learning_rate: 0.5, theta0: [0, 1, -2, 30], steps: 100, batch_size: 8, seed: 7,
  });
});

test("a field that does not fit the model is not in the request", () => {
  assert.deepEqual(run({ model: "linear", degree: "3", hidden: "9" }).model, { kind: "linear" });
  assert.deepEqual(run({ model: "mlp", degree: "3", hidden: "16 8", activation: "relu" }).model, { kind: "mlp", hidden: [16, 8], activation: "relu" });
  assert.deepEqual(run({ model: "formula" }).model, { kind: "formula", formula: "b1*(1 - exp(-b2*x))" });
});

test("a function without data has no field of data", () => {
  const entered = { model: "mlp", loss: "mae", standardized: true, testShare: "0", batch: "8", l2: "0.1", theta0: "1 2" };
  const descent = { optimizer: { kind: "gd" }, learning_rate: "auto", theta0: [1, 2] };
  assert.deepEqual(run({ ...entered, withoutData: true }), { objective: { l2: 0.1 }, descent: { ...descent, steps: 100 } });
  assert.deepEqual(check({ testRows: "1 2", theta0: "1 2", withoutData: true }), { descent });
});

test("a schedule has the values without which the service takes none", () => {
  assert.deepEqual(run({ schedule: "step" }).descent.schedule, { kind: "step", every: 100 });
  assert.deepEqual(run({ schedule: "exponential" }).descent.schedule, { kind: "exponential", factor: 0.99 });
  assert.deepEqual(run({ schedule: "inverse_time" }).descent.schedule, { kind: "inverse_time", rate: 0.01 });
  assert.deepEqual(run({ schedule: "step", every: "5", stepFactor: "0.5" }).descent.schedule, { kind: "step", every: 5, factor: 0.5 });
  assert.deepEqual(run({ schedule: "cosine" }).descent.schedule, { kind: "cosine" });
});

test("an invalid number is sent as text, which the service refuses: null would mean a missing field", () => {
  for (const text of ["8 rows", "1O", "0,5", "NaN", "1e999", "-Infinity"]) {
    const sent = JSON.parse(JSON.stringify(run({ batch: text, stepsAsked: text, rate: text, seed: ` ${text} ` }).descent));
    assert.deepEqual([sent.batch_size, sent.steps, sent.learning_rate, sent.seed], [text, text, text, text]);
  }
  assert.deepEqual(run({ theta0: "a=1 b=-2e3" }).descent.theta0, { a: 1, b: -2000 });
  assert.deepEqual(run({ theta0: "0 x" }).descent.theta0, [0, "x"]);
});

test("a check has separate fields for test rows and steps", () => {
  const asked = check({ testRows: "7 8, 12", stepsGiven: "20", runName: "not here", batch: "3" });
  assert.deepEqual(asked, { model: { kind: "linear" }, split: { test_rows: [7, 8, 12] }, descent: { optimizer: { kind: "gd" }, learning_rate: "auto", steps: 20 } });
});

test("a pointer leads to its field, into it, or to the object that its kind chooses", () => {
  for (const pointer of ["/descent/steps", "/descent/steps/0"]) assert.ok(leadsTo(pointer, "descent.steps"));
  for (const pointer of ["/model", "/model/kind"]) assert.ok(leadsTo(pointer, "model.kind"));
  for (const pointer of [undefined, "", "/descent", "/descent/steps_more", "/model/degree"]) assert.ok(!leadsTo(pointer, "descent.steps"));
});

test("an error of a field of numbers says in words what to write", () => {
  const number = (text) => (Number.isFinite(Number(text)) ? Number(text) : text);
  const words = (name, text, message, hint) => errorWords({ at: "", name, first: "", read: number }, { message, hint }, text);
  assert.equal(words("stepsAsked", "ten", "This is not a whole number.", "Write a whole JSON number."), "Write a whole number, such as 100.");
  assert.equal(words("rate", "abc", "This must be 'auto'."), "Write a number greater than 0, such as 0.1, or auto.");
  assert.equal(words("batch", "1000", "A batch of 1000 rows is too many.", "null takes all rows."), "A batch of 1000 rows is too many. Write a whole number, at most the number of training rows. Empty: all of them.");
  assert.equal(words("theta0", "1", "θ₀ has 1 number.", "Give one each for a, b."), "θ₀ has 1 number. Give one each for a, b.");
});

test("a comma is a decimal mark in French, and a text that the service refuses elsewhere", async () => {
  assert.deepEqual(run({ theta0: "0,5 1" }).descent.theta0, ["0,5", 1]);
  await speak("fr");
  const { descent, split } = run({ theta0: "0,5 1.5;2", rate: "0,1", testShare: "0,5" });
  assert.deepEqual([descent.theta0, descent.learning_rate, split.test_fraction], [[0.5, 1.5, 2], 0.1, 0.5]);
  assert.equal(run({ testShare: "0,25" }).split, undefined, "the same as the default");
  await speak("en");
});

test("features and target are standardised each by itself", () => {
  assert.equal(run({ standardized: true }).standardize, true);
  assert.deepEqual(run({ model: "mlp", standardized: true, targetStandardized: true }).standardize, { features: true, target: true });
  assert.deepEqual(run({ model: "formula", targetStandardized: true }).standardize, { features: false, target: true });
  assert.equal(run({ model: "linear", targetStandardized: true }).standardize, undefined);
  assert.ok(leadsTo("/standardize", "standardize.features"));
  assert.ok(leadsTo("/standardize/target", "standardize.target"));
});

test("a request comes back from the entries that it gives", async () => {
  const requests = [
    { model: { kind: "polynomial", degree: 3, intercept: false }, objective: { loss: "huber", delta: 2, l1: 0.1 }, standardize: true, descent: {
      optimizer: { kind: "adamw", beta1: 0.8, weight_decay: 0.1 }, learning_rate: 0.5, schedule: { kind: "exponential", factor: 0.9 }, steps: 7,
      theta0: { kind: "normal", scale: 0.5 }, batch_size: 4, seed: 3, clip_norm: 2, stop: { patience: 5, gradient_norm: 1e-6, loss_change: 0 } },
      split: { validation_fraction: 0.2, seed: 9, shuffle: false }, name: "mine" },
    { preset: "course", model: { kind: "mlp", hidden: [16, 8], task: "classification" }, standardize: { features: false, target: true }, split: { test_rows: [7, 8] },
      descent: { optimizer: { kind: "gd" }, learning_rate: "auto", steps: 100, schedule: { kind: "step", every: 10, factor: 0.5 }, theta0: "zeros" } },
    ...["logistic", "softmax"].map((kind) => ({ model: { kind, intercept: false }, descent: { optimizer: { kind: "gd" }, learning_rate: "auto", steps: 100 } })),
    { model: { kind: "formula", formula: "a*x" }, descent: { optimizer: { kind: "gd" }, learning_rate: 1e-7, steps: 100, theta0: { a: -1.2 } } },
  ];
  for (const language of ["en", "fr"]) {
    await speak(language);
    for (const request of requests) assert.deepEqual(requestOf(entriesOf(request, "run"), "run"), request);
  }
  await speak("en");
});

test("a stored request has its defaults written out, which the form leaves out again", () => {
  const stored = { split: { seed: 0, shuffle: true, validation_fraction: 0, stratify: false, test_fraction: 0.25 }, standardize: false, model: { kind: "linear", intercept: true },
    objective: { loss: "mse", l1: 0, l2: 0 }, descent: { steps: 100, learning_rate: "auto", optimizer: { kind: "gd" }, schedule: { kind: "constant" }, theta0: null,
      batch_size: null, seed: 0, clip_norm: null, stop: { gradient_norm: null, loss_change: null, patience: null } }, preset: null, name: null, tags: {} };
  assert.deepEqual(requestOf(entriesOf(stored, "run"), "run"), run({}));
});

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { lastName, valueAt, variables, variableWords } from "/static/views/sweep/parameters.js";
import { speak } from "../../speak.js";

const REQUEST = {
  descent: { optimizer: { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, schedule: { kind: "step", every: 100, factor: 0.5 }, learning_rate: "auto", steps: 100 },
  objective: { loss: "huber", delta: 1 }, model: { kind: "mlp", hidden: [8] }, split: { test_fraction: 0.25, seed: 0 },
};
afterEach(() => speak("en"));

test("the learning rate comes first, then the numbers that the request has", () => {
  assert.deepEqual(variables(REQUEST), [
    "/descent/learning_rate", "/descent/optimizer/beta1", "/descent/optimizer/beta2", "/descent/optimizer/epsilon", "/descent/schedule/every", "/descent/schedule/factor",
    "/descent/steps", "/descent/batch_size", "/descent/seed", "/descent/clip_norm", "/objective/l2", "/objective/l1", "/objective/delta", "/split/seed",
  ]);
});

test("delta is Huber's alone, and a split by rows has no seed", () => {
  const others = variables({ ...REQUEST, objective: { loss: "mse" }, split: { test_rows: [1] } });
  assert.ok(!others.includes("/objective/delta") && !others.includes("/split/seed"));
});

test("a function without data has no parameter of data", () => {
  const { descent } = REQUEST;
  const found = variables({ descent, objective: { l1: 0, l2: 0 } });
  assert.deepEqual(found.filter((pointer) => !pointer.startsWith("/descent/")), ["/objective/l2", "/objective/l1"]);
  assert.ok(!found.includes("/descent/batch_size"));
  const starts = variables({ descent: { ...descent, theta0: { a: 1, b: 2 } }, objective: {}, function: { name: "bowl" } });
  assert.deepEqual(starts.slice(-2), ["/descent/theta0/a", "/descent/theta0/b"]);
  assert.equal(variableWords("/descent/theta0/a"), "θ₀ a");
});

test("a pointer leads to its value, and to undefined where there is none", () => {
  assert.equal(valueAt(REQUEST, "/descent/optimizer/beta1"), 0.9);
  assert.equal(valueAt(REQUEST, "/descent/learning_rate"), "auto");
  assert.deepEqual(valueAt(REQUEST, "/model/hidden"), [8]);
  for (const pointer of ["/descent/nothing", "/descent/steps/more", "/no/where", "/descent/constructor", "/model/kind/length"]) assert.equal(valueAt(REQUEST, pointer), undefined, pointer);
});

test("every pointer has words in both languages", async () => {
  for (const language of ["en", "fr"]) {
    await speak(language);
    for (const pointer of variables(REQUEST)) assert.notEqual(variableWords(pointer), pointer.slice(1).replaceAll("/", "."), pointer);
  }
  assert.equal(variableWords("/descent/of_tomorrow"), "descent.of_tomorrow");
  assert.equal(lastName("/descent/schedule/every"), "every");
});

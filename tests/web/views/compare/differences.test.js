import assert from "node:assert/strict";
import { test } from "node:test";
import { flattened } from "/static/views/compare/differences.js";

const run = (features, target) => ({
  request: { dataset: { id: "d" }, standardize: true, model: { kind: "linear" }, tags: {}, descent: { theta0: [0, 0] } },
  dataset: { id: "d", features, target, rows: 4 },
  forked_from: null,
});
const of = (each) => JSON.stringify(flattened(each).get("/dataset"));

test("runs on other columns of the same dataset differ in their data", () => {
  assert.equal(of(run(["age"], "height")), of(run(["age"], "height")));
  assert.notEqual(of(run(["age"], "height")), of(run(["town=Oslo"], "height")));
  assert.notEqual(of(run(["age"], "height")), of(run(["age"], "weight")));
});

test("a request has a pointer for each field, and one for its data", () => {
  assert.deepEqual([...flattened(run(["age"], "height")).keys()], ["/dataset", "/standardize", "/model/kind", "/descent/theta0"]);
});

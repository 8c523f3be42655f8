// The direction of steepest descent on a landscape.
import assert from "node:assert/strict";
import { test } from "node:test";
import { descent } from "/static/components/landscape/gradient-arrow.js";

const plane = { origin: [0, 0, 0], axes: [[1, 0, 0], [0, 1, 0]] };
const axis = { label: "θ", values: [0, 1, 2] };
/** A step beside the plane, whose gradient points to the left there. */
const step = {
  theta: [1, 1, 1], gradient: [1, 0, 0], penalty: [0, 0, 0], rest: { rows: 0 },
  contributions: { y: [0], predictions: [1], gradients: [[1, 0, 0]] },
};
const towards = (energy, answer = step) => descent({ plane, x: axis, y: axis, energy }, answer);

test("the arrow points down where the ground falls", () => {
  const falling = [0, 1, 2].map(() => [0, 1, 2]);
  const [x, y] = towards(falling).towards;
  assert.ok(x === -1 && y === 0);
});

test("beside the plane there is no arrow where the ground rises", () => {
  const rising = [0, 1, 2].map(() => [2, 1, 0]);
  assert.deepEqual(towards(rising), { towards: null, why: "landscape.besidePlane" });
});

test("ground that is not known may fall", () => {
  const unknown = [0, 1, 2].map(() => [null, -1, -1]);
  assert.notEqual(towards(unknown).towards, null);
});

test("a class has no residual, also where classes are numbers", () => {
  const tiny = { ...step, gradient: [1e-9, 0, 0], contributions: { y: [1], predictions: [[1 - 1e-9, 1e-9]], gradients: [[1, 0, 0]] } };
  assert.notEqual(towards([[0, 1, 2], [0, 1, 2], [0, 1, 2]], tiny).towards, null);
});

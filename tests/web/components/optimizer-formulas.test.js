import assert from "node:assert/strict";
import { test } from "node:test";
import { rule } from "/static/components/optimizer-formulas.js";

test("gradient descent on all rows is one line", () => {
  assert.deepEqual(rule({ kind: "gd" }, false), ["θ ← θ − η ∇E(θ)"]);
  assert.deepEqual(rule({ kind: "gd" }, true), ["θ ← θ − η g"]);
});

test("each rule begins with the gradient that it takes, unless that is a batch's or a clipped one", () => {
  for (const kind of ["momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]) {
    assert.deepEqual(rule({ kind }, false), ["g = ∇E(θ)", ...rule({ kind }, true)]);
    assert.match(rule({ kind }, true).at(-1), /^θ ← θ − /, kind);
  }
});

test("the gradient of a proximal method is that of E without its l1 penalty", () => {
  assert.deepEqual(rule({ kind: "ista" }, false), ["g = ∇(E − λ₁‖θ‖₁)(θ)", "θ ← soft(θ − η g, η λ₁)"]);
  assert.deepEqual(rule({ kind: "fista" }, true), ["y = θ + (tₖ − 1)/tₖ₊₁ (θ − θ′)", "θ ← soft(y − η g, η λ₁)"]);
});

test("the rules are written with the numbers of the run", () => {
  assert.deepEqual(rule({ kind: "momentum", momentum: 0.8 }, true), ["v ← 0.8 v + g", "θ ← θ − η v"]);
  assert.deepEqual(rule({ kind: "rmsprop" }, true), ["G ← 0.99 G + 0.01 g²", "θ ← θ − η g / (√G + ε)"]);
  assert.deepEqual(rule({ kind: "adamw", beta1: 0.9, beta2: 0.95, weight_decay: 0 }, true), [
    "m ← 0.9 m + 0.1 g", "v ← 0.95 v + 0.05 g²", "θ ← θ − η m̂ / (√v̂ + ε) − η 0 θ",
  ]);
});

// The minima of a function in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { minimaWords } from "/static/components/request-form/function-picker.js";

test("a few minima are named, and many are counted", () => {
  const minimum = (a) => ({ theta: { a, b: 1 }, value: 0.25 });
  assert.equal(minimaWords([minimum(2)]), "Minima: a = 2, b = 1 → E 0.25");
  assert.match(minimaWords(Array.from({ length: 25 }, (_, i) => minimum(i))), /a = 3, b = 1 → E 0.25 ; … \(25\)$/);
});

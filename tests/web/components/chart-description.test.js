import assert from "node:assert/strict";
import { test } from "node:test";
import { curveWords } from "/static/components/chart-description.js";
import { t } from "/static/lib/i18n.js";

const words = (values) => curveWords("E", values.map((_, i) => 10 * i), values);
const said = (first, from, last, to, best, at) => t("chartCurve", { label: "E", first, from, last, to, best, at });

test("a curve is described by its first, last and lowest known value", () => {
  assert.equal(words([4, 1, 2]), said("4", 0, "2", 20, "1", 10));
  assert.equal(words([null, 3, undefined, 0, NaN]), said("3", 10, "0", 30, "0", 30));
});

test("the first of equal lowest values is described", () => {
  assert.equal(words([1, 0, 0]), said("1", 0, "0", 20, "0", 10));
});

test("a curve without a value is described as such", () => {
  for (const values of [[], [null], [NaN, undefined, Infinity]]) assert.equal(words(values), t("chartNoValue", { label: "E" }));
});

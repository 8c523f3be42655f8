// A landscape in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, named } from "/static/components/landscape/description.js";

const axis = (label) => ({ label, values: [0, 1] });
const landscape = (explained) => ({ kind: "pca", x: axis("PC 1"), y: axis("PC 2"), energy: [[1, 2], [3, 4]], explained, minima: [] });
const heightMap = { low: 1, high: 4, levels: [], ratio: 2 };

test("the axes and the words say how much of the path's variance the plane holds", () => {
  const data = named(landscape([0.75, 0.2]));
  assert.match(data.x.label, /75%/);
  assert.match(describe(data, heightMap), /holds 95% of/);
});

test("a share that is not known is not 0 %", () => {
  const data = named(landscape([null, 0]));
  assert.match(data.x.label, /\(– of/);
  assert.match(describe(data, heightMap), /holds – of/);
});

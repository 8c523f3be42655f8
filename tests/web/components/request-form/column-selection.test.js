import assert from "node:assert/strict";
import { test } from "node:test";
import { featuresOf, isOf, stated, toggled, withTarget } from "/static/components/request-form/column-selection.js";

const number = (name) => ({ name, kind: "number", categories: null });
const texts = (name, categories, kind = "category") => ({ name, kind, categories });
const [age, height] = ["age", "height"].map(number);
const sex = texts("sex", ["female", "male"]);
const town = texts("town", ["Bergen", "Narvik", "Oslo"]);
const ticket = texts("ticket", Array.from({ length: 21 }, (_, i) => `T${i}`), "label");
const columns = [age, sex, height, town, ticket];
const dataset = { features: ["age", "sex=male"], target: "height" };

test("a category has a feature for each text but the first, a column of many texts has none", () => {
  assert.deepEqual(columns.map(featuresOf), [["age"], ["sex=male"], ["height"], ["town=Narvik", "town=Oslo"], []]);
  assert.deepEqual(featuresOf(texts("one", ["only"])), ["one=only"]);
});

test("a feature belongs to its column, whatever the text", () => {
  assert.ok(isOf("sex=female", sex));
  assert.ok(!isOf("sex", sex));
  assert.ok(!isOf("sex=male", number("sex")));
  assert.ok(!isOf("town=Rome", town));
});

test("a column joins the features and leaves them", () => {
  const more = toggled(dataset, town);
  assert.deepEqual(more, { features: ["age", "sex=male", "town=Narvik", "town=Oslo"], target: "height" });
  assert.deepEqual(toggled(more, town), dataset);
  assert.deepEqual(toggled(dataset, age).features, ["sex=male"]);
  assert.deepEqual(toggled({ features: ["town=Oslo"], target: "height" }, town).features, []);
});

test("another target takes its column from the features, and the former target replaces it", () => {
  assert.deepEqual(withTarget(dataset, columns, "age"), { features: ["sex=male", "height"], target: "age" });
  assert.deepEqual(withTarget(dataset, columns, "sex"), { features: ["age", "height"], target: "sex" });
  assert.deepEqual(withTarget(dataset, columns, "town"), { features: ["age", "sex=male"], target: "town" });
  assert.deepEqual(withTarget(withTarget(dataset, columns, "age"), columns, "height"), { features: ["sex=male", "age"], target: "height" });
});

test("a request states a choice only if it differs from that of the dataset", () => {
  assert.deepEqual(stated({ features: ["sex=male", "age"], target: "height" }, dataset), {});
  assert.deepEqual(stated(toggled(dataset, age), dataset), { features: ["sex=male"], target: "height" });
  assert.deepEqual(stated({ features: ["age", "sex=male"], target: "town" }, dataset), { features: ["age", "sex=male"], target: "town" });
});

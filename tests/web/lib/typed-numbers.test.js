import assert from "node:assert/strict";
import { test } from "node:test";
import { typeable, typedList, typedNumber } from "/static/lib/typed-numbers.js";
import { speak } from "../speak.js";

test("a field has the decimal mark of the language", async () => {
  assert.deepEqual([typeable(0.25), typeable("1e-7")], ["0.25", "1e-7"]);
  await speak("fr");
  assert.deepEqual([typeable(0.25), typeable("1e-7")], ["0,25", "1e-7"]);
  await speak("en");
});

test("a typed number may have a decimal comma in French only", async () => {
  for (const [text, value] of [["0.25", 0.25], [" 1e-7 ", 1e-7], ["0,25", NaN], ["1,000", NaN], ["", NaN], ["x", NaN]]) assert.equal(typedNumber(text), value, text);
  await speak("fr");
  for (const [text, value] of [["0,25", 0.25], ["0.25", 0.25], ["-1,5e3", -1500], [",5", 0.5], ["1,2,3", NaN], ["1,", NaN], ["1.250,5", NaN], ["", NaN], ["x", NaN]]) assert.equal(typedNumber(text), value, text);
  await speak("en");
  await speak("en");
});

test("a comma between two digits separates nothing in a typed list", async () => {
  const typed = (text) => typedList(text).map(typedNumber);
  assert.deepEqual(typed("0.5 1.5; 2, 3;4"), [0.5, 1.5, 2, 3, 4]);
  assert.deepEqual(typedList("7,8 12"), ["7,8", "12"]);
  await speak("fr");
  assert.deepEqual(typed("0,5 1,5 ; 2.5;-3"), [0.5, 1.5, 2.5, -3]);
  assert.deepEqual(typed("1,2,3 4, 5"), [NaN, NaN, 5]);
  await speak("en");
});

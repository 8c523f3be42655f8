import assert from "node:assert/strict";
import { test } from "node:test";
import { exact, inJson, inRow, moment, NOTHING, powerOfTen, rounded } from "/static/lib/format.js";
import { doubles } from "../random.js";
import { speak } from "../speak.js";

test("an invalid number is a dash", () => {
  for (const value of [null, undefined, "1", [], {}, true]) {
    assert.equal(exact(value), NOTHING);
    assert.equal(rounded(value), NOTHING);
  }
});

test("rounded keeps five digits, as Python writes them", () => {
  const known = [
    [0, "0"], [-0, "0"], [1, "1"], [0.1 + 0.2, "0.3"], [123456.7, "123460"], [999999.9, "1000000"], [1e6, "1e+06"], [0.0001, "0.0001"],
    [0.00009999, "9.999e-05"], [1.2345678e-7, "1.235e-07"], [1.2e10, "1.2e+10"], [1e100, "1e+100"], [-2.5e-9, "-2.5e-09"], [1e300, "1e+300"],
  ];
  for (const [value, text] of known) assert.equal(rounded(value), text, String(value));
});

test("an exponent has two digits in every format, as in Python", () => {
  assert.equal(exact(1.118e-7), "1.118e-07");
  assert.equal(rounded(1.118e-7), "1.118e-07");
  assert.equal(inJson({ rate: 1.118e-7, large: 1e21, name: "line-7" }), '{"rate":1.118e-07,"large":1e+21,"name":"line-7"}');
});

test("rounded says what is not finite", () => {
  assert.equal(rounded(NaN), "NaN");
  assert.equal(rounded(-Infinity), "-Infinity");
});

test("rounded is never further off than half of its last digit", () => {
  for (const value of doubles(2000)) {
    const relative = Math.abs(Number(rounded(value)) - value) / Math.abs(value);
    assert.ok(relative <= 0.005, `${value} became ${rounded(value)}`);
  }
});

test("French shows a decimal comma, and JSON keeps its point", async () => {
  await speak("fr");
  assert.deepEqual([rounded(1234.5), exact(0.5), rounded(1.5e-7), rounded(12)], ["1234,5", "0,5", "1,5e-07", "12"]);
  assert.equal(inJson({ l2: 0.5 }), '{"l2":0.5}');
  assert.equal(inRow(["a = 0,5", "b = 2"]), "a = 0,5\u00a0; b = 2");
  await speak("en");
  assert.deepEqual([rounded(1234.5), inRow(["a = 0.5", "b = 2"])], ["1234.5", "a = 0.5, b = 2"]);
});

test("exact reads back as the same double", () => {
  for (const value of doubles(2000)) assert.equal(Number(exact(value)), value);
});

test("powers of ten are set in superscripts", () => {
  assert.equal(powerOfTen(0), "10⁰");
  assert.equal(powerOfTen(-12), "10⁻¹²");
  assert.equal(powerOfTen(308), "10³⁰⁸");
});

test("a moment is said in the page's language", async () => {
  assert.match(moment("2026-01-31T12:00:00Z"), /Jan 31, 2026/);
  await speak("fr");
  assert.match(moment("2026-01-31T12:00:00Z"), /31 janv\. 2026/);
  await speak("en");
});

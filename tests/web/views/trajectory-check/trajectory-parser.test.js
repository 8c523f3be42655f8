import assert from "node:assert/strict";
import { test } from "node:test";
import { readTrajectory } from "/static/views/trajectory-check/trajectory-parser.js";
import { doubles } from "../../random.js";
import { speak } from "../../speak.js";

const read = (text) => readTrajectory(text);
const THETA = [[0, 0], [0.12, 0.44], [0.21, 0.79]];

test("the same trajectory is read in each of the forms that people have it in", () => {
  const forms = {
    "CSV with a header and steps": "step,intercept,x\n0,0,0\n1,0.12,0.44\n2,0.21,0.79",
    "CSV with a header": "intercept,x\n0,0\n0.12,0.44\n0.21,0.79",
    "bare CSV": "0,0\n0.12,0.44\n0.21,0.79\n",
    "steps without a header": "0,0,0\n1,0.12,0.44\n2,0.21,0.79",
    "a French spreadsheet": "étape;ordonnée;x\n0;0;0\n1;0,12;0,44\n2;0,21;0,79",
    "tabs and French numbers": "0\t0\n0,12\t0,44\n0,21\t0,79",
    "blanks": "  0 0\n 0.12   0.44\n0.21 0.79",
    "Windows line ends and blank lines": "0,0\r\n\r\n0.12,0.44\r\n0.21,0.79\r\n",
    "a list of lists": "[[0, 0], [0.12, 0.44], [0.21, 0.79]]",
    "numpy": "array([[0.  , 0.  ],\n       [0.12, 0.44],\n       [0.21, 0.79]])",
    "numpy's print": "[[0.   0.  ]\n [0.12 0.44]\n [0.21 0.79]]",
    "a line a step": "step 0: [0, 0]\nstep 1: [0.12, 0.44]\nstep 2: [0.21, 0.79]",
    "the service's JSON": '{"step": [0, 1, 2], "theta": [[0, 0], [0.12, 0.44], [0.21, 0.79]]}',
    "a check's body": '{"trajectory": {"theta": [[0, 0], [0.12, 0.44], [0.21, 0.79]]}}',
    "the service's CSV": "step,theta.intercept,theta.x,train_mse\n0,0,0,9\n1,0.12,0.44,4\n2,0.21,0.79,2",
  };
  for (const [name, text] of Object.entries(forms)) assert.deepEqual(read(text).theta, THETA, name);
});

test("columns have the names of the header, without the service's prefix", () => {
  assert.deepEqual(read("step,theta.intercept,theta.x\n0,1,2\n1,3,4").names, ["intercept", "x"]);
  assert.deepEqual(read("a,b\n1,2").names, ["a", "b"]);
  assert.equal(read("1,2\n3,4").names, null);
});

test("a bracket after a name is an index: such columns are no rows of an array", () => {
  assert.deepEqual(read("theta[0],theta[1]\n0,0\n0.12,0.44\n0.21,0.79"), { theta: THETA, names: ["theta[0]", "theta[1]"] });
});

test("one parameter is a number a row", () => {
  const theta = [[0], [0.5], [0.75]];
  for (const text of ["0\n0.5\n0.75", "[0, 0.5, 0.75]", "array([0.  , 0.5 , 0.75])", '{"theta": [0, 0.5, 0.75]}', "step,x\n0,0\n1,0.5\n2,0.75"]) {
    assert.deepEqual(read(text).theta, theta, text);
  }
});

test("two rows that begin with 0 and 1 may be θ: only three of them are taken for steps", () => {
  assert.deepEqual(read("0,5\n1,6").theta, [[0, 5], [1, 6]]);
  assert.deepEqual(read("0,5\n1,6\n2,7").theta, [[5], [6], [7]]);
});

test("the error of the first invalid number has its line", () => {
  const wrong = [
    ["0,0\n1,x", 2, "x"], ["a,b\n0,0\n1,nan", 3, "nan"], ["0,0\n1,", 2, ""], ["[0, 1, ..., 9]", 3, "..."], ["0,inf", 1, "inf"], ["0;1.000,5\n0;x", 1, "1.000.5"],
    ['{"theta": [[null, null], [1, 2]]}', 1, "null"], ['{"theta": [[0, 1], [1, null]]}', 2, "null"], ['{"theta": [["a", 1]]}', 1, "a"],
  ];
  for (const [text, line, cell] of wrong) assert.deepEqual(read(text).problem, { line, cell }, text);
});

test("a text without a row of numbers is an error with its text", () => {
  for (const [text, names] of [["hello", "hello"], ["step,x\n", "step, x"], ["[]", "[]"], ["[[]]", "[[]]"]]) assert.deepEqual(read(text).problem, { line: 1, names }, text);
  assert.deepEqual(read(" \n"), { theta: [], names: null });
});

test("the error of rows of unequal length has their line", () => {
  assert.deepEqual(read("0,0\n1,2,3").problem, { line: 2, has: 3, first: 2 });
  assert.deepEqual(read("a,b\n1").problem, { line: 2, has: 1, first: 2 });
});

test("nothing is nothing, and broken JSON is a problem rather than an error", () => {
  for (const text of ["", " \n\n"]) assert.deepEqual(read(text).theta, [], JSON.stringify(text));
  for (const text of ["{", "{}", '{"theta": 5}', '{"theta": null}', "{theta: []}", '{"trajectory": {}}']) assert.equal(typeof read(text).problem?.cell, "string", text);
});

test("numbers come back with the bits that they were written with", () => {
  const values = doubles(300);
  const theta = Array.from({ length: 100 }, (_, i) => values.slice(3 * i, 3 * i + 3));
  for (const text of [JSON.stringify(theta), JSON.stringify({ theta }), theta.map((row) => row.join(",")).join("\n"), theta.map((row) => row.join(" ")).join("\n")]) {
    assert.deepEqual(read(text).theta, theta);
  }
});

test("a comma is a decimal mark in French, unless the rows have no other separator", async () => {
  assert.deepEqual(readTrajectory("0,12\n0,44").theta, [[0, 12], [0, 44]]);
  await speak("fr");
  assert.deepEqual(readTrajectory("0,12\n0,44").theta, [[0.12], [0.44]]);
  assert.deepEqual(readTrajectory("0 0\n0,12 0,44").theta, [[0, 0], [0.12, 0.44]]);
  assert.deepEqual(readTrajectory("étape;x\n0;0\n1;0,5").theta, [[0], [0.5]]);
  assert.deepEqual(readTrajectory("step,x,y\n0,0.5,1\n1,0.25,2").theta, [[0.5, 1], [0.25, 2]]);
  await speak("en");
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { curl, python } from "/static/views/new-run/request-snippet.js";
import { doubles } from "../../random.js";

const REQUEST = {
  dataset: { x: [[1], [2.5]], y: ["it's", 'a "quoted" \\ é\n'] }, standardize: true, split: { shuffle: false }, name: null, empty: {}, none: [],
  numbers: [0, -0.5, 1e21, 5e-324, ...doubles(50)],
};

test("Python reads the dictionary as what the page would send", { skip: spawnSync("python3", ["-V"]).error && "there is no python3" }, () => {
  const { stdout, stderr } = spawnSync("python3", ["-c", `import json; print(json.dumps(${python(REQUEST)}))`], { encoding: "utf8" });
  assert.equal(stderr, "");
  assert.deepEqual(JSON.parse(stdout), REQUEST);
});

test("the curl command has the body that the page would send", () => {
  const command = curl(REQUEST, "http://127.0.0.1:8000").replace(/^curl/, "printf '%s\\n'");
  const { stdout, stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
  assert.equal(stderr, "");
  assert.deepEqual(JSON.parse(stdout.slice(stdout.indexOf("\n-d\n") + 4)), REQUEST);
});

import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { curl, program, python } from "/static/views/new-run/request-snippet.js";
import { doubles } from "../../random.js";

const REQUEST = {
  dataset: { x: [[1], [2.5]], y: ["it's", 'a "quoted" \\ é\n'] }, standardize: true, split: { shuffle: false }, name: null, empty: {}, none: [],
  numbers: [0, -0.5, 1e21, 5e-324, ...doubles(50)],
};

const WITHOUT_PYTHON = spawnSync("python3", ["-V"]).error && "there is no python3";

test("Python reads the dictionary as what the page would send", { skip: WITHOUT_PYTHON }, () => {
  const { stdout, stderr } = spawnSync("python3", ["-c", `import json; print(json.dumps(${python(REQUEST)}))`], { encoding: "utf8" });
  assert.equal(stderr, "");
  assert.deepEqual(JSON.parse(stdout), REQUEST);
});

/**
 * What the program prints, and the body that it sends, with a server that gives this answer.
 * @param {number} status @param {object} answer
 */
async function ran(status, answer) {
  let body = "";
  const server = createServer(async (request, response) => {
    for await (const part of request) body += part;
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  try {
    const text = program(REQUEST, `http://127.0.0.1:${port}`);
    const [stdout, stderr] = await new Promise((resolve) => execFile("python3", ["-S", "-c", text], (_, out, err) => resolve([out, err])));
    return { stdout, stderr, body: JSON.parse(body) };
  }
  finally {
    server.close();
  }
}

test("the Python program needs no library, sends the request and prints the id", { skip: WITHOUT_PYTHON }, async () => {
  assert.deepEqual(await ran(202, { id: "abc" }), { stdout: "abc\n", stderr: "", body: REQUEST });
});

test("the Python program shows the detail of an error", { skip: WITHOUT_PYTHON }, async () => {
  const { stdout, stderr } = await ran(422, { status: 422, detail: "/split: wrong" });
  assert.deepEqual([stdout, stderr], ["", "/split: wrong\n"]);
});

test("the curl command has the body that the page would send", () => {
  const command = curl(REQUEST, "http://127.0.0.1:8000").replace(/^curl/, "printf '%s\\n'");
  const { stdout, stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
  assert.equal(stderr, "");
  assert.deepEqual(JSON.parse(stdout.slice(stdout.indexOf("\n-d\n") + 4)), REQUEST);
});

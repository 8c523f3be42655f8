import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { follow } from "/static/lib/event-stream.js";

const heard = [];
const asked = [];
const listener = {
  status: (run) => heard.push(["status", run.status]),
  progress: ({ step }) => heard.push(["progress", ...step]),
  finished: (run) => heard.push(["finished", run.status]),
  outcome: (error) => heard.push(["outcome", error?.unreachable ?? null]),
};
let stop = null;

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => {
  stop();
  mock.timers.reset();
  mock.restoreAll();
  heard.length = asked.length = 0;
});

const event = (name, data, id) => `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;

/** Each connection in turn says these pieces of text, then ends, or breaks where the last piece is null. */
function serving(...connections) {
  mock.method(globalThis, "fetch", async (_path, { headers }) => {
    asked.push(headers["Last-Event-ID"]);
    const pieces = connections.shift();
    return new Response(new ReadableStream({
      pull(stream) {
        const piece = pieces.shift();
        if (piece === undefined) stream.close();
        else if (piece === null) stream.error(new TypeError("network error"));
        else stream.enqueue(new TextEncoder().encode(piece));
      },
    }));
  });
}

async function pass(ms) {
  for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
  mock.timers.tick(ms);
  for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
}

test("events arrive in order for any division of the text, and no request follows the last one", async () => {
  const text = event("status", { status: "running" }) + event("progress", { step: [0, 1] }, 1) + event("finished", { status: "succeeded" });
  serving([...text]);
  stop = follow("a", {}, listener);
  await new Promise((resolve) => {
    const wait = () => (heard.some(([name]) => name === "finished") ? resolve() : setImmediate(wait));
    wait();
  });
  await pass(10_000);
  assert.deepEqual(heard, [["outcome", null], ["status", "running"], ["progress", 0, 1], ["finished", "succeeded"]]);
  assert.deepEqual(asked, [undefined]);
});

test("a problem ends the events", async () => {
  serving([event("status", { status: "running" }) + event("problem", { status: 500, title: "Damaged data", detail: "No step 3." })]);
  stop = follow("a", {}, listener);
  await pass(10_000);
  assert.deepEqual(heard, [["outcome", null], ["status", "running"], ["outcome", false]]);
  assert.deepEqual(asked, [undefined]);
});

test("a broken connection is reopened after the last received step", async () => {
  const half = event("progress", { step: [8, 9] }, 9).slice(0, -10); // which is not taken for an event
  serving([event("progress", { step: [0, 7] }, 7), half, null], [event("progress", { step: [8, 9] }, 9)], [event("finished", { status: "succeeded" })]);
  stop = follow("a", {}, listener);
  for (let i = 0; i < 3; i += 1) await pass(1000);
  assert.deepEqual(asked, [undefined, "7", "9"]);
  assert.deepEqual(heard, [
    ["outcome", null], ["progress", 0, 7], ["outcome", true], ["outcome", null], ["progress", 8, 9], ["outcome", null], ["finished", "succeeded"],
  ]);
});

test("an event of an unknown kind is ignored", async () => {
  serving([event("outcome", "forged"), event("of_tomorrow", {}), event("finished", { status: "failed" })]);
  stop = follow("a", {}, listener);
  await pass(0);
  assert.deepEqual(heard, [["outcome", null], ["finished", "failed"]]);
});

test("a stopped listener receives no more events", async () => {
  serving([event("progress", { step: [0] }, 0), null], []);
  stop = follow("a", {}, listener);
  stop();
  await pass(10_000);
  assert.deepEqual(heard.filter(([name]) => name !== "outcome"), []);
  assert.equal(asked.length, 1);
});

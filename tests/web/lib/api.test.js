import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { ApiError, errorsOf } from "/static/lib/api-error.js";
import { cancelRun, deleteRun, deleteRuns, fetchFile, fit, getRun, getTrajectory, listRuns, part, readEvents, renameRun, trajectoryLink } from "/static/lib/api.js";
import { speak } from "../speak.js";

const PROBLEM = { title: "Invalid", status: 422, detail: "steps: must be positive", errors: [{ pointer: "/descent/steps", message: "must be positive" }] };
const asked = [];

/** Has fetch answer with these, one after the other. */
function answering(...answers) {
  mock.method(globalThis, "fetch", async (path, options) => {
    asked.push({ path, ...options });
    const next = answers.shift();
    if (next instanceof Error) throw next;
    return next;
  });
}

const json = (body, status = 200) => new Response(JSON.stringify(body), { status });

afterEach(() => {
  mock.restoreAll();
  asked.length = 0;
  globalThis.early = undefined;
});

test("ids and queries are encoded, and lists are joined by commas", async () => {
  answering(json({}), json({}), json({}));
  await getRun("a/b?c");
  await getTrajectory("a", { max_points: 10, fields: ["step", "train_mse"] });
  await listRuns({ name: "*a*" }, "x&y");
  assert.deepEqual(asked.map(({ path }) => path), ["runs/a%2Fb%3Fc", "runs/a/trajectory?max_points=10&fields=step%2Ctrain_mse", "runs?limit=50&name=*a*&after=x%26y"]);
  assert.equal(trajectoryLink("a", { format: "csv" }), "runs/a/trajectory?format=csv");
});

test("many runs are deleted in requests of a hundred, and one is renamed", async () => {
  answering(json({}), json({}), json({ name: "b" }));
  await deleteRuns([..."x".repeat(101)].map((letter, place) => `${letter}${place}`));
  assert.deepEqual(asked.map(({ path }) => path.split(",").length), [100, 1]);
  assert.equal((await renameRun("a", "b")).name, "b");
  assert.deepEqual([asked[2].method, asked[2].path, asked[2].body], ["PATCH", "runs/a", '{"name":"b"}']);
});

test("each request asks for the sentences of the language of the page", async () => {
  answering(json({}), json({}), json({}));
  await getRun("a");
  await fit({ dataset: { sample: "norris" } });
  await speak("fr");
  await getRun("a");
  assert.deepEqual(asked.map(({ headers }) => headers["Accept-Language"]), ["en", "en", "fr"]);
  await speak("en");
});

test("a request of preload.js is used once, and only by a read", async () => {
  globalThis.early = new Map([["runs/a", Promise.resolve(json({ id: "early" }))]]);
  answering(json({ id: "later" }), json({}));
  assert.equal((await getRun("a")).id, "early");
  assert.equal((await getRun("a")).id, "later");
  globalThis.early.set("runs/a", Promise.resolve(json({})));
  await deleteRun("a");
  assert.deepEqual(asked.map(({ method }) => method), [undefined, "DELETE"]);
});

test("a problem comes as an ApiError with all that was said", async () => {
  answering(json(PROBLEM, 422));
  await assert.rejects(fit({ dataset: { sample: "norris" } }), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.title, error.detail, error.message], [422, "Invalid", PROBLEM.detail, PROBLEM.detail]);
    assert.deepEqual(errorsOf(error), PROBLEM.errors);
    return true;
  });
});

test("an answer that is no problem+json is reported by its status", async () => {
  for (const body of ["<html>", "null", '"text"', "[]", ""]) {
    answering(new Response(body, { status: 500, statusText: "Broken" }));
    await assert.rejects(cancelRun("a"), ({ status, title, errors }) => status === 500 && typeof title === "string" && Array.isArray(errors), body);
  }
});

test("a change is tried once: without an answer the service is unreachable", async () => {
  answering(new TypeError("Failed to fetch"));
  await assert.rejects(cancelRun("a"), { unreachable: true, status: 0 });
  assert.equal(asked.length, 1);
});

test("a broken answer counts as none: a change is unreachable, a read is repeated", async () => {
  const broken = () => new Response(new ReadableStream({ pull: (controller) => controller.error(new TypeError("network error")) }));
  answering(broken());
  await assert.rejects(cancelRun("a"), { unreachable: true });
  mock.timers.enable({ apis: ["setTimeout"] });
  answering(broken(), json({ id: "a" }), broken(), new Response("text"));
  for (const read of [() => getRun("a"), () => fetchFile("/a")]) {
    const found = read();
    await new Promise(setImmediate);
    mock.timers.tick(2000);
    assert.ok(await found);
  }
  mock.timers.reset();
  assert.equal(asked.length, 5);
});

test("a call that was given up is no problem of the service", async () => {
  const reason = new DOMException("given up", "AbortError");
  answering(reason);
  await assert.rejects(getRun("a"), (error) => error === reason);
});

test("status 401 dispatches an event, upon which the page requests a key", async () => {
  let wanted = 0;
  document.addEventListener("keyneeded", () => { wanted += 1; }, { once: true });
  answering(json({ title: "Unauthorized" }, 401));
  await assert.rejects(getRun("a"), { status: 401 });
  assert.equal(wanted, 1);
});

test("an error without fields has no errors of fields", () => {
  for (const error of [null, undefined, "text", new Error("x"), { errors: [1] }, new ApiError({ status: 404 })]) assert.deepEqual(errorsOf(error), []);
});

test("events come as text in pieces after the last that came; a broken connection is unreachable", async () => {
  const body = new ReadableStream({
    start: (stream) => stream.enqueue(new TextEncoder().encode("data: é\n\n")),
    pull: (stream) => stream.error(new TypeError("network error")),
  }, { highWaterMark: 0 });
  answering(new Response(body));
  const pieces = [];
  await assert.rejects(async () => {
    for await (const piece of readEvents("a", { from_step: 3 }, "41", new AbortController().signal, () => pieces.push("open"))) pieces.push(piece);
  }, { unreachable: true });
  assert.deepEqual(pieces, ["open", "data: é\n\n"]);
  assert.equal(asked[0].path, "runs/a/events?from_step=3");
  assert.equal(asked[0].headers["Last-Event-ID"], "41");
});

test("a part with a mistake in it is not requested repeatedly", async () => {
  assert.equal(await part(async () => "a view"), "a view");
  const mistake = new SyntaxError("in a module");
  await assert.rejects(part(async () => { throw mistake; }), (error) => error === mistake);
});

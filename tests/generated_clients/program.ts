// A client by openapi-typescript and openapi-fetch, with their default options.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const client = createClient<paths>({ baseUrl: process.argv[2] });

function found<Data>({ data, error }: { data?: Data; error?: unknown }): Data {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

const rows = { x: [[1], [2], [3], [4]], y: [2, 4, 6, 8] };
const run = found(await client.POST("/fit", { body: { dataset: rows, descent: { steps: 20 } }, params: { header: { prefer: "wait=60" } } }));
if (!("id" in run)) throw new Error("a run, not a price");
const path = { run_id: run.id };
const steps = found(await client.GET("/runs/{run_id}/trajectory", { params: { path } }));
const list = found(await client.GET("/runs", { params: { query: { status: ["succeeded"] } } }));
const sweep = found(await client.POST("/sweeps", { body: { base: { dataset: rows }, grid: { "/descent/learning_rate": [0.01, 0.02] } } }));
const dataset = found(await client.POST("/datasets", { body: rows }));
const predicted = found(await client.POST("/runs/{run_id}/predict", { params: { path }, body: { x: [[1.5]] } }));
if (typeof steps === "string" || typeof predicted === "string" || !("members" in sweep)) throw new Error("JSON was asked for");
const told = [run.status, steps.total_steps, list.data.length, sweep.members, dataset.rows, predicted.y.length];
if (told.join() !== "succeeded,21,1,2,4,1") throw new Error(told.join());

// What the service is asked and answers, as the page sees it: the described schemas, and what those leave open.
import type * as described from "./openapi.js";

export type * from "./openapi.js";

/** Not finite, or not there: null. */
export type Value = number | null;

/** With every default filled in. */
type Filled<T> = T extends readonly unknown[] | string | number | boolean | null ? T : { [Field in keyof T]-?: Filled<T[Field]> };
type Whole = Filled<described.FitRequest>;
/** Of data: dataset, split, standardize and model; without data: a function. */
type OfData = "dataset" | "split" | "standardize" | "model";
export type StoredRequest = Omit<Whole, OfData | "function"> & Partial<Pick<Whole, OfData | "function">>;
export type Model = Whole["model"];
export type Optimizer = StoredRequest["descent"]["optimizer"];

export interface Run extends Omit<described.Run, "request"> {
  request: StoredRequest;
}

export type ListedRun = Omit<Run, "queue">;

export interface Runs extends Omit<described.Runs, "data"> {
  data: ListedRun[];
}

/** One thing that is wrong: in a body by its pointer, in a file by row and column. */
export interface FieldError {
  message: string;
  hint?: string;
  pointer?: string;
  parameter?: string;
  row?: number;
  column?: string;
}

/** The metric columns by name, beside the step's number; of a trajectory, those that were asked for. θ and E of a stored step are finite. */
export type Columns = { step: number[] } & { [column: string]: Value[] };
export type Trajectory = Columns & Pick<described.Trajectory, "run_id" | "status" | "parameters" | "total_steps" | "complete" | "sampled"> & { theta: number[][]; train_loss: number[] };

/** Of a `progress` event: the new steps, and the best so far. */
export type Progress = Columns & { best: described.Best | null; sampled: boolean };

/** The grid of a landscape, its plane and its path are finite; E on the grid need not be. */
export interface Landscape extends Omit<described.Landscape, "x" | "y" | "plane" | "path"> {
  x: Axis;
  y: Axis;
  plane: { origin: number[]; axes: number[][] };
  path: { step: number[]; x: number[]; y: number[]; train_loss: number[] };
}
export interface Axis extends Omit<described.Axis, "values"> {
  values: number[];
}

/** The data and the grid are finite; what is predicted need not be. */
export interface Predictions extends Omit<described.Predictions, "x" | "y" | "points"> {
  x: PredictedAxis;
  y: PredictedAxis | null;
  points: { x: number[][]; y: number[]; test: boolean[] };
}
export interface PredictedAxis extends Omit<described.PredictedAxis, "values"> {
  values: number[];
}

/** A sweep as it was entered, right or wrong: the service says. */
export interface SweepDraft {
  run: string;
  grid: { [pointer: string]: unknown };
}

/** The query of a request, as URLSearchParams takes it. */
export type Query = { [parameter: string]: string | number | boolean | readonly string[] };

/** The calls of lib/api.js: what they take and what they come to. */
export type Get<Answer> = (id: string, signal?: AbortSignal) => Promise<Answer>;
export type GetBy<Answer> = (id: string, query: Query, signal?: AbortSignal) => Promise<Answer>;
export type Send<Body, Answer> = (body: Body, signal?: AbortSignal) => Promise<Answer>;
export type SendTo<Body, Answer> = (id: string, body: Body) => Promise<Answer>;
export type Change<Answer = void> = (id: string) => Promise<Answer>;
export type Link = (id: string, query: Query) => string;

export as namespace Api;

// The parameters that a sweep of a run can vary: the numbers of its request, by JSON pointer.
import { word } from "/static/lib/i18n.js";

const OF_DESCENT = ["learning_rate", "steps", "batch_size", "seed", "clip_norm"];
const START = "/descent/theta0/";
const OF_OBJECTIVE = ["l2", "l1", "delta"];

/**
 * The JSON pointers, the learning rate first.
 * @param {Api.StoredRequest} request
 */
export function variables({ descent, objective, model, split, function: ofFunction }) {
  /** @param {object} part */
  const numbers = (part = {}) => Object.entries(part).flatMap(([name, value]) => (typeof value === "number" ? [name] : []));
  return [
    ...OF_DESCENT.slice(0, 1).map((name) => `/descent/${name}`),
    ...numbers(descent.optimizer).map((name) => `/descent/optimizer/${name}`),
    ...numbers(descent.schedule).map((name) => `/descent/schedule/${name}`),
    ...OF_DESCENT.slice(1).filter((name) => model || name !== "batch_size").map((name) => `/descent/${name}`),
    ...OF_OBJECTIVE.filter((name) => name !== "delta" || objective.loss === "huber").map((name) => `/objective/${name}`),
    ...numbers(model).map((name) => `/model/${name}`),
    ...(ofFunction ? numbers(byName(descent.theta0)).map((name) => `${START}${name}`) : []),
    ...(!split || "test_rows" in split ? [] : ["/split/seed"]),
  ];
}

/** θ₀ by name; empty for any other θ₀. @param {unknown} theta0 */
const byName = (theta0) => (typeof theta0 === "object" && theta0 !== null && !Array.isArray(theta0) && !("kind" in theta0) ? theta0 : {});

/**
 * The label of a pointer: its last name, with its parent's unless that is the descent.
 * @param {string} pointer
 */
export function variableWords(pointer) {
  const name = lastName(pointer);
  if (pointer.startsWith(START)) return `θ₀ ${name}`;
  const whole = pointer.slice(1).replaceAll("/", ".");
  return word(`variable.${whole}`, word(`variable.${name}`, whole));
}

/** @param {string} pointer */
export const lastName = (pointer) => pointer.slice(pointer.lastIndexOf("/") + 1);

/**
 * The value at a pointer; undefined if there is none.
 * @param {unknown} request
 * @param {string} pointer
 */
export const valueAt = (request, pointer) => pointer.slice(1).split("/").reduce(member, request);

/** @param {unknown} part @param {string} name @returns {unknown} */
const member = (part, name) => (typeof part === "object" && part !== null && Object.hasOwn(part, name) ? Reflect.get(part, name) : undefined);

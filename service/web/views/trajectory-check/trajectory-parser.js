// Parses a trajectory: CSV with or without a header and a column of steps, JSON, or arrays in Python's notation.
import { language } from "/static/lib/form-i18n.js";

const COUNTER = /^(steps?|k|i|t|iter(ation)?s?|epochs?|étapes?)$/i;
const OWN = "theta."; // the prefix of θ's columns in the service's CSV

/** @typedef {(string | number | null)[]} Cells */

/**
 * Returns {theta, names}: a row of numbers per step, and the columns' names, if any. The first invalid line gives {problem: {line, cell}}
 * for a cell that is no number, or {problem: {line, has, first}} for a number of cells that differs from the first line's. A text without
 * a row of numbers gives {problem: {line, names}}; `names` is its header.
 * @param {string} text
 * @returns {Page.Given}
 */
export function readTrajectory(text) {
  const rows = text.trim().startsWith("{") ? ofJson(text) : ROW.test(text) ? ofBrackets(text) : ofLines(text);
  const header = isHeader(rows[0]) ? rows.shift() : null;
  if (text.trim() && rows.length === 0) return { problem: { line: 1, names: header ? header.join(", ") : text.trim() } };
  const places = columns(header, rows);
  for (const [i, row] of rows.entries()) {
    const line = i + (header ? 2 : 1);
    const first = (header ?? rows[0]).length;
    if (row.length !== first) return { problem: { line, has: row.length, first } };
    const bad = places.find((place) => !isNumber(row[place]));
    if (bad !== undefined) return { problem: { line, cell: String(row[bad]) } };
  }
  return { theta: rows.map((row) => places.map((place) => Number(row[place]))), names: header && places.map((place) => String(header[place]).replace(OWN, "")) };
}

/** @param {Cells | undefined} cells */
const isHeader = (cells) => cells?.every((cell) => typeof cell === "string" && !isNumber(cell));

/** @param {string | number | null | undefined} cell */
const isNumber = (cell) => cell !== null && String(cell).trim() !== "" && Number.isFinite(Number(cell));

/** @param {string} text @returns {Cells[]} */
function ofJson(text) {
  try {
    /** @type {{theta?: (Cells | number)[], trajectory: {theta: (Cells | number)[]}}} */
    const { theta, trajectory } = JSON.parse(text);
    return (theta ?? trajectory.theta).map((row) => [row].flat());
  } catch {
    return [["0"], [`${text.trim().slice(0, 20)}…`]]; // reported as a cell that is no number
  }
}

/** A row of an array. A bracket right after a name is an index, as in the header theta[0],theta[1]. */
const ROW = /(?<!\w)\[([^[\]]*)\]/;

/**
 * The innermost brackets are rows. With a single pair of brackets, each number is a row of one parameter.
 * @param {string} text
 * @returns {Cells[]}
 */
function ofBrackets(text) {
  const rows = [...text.matchAll(new RegExp(ROW, "g"))].map(([, row]) => row.split(/[\s,]+/).filter(Boolean));
  return rows.length === 1 ? rows[0].map((cell) => [cell]) : rows;
}

/** In French "0,12 0,44" and "0,12" are numbers with decimal commas. @param {string[]} lines */
const hasDecimalCommas = (lines) => language() === "fr" && lines.every((line) => line.trim().split(/\s+/).every((cell) => /^[-+]?\d+(,\d+)?(e[-+]?\d+)?$/i.test(cell)));

/** @param {string} text @returns {Cells[]} */
function ofLines(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  const separator = (hasDecimalCommas(lines) ? null : [";", "\t", ","].find((sign) => lines[0]?.includes(sign))) ?? /\s+/;
  /** @param {string} cell */
  const asPoint = (cell) => (separator === "," ? cell : cell.replace(",", "."));
  return lines.map((line) => line.trim().split(separator).map((cell) => asPoint(cell.trim())));
}

/**
 * The indices of θ's columns: those with θ's prefix, or all except a column that counts the steps.
 * @param {Cells | null | undefined} header
 * @param {Cells[]} rows
 */
function columns(header, rows) {
  const all = [...(header ?? rows[0] ?? [])].map((_, place) => place);
  const own = all.filter((place) => header && String(header[place]).startsWith(OWN));
  if (own.length > 0) return own;
  const counts = header ? COUNTER.test(String(header[0])) : rows.length > 2 && rows.every(([first], i) => Number(first) === i);
  return counts && all.length > 1 ? all.slice(1) : all;
}

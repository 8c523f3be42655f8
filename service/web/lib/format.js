// Numbers of the mathematics have Python's digits and exponents, and the decimal mark of the language. Downloads have a point.
import { count, language } from "/static/lib/i18n.js";

export const NOTHING = "–";
/** @param {unknown} value @returns {value is number} */
const isNumber = (value) => typeof value === "number";

/**
 * All digits: the shortest text that parses to the same double.
 * @param {unknown} value
 */
export const exact = (value) => (isNumber(value) ? marked(pythonic(String(value))) : NOTHING);

/** A list of numbers or of names with numbers: a comma would look like a decimal mark in French. @param {readonly string[]} parts */
export const inRow = (parts) => parts.join(language() === "fr" ? "\u00a0; " : ", ");

/** A number's text with the decimal mark of the language. @param {string} text */
export const marked = (text) => (language() === "fr" ? text.replace(".", ",") : text);

/** JSON in one line with exponents in Python's format. @param {unknown} value */
export const inJson = (value) => pythonic(JSON.stringify(value));

/** Python's exponent has two digits at least: 1e-07. @param {string} text */
const pythonic = (text) => text.replace(/(?<=\d)e([+-])(?=\d\b)/g, "e$10");

/**
 * Five significant digits; outside 1e-4…1e6 four and an exponent.
 * @param {unknown} value
 */
export function rounded(value, digits = 5) {
  if (!isNumber(value)) return NOTHING;
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e6)) return marked(String(Number(value.toPrecision(digits))));
  return marked(pythonic(value.toExponential(digits - 2).replace(/\.?0+e/, "e")));
}

/** @type {{[sign: string]: string}} */
const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
/** @param {number} exponent */
export const powerOfTen = (exponent) => `10${[...String(exponent)].map((sign) => SUPERSCRIPTS[sign]).join("")}`;

/** @param {string} text */
export function moment(text) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(language(), options).format(new Date(text));
}

/**
 * A duration in one unit: 20 s, 3 min, 2 h. Both languages have these symbols.
 * @param {number} seconds
 */
export function roughly(seconds) {
  const [size, unit] = seconds < 90 ? [1, "s"] : seconds < 5400 ? [60, "min"] : [3600, "h"];
  return `${count(Math.round(seconds / size))}\u00a0${unit}`;
}

// Numbers that a reader types: in French with a comma or a point as decimal mark, in English with a point.
import { marked } from "/static/lib/format.js";
import { language } from "/static/lib/i18n.js";

/** A number as a reader types it. @param {number | string} value */
export const typeable = (value) => marked(String(value));

const FRENCH_NUMBER = /^[-+]?(\d+(\.\d*|,\d+)?|[.,]\d+)(e[-+]?\d+)?$/i;

/**
 * The number that a reader has typed: NaN if it is none. French has a comma or a point as decimal mark, English a point.
 * @param {string} text
 */
export function typedNumber(text) {
  const word = text.trim();
  if (language() === "fr") return FRENCH_NUMBER.test(word) ? Number(word.replace(",", ".")) : NaN;
  return word === "" ? NaN : Number(word);
}

/**
 * The entries of a list that a reader has typed, with blanks or semicolons between. A comma between two digits separates nothing:
 * in French it is a decimal mark, in English the entry is no number.
 * @param {string} text
 */
export const typedList = (text) => text.split(language() === "fr" ? /[\s;]+/ : /(?:,?\s|;)+/).filter(Boolean);

// Two dictionaries; the French one loads on first use. An entry is a text, or {one, other} chosen by the number `n`. The sentences
// of the service come in the language of Accept-Language.
import { english } from "/static/i18n/en.js";
import { remember } from "/static/lib/local-storage.js";

/** The words of the forms join it when a form is loaded. */
const ofEnglish = /** @type {Page.Dictionary} */ (/** @type {unknown} */ (english));
let words = ofEnglish;

/** The language is the document's `lang`, which preload.js sets. */
export const language = () => (document.documentElement.lang === "fr" ? "fr" : "en");

/**
 * Sets the language; `loadWords` loads its dictionary.
 * @param {string} code
 */
export function setLanguage(code) {
  document.documentElement.lang = code;
  remember("descent.language", code);
}

/** @param {Page.Key} key @param {Page.Values} [values] */
export const t = (key, values) => filled(words[key], values);

/**
 * The text of a key with its values. Numbers have the language's format.
 * @param {Page.Entry} entry
 * @param {Page.Values} [values]
 */
function filled(entry, values = {}) {
  const text = typeof entry === "object" ? entry[new Intl.PluralRules(language()).select(Number(values.n))] ?? entry.other : entry;
  return unbroken(text).replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? count(value) : String(value);
  });
}

/** French has a space that does not break before : ; ? ! and within guillemets. @param {string} text */
const unbroken = (text) => (language() === "fr" ? text.replace(/ (?=[:;?!»])|(?<=«) /g, "\u00a0") : text);

/**
 * The text of a key, or a fallback: the API may return names that are newer than this page.
 * @param {string} key
 * @param {string} fallback
 * @param {Page.Values} [values]
 */
export const word = (key, fallback, values) => (Object.hasOwn(words, key) ? filled(words[key], values) : fallback);

/**
 * A whole number (steps, rows) with the language's grouping.
 * @param {number} n
 */
export const count = (n) => new Intl.NumberFormat(language()).format(n);

/** 1st, 2nd, 3rd. @param {number} n */
export function ordinal(n) {
  const form = new Intl.PluralRules(language(), { type: "ordinal" }).select(n);
  return word(`ordinal.${form}`, t("ordinal.other", { n }), { n });
}

/** Loads the dictionary of the document's language and translates the frame. */
export async function loadWords() {
  const wanted = language();
  const found = wanted === "fr" ? (await import("/static/i18n/fr.js")).french : ofEnglish;
  if (wanted !== language() || words === found) return;
  words = found;
  translateFrame();
}

/** Translates the frame: data-t names the key of an element's text, data-t-label that of its aria-label. */
export function translateFrame() {
  for (const [element, key] of keyed("data-t")) element.textContent = t(key);
  for (const [element, key] of keyed("data-t-label")) element.setAttribute("aria-label", t(key));
}

/** @param {string} name @returns {[Element, Page.Key][]} */
const keyed = (name) => [...document.querySelectorAll(`[${name}]`)].map((element) => [element, /** @type {Page.Key} */ (element.getAttribute(name))]);

await loadWords();

// Two dictionaries with the same keys, but for what the service itself says in English. An entry is a text, or {one, other} chosen by the
// number `n`. The French one is loaded when it is wanted.
import { english } from "/static/i18n/en.js";
import { remember } from "/static/lib/local-storage.js";

/** @type {Page.Dictionary} */
let words = english;

/** The language stands in one place, the document's `lang`; preload.js has set it. */
export const language = () => (document.documentElement.lang === "fr" ? "fr" : "en");

/**
 * The words come with `loadWords`.
 * @param {string} code
 */
export function setLanguage(code) {
  document.documentElement.lang = code;
  remember("descent.language", code);
}

/** @param {Page.Key} key @param {Page.Values} [values] */
export const t = (key, values) => filled(words[key], values);

/**
 * The text with its values: numbers as the language writes them.
 * @param {Page.Entry} entry
 * @param {Page.Values} [values]
 */
function filled(entry, values = {}) {
  const text = typeof entry === "object" ? entry[new Intl.PluralRules(language()).select(Number(values.n))] ?? entry.other : entry;
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? count(value) : String(value);
  });
}

/**
 * Has the dictionaries a word for it? Names that come from the API may be newer than this page.
 * @param {string} key
 * @param {string} fallback
 * @param {Page.Values} [values]
 */
export const word = (key, fallback, values) => (Object.hasOwn(words, key) ? filled(words[key], values) : fallback);

/**
 * Whole numbers (steps, rows) grouped as the language does.
 * @param {number} n
 */
export const count = (n) => new Intl.NumberFormat(language()).format(n);

/** Brings the words of the document's language, and says the frame in them. */
export async function loadWords() {
  const wanted = language();
  const found = wanted === "fr" ? (await import("/static/i18n/fr.js")).french : english;
  if (wanted !== language() || words === found) return;
  words = found;
  translateFrame();
}

/** Gives the words of the page's own frame: elements that carry data-t, or data-t-label for aria-label. */
export function translateFrame() {
  for (const [element, key] of keyed("data-t")) element.textContent = t(key);
  for (const [element, key] of keyed("data-t-label")) element.setAttribute("aria-label", t(key));
}

/** @param {string} name @returns {[Element, Page.Key][]} */
const keyed = (name) => [...document.querySelectorAll(`[${name}]`)].map((element) => [element, /** @type {Page.Key} */ (element.getAttribute(name))]);

await loadWords();

// Two dictionaries with the same keys, but for what the service itself says in English. An entry is a text, or {one, other} chosen by the number `n`.
import { english } from "/static/i18n/en.js";
import { french } from "/static/i18n/fr.js";
import { remember } from "/static/lib/local-storage.js";

const DICTIONARIES = { en: english, fr: french };

/** The language stands in one place, the document's `lang`; preload.js has set it. */
export const language = () => document.documentElement.lang;

export function setLanguage(code) {
  document.documentElement.lang = code;
  remember("descent.language", code);
}

export function t(key, values = {}) {
  const entry = DICTIONARIES[language()][key];
  const text = typeof entry === "object" ? entry[new Intl.PluralRules(language()).select(values.n)] ?? entry.other : entry;
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? count(value) : String(value);
  });
}

/** Has the dictionaries a word for it? Names that come from the API may be newer than this page. */
export const word = (key, fallback, values) => (key in DICTIONARIES[language()] ? t(key, values) : fallback);

/** Whole numbers (steps, rows) grouped as the language does. */
export const count = (n) => new Intl.NumberFormat(language()).format(n);

/** Gives the words of the page's own frame: elements that carry data-t, or data-t-label for aria-label. */
export function translateFrame() {
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
}

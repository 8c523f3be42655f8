import { loadWords, setLanguage } from "/static/lib/i18n.js";

/** Has the page speak this language. */
export async function speak(code) {
  setLanguage(code);
  await loadWords();
}

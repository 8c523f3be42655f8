import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { count, language, loadWords, setLanguage, t, word } from "/static/lib/i18n.js";
import "/static/lib/form-i18n.js";
import { speak } from "../speak.js";

afterEach(() => speak("en"));

test("any language but French is taken for English", async () => {
  for (const [code, taken] of [["fr", "fr"], ["en", "en"], ["de", "en"], ["", "en"]]) {
    await speak(code);
    assert.equal(language(), taken);
    assert.equal(typeof t("runs"), "string");
  }
});

test("whole numbers are grouped as the language does", async () => {
  assert.equal(count(1234567), "1,234,567");
  await speak("fr");
  assert.equal(count(1234567), "1\u202f234\u202f567");
  assert.equal(t("stepsOf", { done: 1000, total: 12345 }).replaceAll(/\s/gu, "_"), "1_000_sur_12_345");
});

test("a plural is chosen by n: French takes the singular for 0, English does not", async () => {
  assert.equal(t("drawnPoints", { n: 0 }), "0 points");
  assert.equal(t("drawnPoints", { n: 1 }), "1 point");
  await speak("fr");
  assert.equal(t("drawnPoints", { n: 0 }), "0 point");
  assert.equal(t("drawnPoints", { n: 2 }), "2 points");
  assert.equal(t("drawnPoints", { n: 1_000_000 }), "1\u202f000\u202f000 points"); // "many", which no entry has
});

test("a name that no dictionary has is left as it is, also one that every object has", () => {
  for (const name of ["", "of_tomorrow", "constructor", "toString", "__proto__"]) assert.equal(word(name, "as it is"), "as it is");
  assert.equal(word("status.queued", "queued"), "Queued");
});

test("a space before a colon does not break in French", async () => {
  await speak("fr");
  assert.equal(t("minimaAre"), "Minima\u00a0:");
  assert.match(t("deleteText", { name: "a : b" }), /^«\u00a0a : b\u00a0»/);
});

test("values are put in as text, never looked up again", () => {
  assert.equal(t("ignored", { names: "{n} $& {names}" }), "columns left out: {n} $& {names}");
});

test("after two quick switches the page speaks the last language", async () => {
  setLanguage("fr");
  const first = loadWords();
  setLanguage("en");
  await Promise.all([loadWords(), first]);
  assert.equal(t("language"), "Language");
});

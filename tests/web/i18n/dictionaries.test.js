import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { english as ofViews } from "/static/i18n/en.js";
import { englishOfForms } from "/static/i18n/en-forms.js";
import { french } from "/static/i18n/fr.js";

const english = { ...ofViews, ...englishOfForms };
const texts = (entry) => (typeof entry === "string" ? [entry] : Object.values(entry));
const places = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

test("French says all that English says", () => {
  assert.deepEqual(Object.keys(english).filter((key) => !Object.hasOwn(french, key)), []);
});

test("French says no more: the sentences of the service are its own", () => {
  assert.deepEqual(Object.keys(french).filter((key) => !Object.hasOwn(english, key)), []);
});

test("a run that took its steps is finished, whatever came of them", () => {
  assert.equal(english["status.succeeded"], "Finished");
  assert.equal(french["status.succeeded"], "Terminée");
});

test("a key has the same places in both, but for the number that a singular may spell out", () => {
  for (const key of Object.keys(english)) {
    const most = (entry) => texts(entry).map(places).reduce((longest, each) => (each.length > longest.length ? each : longest));
    assert.deepEqual(most(french[key]), most(english[key]), key);
  }
});

test("no text is empty or left undone", () => {
  for (const [key, entry] of [...Object.entries(english), ...Object.entries(french)]) {
    for (const text of texts(entry)) assert.match(text, /\S/, key);
    if (typeof entry !== "string") assert.deepEqual(Object.keys(entry).sort(), ["one", "other"], key);
  }
});

test("French has a narrow or ordinary blank before ; : ! ?, and round guillemets", () => {
  for (const [key, entry] of Object.entries(french).filter(([name]) => !name.endsWith("Example"))) {
    for (const text of texts(entry)) assert.doesNotMatch(text.replaceAll(/https?:\/\/|<[^>]*>|\b\w+:\w+\b/g, ""), /[\p{L}\d)][;!?»]|«\S/u, `${key}: ${text}`);
  }
});

test("the frame's words are those of the English dictionary, until they are translated", () => {
  const frame = readFileSync(new URL("../../../service/web/index.html", import.meta.url), "utf8");
  const named = [...frame.matchAll(/data-t="(\w+)"[^>]*>([^<]*)</g), ...frame.matchAll(/data-t-label="(\w+)" aria-label="([^"]*)"/g)];
  assert.ok(named.length > 5);
  for (const [, key, words] of named) assert.equal(english[key], words, key);
});

test("both languages have a word for each status and ranking of the service", () => {
  const described = readFileSync(new URL("../../../service/web/types/openapi.d.ts", import.meta.url), "utf8");
  const named = (pattern) => [...described.match(pattern)[1].matchAll(/"(\w+)"/g)].map(([, name]) => name);
  for (const dictionary of [english, french]) {
    for (const status of named(/RunStatus = (.*);/)) {
      for (const key of [`status.${status}`, `runs.${status}`]) assert.ok(Object.hasOwn(dictionary, key), key);
    }
    for (const name of named(/rank_by\?: (.*);/)) {
      assert.ok(Object.hasOwn(dictionary, `criterion.${name}`) || Object.hasOwn(dictionary, name), `criterion.${name}`);
    }
  }
});

test("E is masculine in French, as in the sentences of the service", () => {
  assert.deepEqual([french["landscape.low"], french["landscape.high"]], ["E petit", "E grand"]);
  assert.match(french.fitAboutCurve, /E en est fait\./);
  assert.match(french.withoutData, /seul compte E\./);
});

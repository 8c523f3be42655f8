import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { ordinal } from "/static/lib/i18n.js";
import { pauseMs, placeWords, startWords } from "/static/views/run/queue-place.js";
import { speak } from "../../speak.js";

afterEach(() => speak("en"));
const NBSP = "\u00a0";

test("the place of a waiting run is an ordinal", async () => {
  const said = [1, 2, 3, 4, 11, 12, 13, 21, 22, 1003].map(ordinal);
  assert.deepEqual(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "1,003rd"]);
  assert.equal(placeWords({ position: 3, starts_in_seconds: null }), "3rd in the queue.");
  await speak("fr");
  assert.deepEqual([1, 2, 3, 21].map(ordinal), ["1re", "2e", "3e", "21e"]);
  assert.equal(placeWords({ position: 3, starts_in_seconds: null }), "3e dans la file d’attente.");
});

test("the expected start is rough, and has one unit", async () => {
  const start = (seconds) => startWords({ position: 2, starts_in_seconds: seconds });
  assert.deepEqual([0, 1.4].map(start), ["Starts in a moment.", "Starts in a moment."]);
  assert.equal(start(20.4), `Starts in about 20${NBSP}s.`);
  assert.equal(start(200), `Starts in about 3${NBSP}min.`);
  assert.equal(start(7300), `Starts in about 2${NBSP}h.`);
  await speak("fr");
  assert.equal(start(0), "Début dans un instant.");
  assert.equal(start(20.4), `Début dans environ 20${NBSP}s.`);
});

test("an unknown place or start is not mentioned", () => {
  assert.equal(placeWords(null), "");
  assert.equal(startWords(null), "");
  assert.equal(startWords({ position: 3, starts_in_seconds: null }), "");
});

test("the place is read again after a tenth of the waiting time, within bounds", () => {
  const pause = (seconds) => pauseMs({ position: 2, starts_in_seconds: seconds });
  assert.deepEqual([0, 60, 1e6].map(pause), [1000, 6000, 15_000]);
});

test("without a waiting time the place is read again after a second for each run ahead, within bounds", () => {
  const pause = (position) => pauseMs({ position, starts_in_seconds: null });
  assert.deepEqual([1, 4, 1000].map(pause), [1000, 4000, 15_000]);
  assert.equal(pauseMs(null), 1000);
});

// The verdict on a derivative: it agrees with a central difference, differs, or the difference is too inexact.
import assert from "node:assert/strict";
import { test } from "node:test";

import { agreementOf } from "/static/views/run/step-breakdown-tables.js";

test("a derivative within the difference's error agrees, one outside differs", () => {
  assert.equal(agreementOf(1e-9, 1e-8, 1), "agrees");
  assert.equal(agreementOf(0, 0, 0), "agrees");
  assert.equal(agreementOf(0.1, 1e-8, 1), "differs");
});

test("a difference with a large error, or without one, proves nothing", () => {
  assert.equal(agreementOf(0.1, 0.2, 1), "inexact");
  assert.equal(agreementOf(0.1, null, 1), "inexact");
});

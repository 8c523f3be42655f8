// The findings of a diagnosis: a sentence, and a button that submits the corrected request.
import { h } from "/static/lib/dom.js";
import { t, word } from "/static/lib/i18n.js";
import { inJson, rounded } from "/static/lib/format.js";
import { titleOf } from "/static/lib/run-title.js";
import { fit } from "/static/lib/api.js";
import { runLink } from "/static/components/sample-run-button.js";
import { act } from "/static/components/error-banner.js";

/** The tag of a corrected run: the id of the run that it mends. */
export const MENDS = "mends";

/** @typedef {NonNullable<Api.Finding["change"]>} Change */

/** @param {Api.Run} run */
export const findings = (run) => (run.diagnosis ?? []).map((finding) => section(run, finding));

/** @param {Api.Run} run @param {Api.Finding} finding */
function section(run, { code, sentence, change, promise }) {
  return h("section", { class: "finding", "data-code": code },
    h("h3", {}, word(`finding.${code}`, code)),
    h("p", {}, sentence),
    change && correction(run, change),
    promise && h("p", { class: "promise" }, promised(promise)));
}

/** What the change gave in a trial. @param {NonNullable<Api.Finding["promise"]>} promise */
function promised({ criterion, before, after, steps }) {
  const values = { criterion: word(criterion, criterion), after: rounded(after), steps };
  return before === null ? t("promiseAlone", values) : t("promise", { ...values, before: rounded(before) });
}

/** @param {Api.Run} run @param {Change} change */
function correction(run, change) {
  const button = h("button", { type: "button", class: "primary", click: () => act(button, () => submit(run, change)) }, t("mend"));
  return h("p", { class: "mend" }, button, h("code", {}, inJson(change)));
}

/** @param {Api.Run} run @param {Change} change */
async function submit(run, change) {
  const { id } = await fit({ .../** @type {Api.FitRequest} */ (merged(run.request, change)), name: t("mended", { name: titleOf(run) }), tags: { ...run.tags, [MENDS]: run.id } });
  location.hash = runLink(id);
}

/** @param {unknown} value @returns {value is {[name: string]: unknown}} */
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** A JSON merge patch (RFC 7396). @param {unknown} target @param {unknown} patch @returns {unknown} */
function merged(target, patch) {
  if (!isObject(patch)) return patch;
  const result = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

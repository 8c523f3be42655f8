// The filters and the order of the list. The address has them, so that a list can be kept and shared.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

const REST_MS = 250;
const MOST_NAME = 198; // with two stars 200
const SHOWN = 40; // characters of a value that is not understood
/** @type {Exclude<Api.Run["status"], "cancelling">[]} */
const STATUSES = ["queued", "running", "paused", "succeeded", "diverged", "failed", "cancelled"];
/** @type {("-created_at" | "created_at" | "name" | "best_test_mse" | "test_mse" | "train_mse")[]} */
const ORDERS = ["-created_at", "created_at", "name", "best_test_mse", "test_mse", "train_mse"];

/** Calls `onChange()` after a change, for text once the user rests. @param {() => void} onChange */
export function filters(onChange) {
  const asked = new URLSearchParams(location.hash.split("?")[1] ?? "");
  const name = h("input", { type: "search", name: "name", maxlength: MOST_NAME, value: (asked.get("name") ?? "").slice(0, MOST_NAME), input: whenResting });
  const tag = h("input", { type: "text", name: "tag", autocomplete: "off", spellcheck: "false", placeholder: t("tagExample"), value: asked.get("tag") ?? "", input: whenResting });
  const status = choice("status", [["", t("everyStatus")], ...STATUSES.map((each) => /** @type {[string, string]} */ ([each, t(`status.${each}`)]))]);
  const sort = choice("sort", ORDERS.map((each) => [each, t(`order.${each}`)]));
  const unknown = notUnderstood(asked);
  const warning = h("p", { class: "error", role: "alert", hidden: unknown.length === 0 }, t("filterUnknown", { parts: unknown.join(", ") }));
  const element = h("form", { class: "filters", role: "search", "aria-label": t("filterRuns"), submit: (event) => event.preventDefault() },
    h("label", {}, t("findName"), name), h("label", {}, t("tag"), tag), h("label", {}, t("status"), status), h("label", {}, t("order"), sort), warning);
  const fields = () => ({ name: name.value.trim(), tag: tag.value.trim(), status: status.value, sort: sort.value });
  let timer = 0;
  let query = read(); // of the last change: not of text that is being typed

  /**
   * @param {string} field
   * @param {[value: string, words: string][]} options
   */
  function choice(field, options) {
    const given = asked.get(field);
    return h("select", { name: field, change }, options.map(([value, words]) => h("option", { value, selected: value === given }, words)));
  }

  function whenResting() {
    clearTimeout(timer);
    timer = setTimeout(change, REST_MS);
  }

  /** The query of the list: a name without a star is looked for anywhere. @returns {Api.Query} */
  function read() {
    const found = fields();
    const pattern = found.name && !found.name.includes("*") ? `*${found.name}*` : found.name;
    const complete = isTag(found.tag) ? found.tag : ""; // one that is being typed filters nothing yet
    return Object.fromEntries(Object.entries({ ...found, name: pattern, tag: complete }).filter(([, value]) => value));
  }

  function change() {
    query = read();
    warning.hidden = true; // the address is rewritten
    const chosen = new URLSearchParams(Object.entries(fields()).filter(([field, value]) => value && value !== (field === "sort" ? ORDERS[0] : "")));
    history.replaceState(null, "", chosen.size ? `#/?${chosen}` : "#/");
    onChange();
  }

  function clear() {
    name.value = tag.value = status.value = "";
    change();
    name.focus();
  }
  return { element, query: () => query, clear, isFiltering: () => Boolean(query.name || query.tag || query.status || !warning.hidden), stop: () => clearTimeout(timer) };
}

/** @param {string} text */
const isTag = (text) => /^[^:]+:./.test(text);

/** The parts of an address that are no filter of the list: they filter nothing. @param {URLSearchParams} asked */
function notUnderstood(asked) {
  /** @type {{[field: string]: (value: string) => boolean}} */
  const known = {
    name: (value) => value.length <= MOST_NAME,
    tag: isTag,
    status: (value) => value === "" || STATUSES.some((each) => each === value),
    sort: (value) => ORDERS.some((each) => each === value),
  };
  return [...asked].filter(([field, value]) => !(Object.hasOwn(known, field) && known[field](value))).map(([field, value]) => `${field}=${value.slice(0, SHOWN)}`);
}

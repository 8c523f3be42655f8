// The request as text to take along: JSON, curl and Python.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/form-i18n.js";

/** The address of the service: that of the page. */
const address = () => new URL(".", location.href).href.slice(0, -1);

/** @type {{[form: string]: (request: object) => string}} */
const FORMS = {
  JSON: (request) => JSON.stringify(request, null, 2),
  curl: (request) => curl(request, address()),
  Python: (request) => program(request, address()),
};

/** @param {object} request @param {string} service */
export const curl = (request, service) =>
  `curl ${service}/fit -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(request).replaceAll("'", "'\\''")}'`;

/** A program of Python's standard library: prints the id of the run, or what is wrong with the request. @param {object} request @param {string} service */
export const program = (request, service) => `import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

request = ${python(request)}
try:
    with urlopen(Request("${service}/fit", json.dumps(request).encode(), {"Content-Type": "application/json"})) as answer:
        print(json.load(answer)["id"])
except HTTPError as error:
    raise SystemExit(json.load(error)["detail"])`;

/**
 * @param {unknown} value
 * @returns {string}
 */
export function python(value) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value !== "object" || value === undefined) return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${python(each)}`).join(", ")}}`;
}

export function requestText() {
  const text = h("code");
  const buttons = Object.keys(FORMS).map((form) => h("button", { type: "button", click: () => turnTo(form) }, form));
  const copy = h("button", { type: "button", click: take }, t("copy"));
  const element = h("div", { class: "request-text" }, h("div", { class: "scale", role: "group", "aria-label": t("asText") }, buttons), copy, h("pre", { tabindex: "0" }, text));
  let form = "JSON";
  let request = {};
  turnTo("JSON");

  /** @param {string} name */
  function turnTo(name) {
    form = name;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.textContent === form));
    show();
  }

  function show() {
    choose(text, FORMS[form](request));
    copy.textContent = t("copy");
  }

  async function take() {
    await navigator.clipboard.writeText(text.textContent ?? "");
    copy.textContent = t("copied");
  }

  /** @param {object} news */
  function update(news) {
    request = news;
    show();
  }
  return { element, update };
}

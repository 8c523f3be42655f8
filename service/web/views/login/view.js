// Asks for an API key, in the place of what cannot be shown without one.
import { h, choose } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { holdKey } from "/static/lib/api-key.js";

/**
 * `wasRefused` says that a key was sent and is not, or no longer, a good one; `onKey` is called when there is another.
 * @param {HTMLElement} host
 * @param {boolean} wasRefused
 * @param {() => void} onKey
 * @returns {Page.View}
 */
export function keyView(host, wasRefused, onKey) {
  document.title = `${t("keyTitle")} · Descent`;
  const heading = h("h1", { tabindex: "-1" }, t("keyTitle"));
  const input = h("input", {
    id: "key", type: "password", required: true, autocomplete: "off", spellcheck: "false",
    pattern: "\\s*[!-~]+\\s*", "aria-describedby": "key-help",
  });
  /** @param {SubmitEvent} event */
  const use = (event) => {
    event.preventDefault();
    holdKey(input.value.trim());
    onKey();
  };
  choose(host, heading, h("form", { class: "key", submit: use },
    wasRefused ? h("p", { class: "problem", role: "alert" }, t("keyRefused")) : null,
    h("label", { for: "key" }, t("keyLabel")), input,
    h("p", { class: "note", id: "key-help" }, t("keyHelp")),
    h("button", { type: "submit", class: "primary" }, t("keyUse"))));
  input.focus();
  return { heading, stop: () => {} };
}

// A button that asks for confirmation before a deletion.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

/**
 * @param {string} title
 * @param {string} text
 * @param {() => void} onYes
 */
export function confirmed(title, text, onYes) {
  /** @param {boolean} yes */
  const finish = (yes) => () => {
    dialog.close();
    dialog.remove();
    if (yes) onYes();
  };
  const dialog = h("dialog", { "aria-labelledby": "delete-title", cancel: () => dialog.remove() },
    h("h2", { id: "delete-title" }, title),
    h("p", {}, text),
    h("p", { class: "actions" },
      h("button", { type: "button", click: finish(false), autofocus: true }, t("keep")),
      h("button", { type: "button", class: "danger", click: finish(true) }, t("delete"))));
  document.body.append(dialog);
  dialog.showModal();
}

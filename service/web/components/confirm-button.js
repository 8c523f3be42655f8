// A dialog that asks for confirmation before a deletion.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { openDialog } from "/static/components/dialog.js";

/**
 * @param {string} title
 * @param {string} text
 * @param {() => void} onYes
 */
export function confirmed(title, text, onYes) {
  openDialog(title, (close) => {
    const yes = () => {
      close();
      onYes();
    };
    return [
      h("p", {}, text),
      h("p", { class: "actions" },
        h("button", { type: "button", click: close, autofocus: true }, t("keep")),
        h("button", { type: "button", class: "danger", click: yes }, t("delete"))),
    ];
  });
}

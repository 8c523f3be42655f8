// A dialog that gives a run another name.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { renameRun } from "/static/lib/api.js";
import { act } from "/static/components/error-banner.js";

/**
 * @param {string} id
 * @param {string | null} name
 * @param {(run: Api.Run) => void} onDone
 */
export function askForName(id, name, onDone) {
  const input = h("input", { name: "name", type: "text", maxlength: 200, value: name ?? "", autofocus: true });
  const submit = h("button", { type: "submit", class: "primary" }, t("rename"));
  const close = () => {
    dialog.close();
    dialog.remove();
  };
  const form = h("form", { method: "dialog", submit: (event) => {
    event.preventDefault();
    act(submit, async () => {
      const run = await renameRun(id, input.value.trim() || null);
      close();
      onDone(run);
    });
  } },
    h("label", {}, t("newName"), input),
    h("p", { class: "actions" }, h("button", { type: "button", click: close }, t("close")), submit));
  const dialog = h("dialog", { "aria-labelledby": "rename-title", cancel: () => dialog.remove() }, h("h2", { id: "rename-title" }, t("renameTitle")), form);
  document.body.append(dialog);
  dialog.showModal();
}

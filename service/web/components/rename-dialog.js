// A dialog that gives a run another name.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { renameRun } from "/static/lib/api.js";
import { act, describe } from "/static/components/error-banner.js";

/**
 * @param {string} id
 * @param {string | null} name
 * @param {(run: Api.Run) => void} onDone
 */
export function askForName(id, name, onDone) {
  const input = h("input", { name: "name", type: "text", maxlength: 200, value: name ?? "", autofocus: true });
  const problem = h("div", { class: "error", role: "alert" });
  const submit = h("button", { type: "submit", class: "primary" }, t("rename"));
  const close = () => {
    dialog.close();
    dialog.remove();
  };
  const form = h("form", { method: "dialog", submit: (event) => {
    event.preventDefault();
    act(submit, async () => {
      try {
        const run = await renameRun(id, input.value.trim() || null);
        close();
        onDone(run);
      } catch (error) {
        choose(problem, describe(error)); // the banner is behind the dialog
      }
    });
  } },
    h("label", {}, t("newName"), input), problem,
    h("p", { class: "actions" }, h("button", { type: "button", click: close }, t("keep")), submit));
  const dialog = h("dialog", { "aria-labelledby": "rename-title", cancel: () => dialog.remove() }, h("h2", { id: "rename-title" }, t("renameTitle")), form);
  document.body.append(dialog);
  dialog.showModal();
}

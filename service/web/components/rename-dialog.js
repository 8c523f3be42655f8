// A dialog that gives a run or a dataset another name.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { act, describe } from "/static/components/error-banner.js";
import { openDialog } from "/static/components/dialog.js";

/**
 * `rename` stores the name; a name left empty is null.
 * @template Renamed
 * @param {string} title
 * @param {string | null} name
 * @param {(name: string | null) => Promise<Renamed>} rename
 * @param {(renamed: Renamed) => void} onDone
 */
export function askForName(title, name, rename, onDone) {
  const input = h("input", { name: "name", type: "text", maxlength: 200, value: name ?? "", autofocus: true });
  const problem = h("div", { class: "error", role: "alert" });
  const submit = h("button", { type: "submit", class: "primary" }, t("rename"));
  openDialog(title, (close) => {
    const send = () => act(submit, async () => {
      try {
        const renamed = await rename(input.value.trim() || null);
        close();
        onDone(renamed);
      } catch (error) {
        choose(problem, describe(error)); // the banner is behind the dialog
      }
    });
    return [h("form", { method: "dialog", submit: (event) => {
      event.preventDefault();
      send();
    } },
    h("label", {}, t("newName"), input), problem,
    h("p", { class: "actions" }, h("button", { type: "button", click: close }, t("dismiss")), submit))];
  });
}

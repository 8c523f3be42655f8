// What one does with the chosen runs of the list beside comparing them: give one another name, delete all.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { deleteRuns, renameRun } from "/static/lib/api.js";
import { act } from "/static/components/error-banner.js";
import { confirmed } from "/static/components/confirm-button.js";
import { askForName } from "/static/components/rename-dialog.js";

/**
 * `nameOf(id)` is the name of a run; `onDone()` follows a change.
 * @param {(id: string) => string | null} nameOf
 * @param {() => void} onDone
 */
export function chosenActions(nameOf, onDone) {
  /** @type {string[]} */
  let chosen = [];
  const rename = h("button", { type: "button", hidden: true, click: askName }, t("rename"));
  const remove = h("button", { type: "button", class: "danger", hidden: true, click: ask }, t("delete"));

  function askName() {
    const [id] = chosen;
    askForName(t("renameTitle"), nameOf(id), (name) => renameRun(id, name), onDone);
  }

  function ask() {
    const ids = chosen;
    const n = ids.length;
    confirmed(t("deleteRunsTitle", { n }), t("deleteRunsText", { n }), () => act(remove, async () => {
      await deleteRuns(ids);
      onDone();
    }));
  }

  /** @param {string[]} ids */
  function update(ids) {
    chosen = ids;
    rename.hidden = ids.length !== 1;
    remove.hidden = ids.length === 0;
  }
  return { elements: [rename, remove], update };
}

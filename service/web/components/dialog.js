// The frame of each dialog. The browser gives the focus back to the element that opened it, provided that the dialog is removed after
// its end: by Escape too.
import { h } from "/static/lib/dom.js";

/**
 * Opens a dialog; `content(close)` makes what stands below its title.
 * @param {string} title
 * @param {(close: () => void) => Element[]} content
 */
export function openDialog(title, content) {
  if (document.querySelector("dialog")) return; // of a second click while the first one loaded the dialog
  const dialog = h("dialog", { "aria-labelledby": "dialog-title", close: () => dialog.remove() });
  dialog.append(h("h2", { id: "dialog-title" }, title), ...content(() => dialog.close()));
  document.body.append(dialog);
  dialog.showModal();
}

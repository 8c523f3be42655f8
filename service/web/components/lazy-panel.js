// A collapsible panel. Opening it loads its content.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { part } from "/static/lib/api.js";
import { signal } from "/static/vendor/preact-signals-core-1.14.5/signals-core.js";

/**
 * `mine.open` is the reader's choice. `load()` imports a function that takes the signal `isOpen` and returns the content.
 * @typedef {{ parts: Element[], stop: () => void }} Panel
 * @param {string} name
 * @param {Page.Key} title
 * @param {{ open?: boolean }} mine
 * @param {() => Promise<(isOpen: import("/static/vendor/preact-signals-core-1.14.5/signals-core.js").Signal<boolean>) => Panel>} load
 */
export function lazyPanel(name, title, mine, load) {
  const isOpen = signal(false);
  const element = h("details", { class: name, open: Boolean(mine.open), toggle: turned }, h("summary", {}, t(title)));
  /** @type {Panel | null} */
  let panel = null;
  let left = false;

  async function turned() {
    mine.open = isOpen.value = element.open;
    if (!element.open) return;
    const make = await part(load);
    if (left || panel) return;
    panel = make(isOpen);
    element.append(...panel.parts);
  }

  function stop() {
    left = true;
    panel?.stop();
  }
  return { element, stop };
}

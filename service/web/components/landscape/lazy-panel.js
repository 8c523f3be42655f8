// The landscape's place on the page of a run: a fold. What draws it is loaded when it is opened.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { part } from "/static/lib/api.js";

/** `kept.landscape` holds what the reader has chosen there, and `open`. */
export function landscapeFold(id, kept, onStep) {
  const mine = (kept.landscape ??= { query: {} });
  const element = h("details", { class: "landscape", open: Boolean(mine.open), toggle: turned }, h("summary", {}, t("landscape")));
  let [panel, news, chosen, left] = [null, null, null, false];

  async function turned() {
    mine.open = element.open;
    if (!element.open) return;
    const { landscapePanel } = await part(() => import("/static/components/landscape/panel.js"));
    if (left) return;
    if (!panel) {
      panel = landscapePanel(id, mine, onStep);
      element.append(...panel.parts);
    }
    tell();
  }

  function tell() {
    if (!panel || !element.open) return;
    if (news) panel.update(...news);
    if (chosen) panel.select(...chosen);
  }

  /** To be told of the run, and how far it is. */
  function update(run, last) {
    news = last < 0 ? null : [run, last];
    tell();
  }

  function select(step, row) {
    chosen = [step, row];
    if (element.open) panel?.select(step, row);
  }

  function stop() {
    left = true;
    panel?.stop();
  }
  return { element, update, select, stop };
}

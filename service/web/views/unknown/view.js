// What an address says that leads to no view.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

/**
 * @param {HTMLElement} host
 * @returns {Page.View}
 */
export function unknownView(host) {
  document.title = `${t("unknownTitle")} · Descent`;
  const heading = h("h1", { tabindex: "-1" }, t("unknownTitle"));
  choose(host, heading, h("p", {}, t("unknownText"), " ", h("code", {}, location.hash)), h("p", {}, h("a", { href: "#/" }, "← ", t("allRuns"))));
  return { heading, stop: () => {} };
}

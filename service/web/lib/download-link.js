// Download links. A browser that follows a link sends no API key; with a key, the page fetches the file.
import { h } from "/static/lib/dom.js";
import { fetchFile, pictureLink } from "/static/lib/api.js";
import { language } from "/static/lib/i18n.js";
import { heldKey } from "/static/lib/api-key.js";
import { act } from "/static/components/error-banner.js";

/**
 * Links to a picture as SVG and as PNG.
 * @param {string} id
 * @param {"landscape" | "curves"} name
 * @param {Api.Query} query
 * @param {string} words
 */
export function pictureLinks(id, name, query, words) {
  /** @param {string} form */
  const link = (form) => fileLink(pictureLink(id, `${name}.${form}`, { ...query, lang: language() }), `${id}-${name}.${form}`, form.toUpperCase());
  return [h("span", {}, words), ["svg", "png"].map(link)].flat();
}

/**
 * @param {string} path
 * @param {string} name
 * @param {string} text
 */
export function fileLink(path, name, text) {
  const link = h("a", { href: path, click: (event) => {
    if (!heldKey()) return;
    event.preventDefault();
    act(link, async () => save(await fetchFile(path), name));
  } }, text);
  return link;
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const href = URL.createObjectURL(blob);
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

// Links to what the service answers. A browser that follows a link sends no key, so with one the page fetches the file itself.
import { h } from "/static/dom.js";
import { fetchFile } from "/static/api.js";
import { heldKey } from "/static/key.js";
import { act } from "/static/problem.js";

export function fileLink(path, name, text) {
  const link = h("a", { href: path, click: (event) => {
    if (!heldKey()) return;
    event.preventDefault();
    act(link, async () => save(await fetchFile(path), name));
  } }, text);
  return link;
}

function save(blob, name) {
  const href = URL.createObjectURL(blob);
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

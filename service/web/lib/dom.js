// The only way this page makes elements: everything a run carries goes in as text, never as markup.

export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets text only when it differs: a live region then speaks only when there is news. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function choose(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));
}

/** A table of (header, cell) rows. */
export function factTable(caption, rows) {
  const body = rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, ...[value].flat())));
  return h("table", { class: "facts" }, h("caption", { class: "unseen" }, caption), h("tbody", {}, body));
}

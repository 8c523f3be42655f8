// How a file is read: what becomes of missing values, the decimal mark, the mark between thousands, and dates.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/form-i18n.js";

/** @type {("missing" | "decimal" | "thousands" | "dates")[]} */
const PARAMETERS = ["missing", "decimal", "thousands", "dates"];
/** The values of each parameter of the upload, the default first. */
const VALUES = { missing: ["refuse", "drop", "mean"], decimal: ["auto", ".", ","], thousands: ["auto", "none", ",", ".", "space"], dates: ["ignore", "days"] };

/**
 * `kept.reading` holds the choices that are no defaults. Each change calls `onChange()`.
 * @param {Page.Kept} kept
 * @param {() => void} onChange
 */
export function fileReading(kept, onChange) {
  kept.reading ??= {};
  const chosen = kept.reading;
  /** @param {typeof PARAMETERS[number]} name */
  function choice(name) {
    const [usual] = VALUES[name];
    const select = h("select", { name, change: () => {
      if (select.value === usual) delete chosen[name];
      else chosen[name] = select.value;
      onChange();
    } }, VALUES[name].map((value) => h("option", { value, selected: value === (chosen[name] ?? usual) }, words(name, value))));
    return h("p", {}, h("label", {}, t(`reading.${name}`), " ", select));
  }
  return { element: h("div", {}, PARAMETERS.map(choice)), query: () => chosen };
}

/** The value in words; a mark is its own word. @param {string} name @param {string} value */
const words = (name, value) => (/[.,]/.test(value) ? value : t(/** @type {Page.Key} */ (`${name}.${value}`)));

/** The hint of an error, with the choice on this page for a parameter of the API. @param {string} [hint] */
export function hintOnPage(hint) {
  const asked = PARAMETERS.find((name) => hint?.includes(`?${name}=`));
  return asked ? t("readingHint", { choice: t(`reading.${asked}`) }) : hint;
}

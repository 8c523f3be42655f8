// The controls of a landscape: the plane (PCA or two parameters), the grid's resolution, and the last step of the path.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

/** @type {("pca" | "pair")[]} */
const KINDS = ["pca", "pair"];
const RESOLUTIONS = [25, 49, 97];
const FIRST_STEPS = 20; // of a diverged descent: on the scale of its last steps, all others are one point

/**
 * `kept` holds the choices. Each change calls `onChoice()`.
 * @param {Page.LandscapeQuery} kept
 * @param {() => void} onChoice
 */
export function choices(kept, onChoice) {
  const kind = select("kind", KINDS.map((each) => option(each, t(`landscape.kind.${each}`))));
  const [x, y] = [select("x", []), select("y", [])];
  const resolution = select("resolution", RESOLUTIONS.map((each) => option(each, `${each} × ${each}`)));
  const until = h("input", { type: "number", min: 1, step: 1, inputmode: "numeric", change: () => choose("to_step", until.valueAsNumber || undefined) });
  const pair = [labelled("x", x), labelled("y", y)];
  const many = [labelled("kind", kind), ...pair, labelled("resolution", resolution)];
  const element = h("div", { class: "landscape-choices" }, many, labelled("until", until));
  let last = -1;

  /** @param {"kind" | "x" | "y" | "resolution"} name @param {HTMLElement[]} options */
  function select(name, options) {
    const field = h("select", { name, change: () => choose(name, field.value) }, options);
    return field;
  }

  /** @template {keyof Page.LandscapeQuery} Name @param {Name} name @param {Page.LandscapeQuery[Name]} value */
  function choose(name, value) {
    kept[name] = value;
    arrange();
    onChoice();
  }

  /** Updates the options from the run and its last stored step. @param {Api.Run} run @param {number} step */
  function update(run, step) {
    last = step;
    const names = run.parameters;
    if (x.options.length !== names.length) {
      for (const each of [x, y]) each.replaceChildren(...names.map((name) => option(name, name)));
      [kept.x, kept.y] = [kept.x ?? names[0], kept.y ?? names[1]];
    }
    if (run.status === "diverged" && last > 0 && !("to_step" in kept)) kept.to_step = Math.min(FIRST_STEPS, last);
    for (const each of many) each.hidden = names.length <= 2;
    until.max = String(last);
    until.placeholder = String(last);
    arrange();
  }

  function arrange() {
    kind.value = kept.kind ??= "pca";
    kept.resolution ??= 49;
    resolution.value = String(kept.resolution);
    [x.value, y.value] = [kept.x ?? "", kept.y ?? ""];
    if (document.activeElement !== until) until.value = String(kept.to_step ?? "");
    for (const each of pair) each.hidden = many[0].hidden || kept.kind !== "pair";
  }

  /** @returns {Api.Query} */
  function query() {
    const asked = many[0].hidden ? {} : { resolution: resolution.value, kind: kind.value, ...(kind.value === "pair" && { x: x.value, y: y.value }) };
    return kept.to_step !== undefined && kept.to_step < last ? { ...asked, to_step: kept.to_step } : asked;
  }
  return { element, update, query };
}

/** @param {string | number} value @param {string} words */
const option = (value, words) => h("option", { value }, words);
/** @param {"kind" | "x" | "y" | "resolution" | "until"} name @param {HTMLElement} field */
const labelled = (name, field) => h("label", { class: `landscape-${name}` }, h("span", {}, t(`landscape.choice.${name}`)), field);

// Which landscape: of the plane of the path or of two parameters, how fine, and how much of the path.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";

const RESOLUTIONS = [25, 49, 97];
const FIRST_STEPS = 20; // of a descent that diverged: its last steps are so large that all others would be one point

/** `kept` holds what was chosen, as the API's query has it. `onChoice()` is called when something else is. */
export function choices(kept, onChoice) {
  const [kind, x, y, resolution] = [["kind", ["pca", "pair"]], ["x", []], ["y", []], ["resolution", RESOLUTIONS]].map(select);
  const until = h("input", { type: "number", min: 1, step: 1, inputmode: "numeric", change: () => choose("to_step", until.valueAsNumber || undefined) });
  const pair = [x, y].map((each) => labelled(each.name, each));
  const many = [labelled("kind", kind), ...pair, labelled("resolution", resolution)];
  const element = h("div", { class: "landscape-choices" }, many, labelled("until", until));
  let last = -1;

  function select([name, options]) {
    return h("select", { name, change: (event) => choose(name, event.target.value) }, options.map((each) => option(each, name === "resolution" ? `${each} × ${each}` : t(`landscape.kind.${each}`))));
  }

  function choose(name, value) {
    kept[name] = value;
    arrange();
    onChoice();
  }

  /** To be told of the run, and how far it is. */
  function update(run, step) {
    last = step;
    const names = run.parameters ?? [];
    if (x.options.length !== names.length) for (const [i, each] of [x, y].entries()) {
      each.replaceChildren(...names.map((name) => option(name, name)));
      kept[each.name] ??= names[i];
    }
    if (run.status === "diverged" && last > 0 && !("to_step" in kept)) kept.to_step = Math.min(FIRST_STEPS, last);
    for (const each of many) each.hidden = names.length <= 2;
    until.max = String(last);
    until.placeholder = String(last);
    arrange();
  }

  function arrange() {
    kind.value = kept.kind ??= "pca";
    resolution.value = kept.resolution ??= 49;
    [x.value, y.value] = [kept.x, kept.y];
    if (document.activeElement !== until) until.value = kept.to_step ?? "";
    for (const each of pair) each.hidden = many[0].hidden || kept.kind !== "pair";
  }

  /** The API's query. */
  function query() {
    const asked = many[0].hidden ? {} : { resolution: kept.resolution, kind: kept.kind, ...(kept.kind === "pair" && { x: kept.x, y: kept.y }) };
    return kept.to_step < last ? { ...asked, to_step: kept.to_step } : asked;
  }
  return { element, update, query };
}

const option = (value, words) => h("option", { value }, words);
const labelled = (name, field) => h("label", { class: `landscape-${name}` }, h("span", {}, t(`landscape.choice.${name}`)), field);

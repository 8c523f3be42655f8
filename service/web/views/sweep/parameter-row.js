// One hyperparameter of a sweep and its values: a list, or a range on a linear or logarithmic scale.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/form-i18n.js";
import { typeable, typedList, typedNumber } from "/static/lib/typed-numbers.js";
import { lastName, valueAt, variables, variableWords } from "/static/views/sweep/parameters.js";

/** @type {("log" | "linear" | "list")[]} */
const KINDS = ["log", "linear", "list"];
const POSITIVE = new Set(["learning_rate", "l1", "l2", "epsilon", "clip_norm", "weight_decay"]); // hyperparameters on a logarithmic scale

/**
 * `used` are the pointers of other rows. Each change calls `onChange()`. `onRemove` is null for a row that cannot be removed.
 * @param {Api.Run} run
 * @param {string[]} used
 * @param {() => void} onChange
 * @param {(() => void) | null} onRemove
 */
export function valueRow(run, used, onChange, onRemove) {
  const pointers = variables(run.request);
  const pointer = h("select", { change: suggest }, pointers.map((each) => h("option", { value: each }, variableWords(each))));
  pointer.value = pointers.find((each) => !used.includes(each)) ?? pointers[0];
  const kind = h("select", { change: changed }, KINDS.map((each) => h("option", { value: each }, t(`values.${each}`))));
  const list = h("input", { type: "text", input: onChange });
  const [from, to] = [0, 0].map(() => h("input", { type: "text", inputmode: "decimal", input: onChange }));
  const number = h("input", { type: "number", min: 2, step: 1, input: onChange });
  /** @param {string} words @param {HTMLElement} input */
  const labelled = (words, input) => h("label", {}, h("span", {}, words), input);
  const ends = [labelled(t("values.from"), from), labelled(t("values.to"), to), labelled(t("values.count"), number)];
  const listed = labelled(t("values.listed"), list);
  const remove = onRemove ? h("button", { type: "button", click: onRemove }, t("values.remove")) : null;
  const element = h("fieldset", { class: "value-row" }, h("legend", { class: "unseen" }, t("values.legend")),
    labelled(t("values.variable"), pointer), labelled(t("values.kind"), kind), listed, ends, remove);

  function suggest() {
    const name = lastName(pointer.value);
    const now = name === "learning_rate" ? run.learning_rate : valueAt(run.request, pointer.value);
    const base = typeof now === "number" && now > 0 ? now : 0.01;
    kind.value = POSITIVE.has(name) ? "log" : "list";
    from.value = typeable(Number((base / 100).toPrecision(2)));
    to.value = typeable(Number((base * 10).toPrecision(2)));
    number.value ||= "12";
    list.value = nearby(name, now).map(typeable).join(" ");
    changed();
  }

  function changed() {
    listed.hidden = kind.value !== "list";
    for (const end of ends) end.hidden = !listed.hidden;
    onChange();
  }

  /** {pointer, values} as the service's request has them, unvalidated. */
  function value() {
    const values = kind.value === "list"
      ? typedList(list.value).map(read)
      : { from: read(from.value), to: read(to.value), count: number.valueAsNumber || null, scale: kind.value };
    return { pointer: pointer.value, values };
  }

  suggest();
  return { element, value };
}

/** @param {string} text */
const read = (text) => (Number.isFinite(typedNumber(text)) ? typedNumber(text) : text);

/**
 * @param {string} name
 * @param {unknown} now
 */
function nearby(name, now) {
  if (name === "momentum" || name.startsWith("beta") || name === "decay") return [0, 0.5, 0.9, 0.99];
  if (name === "seed") return [0, 1, 2, 3, 4];
  if (name === "degree") return [1, 2, 3, 4, 5];
  if (name === "batch_size") return [4, 8, 16, 32];
  if (name === "steps") return [Number(now), 10 * Number(now)];
  return typeof now === "number" && now !== 0 ? [now / 10, now, now * 10].map((value) => Number(value.toPrecision(4))) : [0.1, 0.5, 0.9];
}

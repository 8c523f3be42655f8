// A new run: its data, its choices, what the service says of them while they are made, and the request as text.
import { choose, h } from "/static/lib/dom.js";
import { count, t } from "/static/lib/form-i18n.js";
import { errorsOf } from "/static/lib/api-error.js";
import { fit, price } from "/static/lib/api.js";
import { runLink } from "/static/components/sample-run-button.js";
import { act, showProblem } from "/static/components/error-banner.js";
import { whenResting } from "/static/lib/debounce.js";
import { dataChooser } from "/static/components/request-form/dataset-picker.js";
import { choices } from "/static/components/request-form/fields.js";
import { fillForm, formLink } from "/static/components/request-form/form-address.js";
import { requestText } from "/static/views/new-run/request-snippet.js";

const MOST_ADDRESS = 8000; // characters: drawn points may be many

/**
 * `query` is that of the address: the request that the form is filled with.
 * @param {HTMLElement} host
 * @param {Page.Kept} kept
 * @param {string} [query]
 * @returns {Page.View}
 */
export function newRunView(host, kept, query = "") {
  document.title = `${t("newRun")} · Descent`;
  const heading = h("h1", { tabindex: "-1" }, t("newRun"));
  const place = h("div");
  choose(host, h("p", { class: "back" }, h("a", { href: "#/" }, "← ", t("allRuns"))), heading, h("p", { class: "note" }, t("newRunIntro")), place);
  let left = false;
  let stop = () => {};

  /** A change of the language keeps the entries. */
  async function open() {
    try {
      if (query && !kept.source) await fillForm(kept, query);
    } catch (error) {
      showProblem("action", error);
    }
    if (!left) ({ stop } = requestForm(place, kept));
  }

  open();
  return { heading, stop: () => {
    left = true;
    stop();
  } };
}

/**
 * @param {HTMLElement} host
 * @param {Page.Kept} kept
 */
function requestForm(host, kept) {
  const verdict = h("p", { class: "verdict", role: "status" });
  const others = h("ul", { class: "errors" });
  const text = requestText();
  const data = dataChooser(kept, changed);
  const form = choices(kept, changed, "run");
  const pricing = whenResting(price, showPrice, refused);
  const submit = h("button", { type: "submit", class: "primary" }, t("start"));
  const element = h("form", { class: "new-run", submit: (event) => {
    event.preventDefault();
    act(submit, start);
  } }, data.element, form.element,
  h("section", { class: "send" }, h("h2", {}, t("theRequest")), verdict, others, submit, text.element));
  let hasChanged = false; // the plain form keeps its short address
  choose(host, element);

  /** Null without data and without a function. */
  function request() {
    const [dataset, chosen] = [data.value(), data.chosenFunction()];
    if (chosen) return { function: chosen, ...form.value() };
    return dataset && { dataset, ...form.value() };
  }

  function changed() {
    pricing.stop();
    form.suit(data.features(), data.classes());
    form.suitFunction(data.chosenFunction() !== null);
    const wanted = request();
    if (wanted) keepInAddress(wanted);
    text.update(wanted ?? { dataset: null, ...form.value() });
    submit.disabled = !wanted;
    if (wanted) pricing.want(wanted);
    else show(t("dataFirst"), []);
  }

  /** @param {object} wanted */
  function keepInAddress(wanted) {
    const address = formLink(wanted);
    if (hasChanged && address !== location.hash && address.length <= MOST_ADDRESS) history.replaceState(null, "", address);
  }

  /** @param {Api.Price} price */
  function showPrice({ steps, parameters, bytes }) {
    show(t("priced", { steps, n: parameters, bytes: count(Math.ceil(bytes / 1024)) }), []);
  }

  /** @param {unknown} error */
  function refused(error) {
    const errors = errorsOf(error);
    if (errors.length) show("", errors);
    else showProblem("action", error);
  }

  /**
   * An error stands beside the field that its pointer leads to, or in the list at the end.
   * @param {string} words
   * @param {Api.FieldError[]} errors
   */
  function show(words, errors) {
    verdict.textContent = words;
    const left = form.show(errors);
    choose(others, left.map(({ pointer, message, hint }) => h("li", {}, pointer ? h("code", {}, pointer) : null, ` ${message} ${hint ?? ""}`)));
  }

  async function start() {
    const wanted = request();
    if (!wanted) return;
    try {
      location.hash = runLink((await fit(wanted)).id);
    } catch (error) {
      if (!errorsOf(error).length) throw error;
      show("", errorsOf(error));
    }
  }

  changed();
  for (const event of ["input", "change", "click", "keyup"]) element.addEventListener(event, () => { hasChanged = true; }, { capture: true });
  return { stop: pricing.stop };
}

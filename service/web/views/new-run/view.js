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
import { requestText } from "/static/views/new-run/request-snippet.js";

/**
 * @param {HTMLElement} host
 * @param {Page.Kept} kept
 * @returns {Page.View}
 */
export function newRunView(host, kept) {
  document.title = `${t("newRun")} · Descent`;
  const heading = h("h1", { tabindex: "-1" }, t("newRun"));
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
  choose(host, h("p", { class: "back" }, h("a", { href: "#/" }, "← ", t("allRuns"))), heading, h("p", { class: "note" }, t("newRunIntro")), element);

  /** Null without data and without a function. */
  function request() {
    const [dataset, chosen] = [data.value(), data.chosenFunction()];
    if (chosen) return { function: chosen, ...form.value() };
    return dataset && { dataset, ...form.value() };
  }

  function changed() {
    pricing.stop();
    form.suit(data.features());
    form.suitFunction(data.chosenFunction() !== null);
    const wanted = request();
    text.update(wanted ?? { dataset: null, ...form.value() });
    submit.disabled = !wanted;
    if (wanted) pricing.want(wanted);
    else show(t("dataFirst"), []);
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
  return { heading, stop: pricing.stop };
}

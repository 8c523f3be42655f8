// The view "Check my descent": compares a student's trajectory with the update rule.
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/form-i18n.js";
import { errorsOf } from "/static/lib/api-error.js";
import { check, price } from "/static/lib/api.js";
import { act, showProblem } from "/static/components/error-banner.js";
import { whenResting } from "/static/lib/debounce.js";
import { dataChooser } from "/static/components/request-form/dataset-picker.js";
import { choices } from "/static/components/request-form/fields.js";
import { example } from "/static/views/trajectory-check/example.js";
import { trajectoryField } from "/static/views/trajectory-check/trajectory-input.js";
import { verdict } from "/static/views/trajectory-check/verdict.js";

/**
 * @param {HTMLElement} host
 * @param {Page.Kept} kept
 * @returns {Page.View}
 */
export function checkView(host, kept) {
  document.title = `${t("checkTitle")} · Descent`;
  const heading = h("h1", { tabindex: "-1" }, t("checkTitle"));
  const tryIt = h("button", { type: "button", click: tryExample }, t("checkExample"));
  const place = h("div");
  choose(host, h("p", { class: "back" }, h("a", { href: "#/" }, "← ", t("allRuns"))),
    h("div", { class: "top" }, heading, tryIt), h("p", { class: "note" }, t("checkIntro")), place);
  let form = checkForm(place, kept);

  function tryExample() {
    form.stop();
    Object.assign(kept, example());
    form = checkForm(place, kept);
    form.submit();
  }
  return { heading, stop: () => form.stop() };
}

/**
 * @param {HTMLElement} host
 * @param {Page.Kept} kept
 */
function checkForm(host, kept) {
  const data = dataChooser(kept, changed);
  const chosen = choices(kept, changed, "check");
  const trajectory = trajectoryField(kept, changed);
  const others = h("ul", { class: "errors" });
  const outcome = h("div", { role: "status" });
  const button = h("button", { type: "submit", class: "primary" }, t("checkIt"));
  let judged = ""; // the request of the shown verdict
  const asking = whenResting(price, () => show([]), refused);
  choose(host, h("form", { class: "new-run check", submit: (event) => {
    event.preventDefault();
    submit();
  } }, data.element, chosen.element, h("div", { class: "send" }, trajectory.element, button, others, outcome)));

  /** The request, as for POST /fit; null without data. By default the steps are the trajectory's and all rows are training rows. */
  function request() {
    const [dataset, ofFunction] = [data.value(), data.chosenFunction()];
    const { descent: asked, split = { test_fraction: 0 }, ...rest } = chosen.value();
    const descent = { steps: Math.max(1, (trajectory.theta()?.length ?? 2) - 1), ...asked };
    if (ofFunction) return { function: ofFunction, ...rest, descent };
    return dataset && { dataset, ...rest, split, descent };
  }

  const inWords = () => JSON.stringify([request(), trajectory.theta()]);

  function changed() {
    asking.stop();
    chosen.suit(data.features(), data.classes());
    chosen.suitFunction(data.chosenFunction() !== null);
    if (judged !== inWords()) choose(outcome); // loading the list of samples also calls this and changes nothing
    const wanted = request();
    button.disabled = !wanted || !trajectory.theta();
    if (wanted) asking.want(wanted);
    else show([]);
  }

  /**
   * Shows each error at the field of its pointer, or in the list at the end.
   * @param {Api.FieldError[]} errors
   */
  function show(errors) {
    const left = trajectory.tell(chosen.show(errors));
    choose(others, left.map(({ pointer, message, hint }) => h("li", {}, pointer ? h("code", {}, pointer) : null, ` ${message} ${hint ?? ""}`)));
  }

  /** @param {unknown} error */
  function refused(error) {
    if (errorsOf(error).length) show(errorsOf(error));
    else showProblem("action", error);
  }

  const submit = () => act(button, async () => {
    const [asked, theta] = [request(), trajectory.theta()];
    if (!asked || !theta) return;
    judged = inWords();
    asking.stop();
    try {
      const found = await check({ ...asked, trajectory: { theta } });
      if (judged !== inWords()) return; // the input changed meanwhile
      show([]);
      const said = verdict(found, asked);
      choose(outcome, said);
      said.scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (!errorsOf(error).length) throw error;
      show(errorsOf(error));
    }
  });

  changed();
  return { submit, stop: asking.stop };
}

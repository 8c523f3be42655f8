// A new run: its data, its choices, what the service says of them while they are made, and the request as text.
import { choose, h } from "/static/dom.js";
import { count, t } from "/static/i18n.js";
import { fit, price } from "/static/api.js";
import { runLink } from "/static/example.js";
import { act, showProblem } from "/static/problem.js";
import { dataChooser } from "/static/new-run/data.js";
import { choices } from "/static/new-run/choices.js";
import { requestText } from "/static/new-run/request-text.js";

const PAUSE_MS = 300; // after the last change, before the service is asked

export function newRunView(host, kept) {
  document.title = `${t("newRun")} · Descent`;
  let timer = 0;
  let asked = new AbortController();
  const heading = h("h1", { tabindex: "-1" }, t("newRun"));
  const verdict = h("p", { class: "verdict", role: "status" });
  const others = h("ul", { class: "errors" });
  const text = requestText();
  const data = dataChooser(kept, changed);
  const form = choices(kept, changed);
  const submit = h("button", { type: "submit", class: "primary" }, t("start"));
  const element = h("form", { class: "new-run", submit: (event) => {
    event.preventDefault();
    act(submit, start);
  } }, data.element, form.element,
  h("section", { class: "send" }, h("h2", {}, t("theRequest")), verdict, others, submit, text.element));
  choose(host, h("p", { class: "back" }, h("a", { href: "#/" }, "← ", t("allRuns"))), heading, h("p", { class: "note" }, t("newRunIntro")), element);

  const request = () => ({ dataset: data.value(), ...form.value() });

  function changed() {
    clearTimeout(timer);
    asked.abort();
    form.suit(data.features());
    text.update(request());
    submit.disabled = !data.value();
    if (!data.value()) show(t("dataFirst"), []);
    else timer = setTimeout(ask, PAUSE_MS);
  }

  async function ask() {
    asked = new AbortController();
    try {
      const { steps, parameters, bytes } = await price(request(), asked.signal);
      show(t("priced", { steps, parameters, bytes: count(Math.ceil(bytes / 1024)) }), []);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.errors?.length) show("", error.errors);
      else showProblem("action", error);
    }
  }

  /** An error stands beside the field that its pointer leads to, or in the list at the end. */
  function show(words, errors) {
    verdict.textContent = words;
    const left = form.show(errors);
    choose(others, left.map(({ pointer, message, hint }) => h("li", {}, pointer ? h("code", {}, pointer) : null, ` ${message} ${hint ?? ""}`)));
  }

  async function start() {
    try {
      location.hash = runLink((await fit(request())).id);
    } catch (error) {
      if (!error.errors?.length) throw error;
      show("", error.errors);
    }
  }

  changed();
  const stop = () => {
    clearTimeout(timer);
    asked.abort();
  };
  return { heading, stop };
}

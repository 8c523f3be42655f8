// The form of a fork: a new run from the chosen step with another learning rate, number of steps or optimiser.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { typeable, typedNumber } from "/static/lib/typed-numbers.js";
import { forkRun } from "/static/lib/api.js";
import { ApiError } from "/static/lib/api-error.js";
import { runLink } from "/static/components/sample-run-button.js";
import { act } from "/static/components/error-banner.js";
import { openDialog } from "/static/components/dialog.js";

const OPTIMIZERS = ["gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "ista", "fista"];

/** Opens the form for a fork of `run` at this step. @param {Api.Run} run @param {number} step */
export function askToFork(run, step) {
  const { descent } = run.request;
  const rate = h("input", { name: "rate", type: "text", inputmode: "decimal", value: typeable(run.learning_rate ?? descent.learning_rate), required: true });
  const steps = h("input", { name: "steps", type: "number", min: 1, step: 1, value: descent.steps, required: true });
  const optimizer = h("select", { name: "optimizer" }, OPTIMIZERS.map((kind) => h("option", { value: kind, selected: kind === descent.optimizer.kind }, kind)));
  const problem = h("p", { class: "error", role: "alert" });
  const submit = h("button", { type: "submit", class: "primary" }, t("forkSubmit"));
  /** @param {() => void} close */
  const form = (close) => h("form", { method: "dialog", submit: (event) => {
    event.preventDefault();
    problem.textContent = rateIsValid() ? "" : t("expects.rate");
    if (problem.textContent) return;
    act(submit, async () => {
      try {
        const forked = await forkRun(run.id, { from_step: step, changes: { descent: changes() } });
        close();
        location.hash = runLink(forked.id);
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 422)) throw error;
        problem.textContent = error.errors.map(({ message, hint }) => `${message} ${hint ?? ""}`).join(" ") || error.message;
      }
    });
  } },
    h("label", {}, t("rate"), rate), h("label", {}, t("stepsAsked"), steps), h("label", {}, t("optimizer"), optimizer), problem,
    h("p", { class: "actions" }, h("button", { type: "button", click: close }, t("close")), submit));

  const rateIsValid = () => rate.value.trim() === "auto" || typedNumber(rate.value) > 0;

  function changes() {
    const asked = rate.value.trim();
    const kind = optimizer.value === descent.optimizer.kind ? {} : { optimizer: { kind: optimizer.value } };
    return { learning_rate: asked === "auto" ? asked : typedNumber(asked), steps: steps.valueAsNumber, ...kind };
  }

  openDialog(t("forkTitle", { n: step }), (close) => [h("p", {}, t("forkText")), form(close)]);
}

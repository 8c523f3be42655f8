// A button that submits an example run.
import { h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { fit } from "/static/lib/api.js";
import { act } from "/static/components/error-banner.js";

const EXAMPLE = {
  dataset: { sample: "norris" },
  standardize: true,
  descent: { steps: 100, learning_rate: 0.05 },
  name: "Norris, a first descent",
};

/** @param {string} id */
export const runLink = (id) => `#/runs/${encodeURIComponent(id)}`;

export function exampleButton(kind = "primary") {
  const run = () => act(button, async () => {
    const { id } = await fit(EXAMPLE);
    location.hash = runLink(id);
  });
  const button = h("button", { type: "button", class: kind, click: run }, t("runExample"));
  return button;
}

// The input of a trajectory, pasted or dropped, with its shape or its errors.
import { choose, h } from "/static/lib/dom.js";
import { count, t } from "/static/lib/form-i18n.js";
import { exact } from "/static/lib/format.js";
import { readTrajectory } from "/static/views/trajectory-check/trajectory-parser.js";

const PREVIEWED = 3;

/**
 * `kept.trajectory` holds the text.
 * @param {Page.Kept} kept
 * @param {() => void} onChange
 */
export function trajectoryField(kept, onChange) {
  const text = h("textarea", {
    id: "trajectory", rows: 8, spellcheck: "false", "aria-describedby": "trajectory-errors trajectory-help",
    placeholder: t("trajectoryExample"), input: () => take(text.value),
  });
  text.value = kept.trajectory ?? "";
  const file = h("input", { type: "file", accept: ".csv,.tsv,.txt,.json", "aria-label": t("trajectoryFile"), change: () => read(file.files) });
  const errors = h("div", { class: "field-errors", id: "trajectory-errors", role: "alert" });
  const preview = h("div", { class: "preview" });
  const element = h("section", { class: "trajectory-field" },
    h("h2", {}, h("label", { for: "trajectory" }, t("yourTrajectory"))), h("p", { class: "help", id: "trajectory-help" }, t("trajectoryHelp")),
    h("div", { class: "drop", dragover: (event) => event.preventDefault(), drop }, text, h("p", {}, t("trajectoryDrop"), " ", file), errors, preview));
  let found = readTrajectory(text.value);
  show();

  /** @param {DragEvent} event */
  function drop(event) {
    event.preventDefault();
    read(event.dataTransfer?.files);
  }

  /** @param {FileList | null | undefined} files */
  async function read(files) {
    if (!files?.[0]) return;
    text.value = await files[0].text();
    take(text.value);
  }

  /** @param {string} given */
  function take(given) {
    kept.trajectory = given;
    found = readTrajectory(given);
    show();
    onChange();
  }

  function show() {
    say(found.problem ? [words(found.problem)] : []);
    choose(preview, found.theta?.length ? table(found.theta, found.names) : null);
  }

  /** @param {string[]} sentences */
  function say(sentences) {
    text.setAttribute("aria-invalid", String(sentences.length > 0));
    choose(errors, sentences.map((sentence) => h("p", {}, sentence)));
  }

  /**
   * Shows the errors of the trajectory and returns the others.
   * @param {Api.FieldError[]} news
   */
  function tell(news) {
    const own = news.filter(({ pointer }) => pointer?.startsWith("/trajectory"));
    if (!found.problem) say(own.map(({ pointer, message, hint }) => [place(pointer), message, hint].filter(Boolean).join(" ")));
    return news.filter((error) => !own.includes(error));
  }
  return { element, theta: () => (found.theta?.length ? found.theta : null), tell };
}

/** @param {NonNullable<Page.Given["problem"]>} problem */
function words({ line, cell, has, first, names }) {
  if (names !== undefined) return t("trajectoryNoRow", { names: names.slice(0, 40) });
  return cell === undefined ? t("trajectoryRagged", { line, has, first }) : t("trajectoryCell", { line, cell: cell.slice(0, 40) });
}

/**
 * "Step 3:" for a pointer to a row of θ.
 * @param {string | undefined} pointer
 */
function place(pointer) {
  const row = /^\/trajectory\/theta\/(\d+)/.exec(pointer ?? "")?.[1];
  return row ? `${t("atStep", { n: Number(row) })}:` : "";
}

/** @param {number[][]} theta @param {string[] | null} [names] */
function table(theta, names) {
  const steps = [...theta.keys()].filter((step) => step < PREVIEWED || step === theta.length - 1);
  const heads = names ?? theta[0].map((_, i) => `θ${i + 1}`);
  return [
    h("p", {}, t("trajectoryRead", { n: theta.length }), " ", t("trajectoryColumns", { n: theta[0].length })),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("yourTrajectory") },
      h("table", { class: "grid numbers" }, h("caption", { class: "unseen" }, t("yourTrajectory")),
        h("thead", {}, h("tr", {}, [t("step"), ...heads].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, steps.map((step) => h("tr", {}, h("th", { scope: "row" }, count(step)), theta[step].map((value) => h("td", {}, exact(value)))))))),
  ];
}

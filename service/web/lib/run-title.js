// What a run is called: its name, or what was asked: "linear, η 0.1, norris".
import { t } from "/static/lib/i18n.js";
import { inRow, rounded } from "/static/lib/format.js";

/** @param {Pick<Api.ListedRun, "id" | "name"> & Partial<Pick<Api.ListedRun, "request" | "function" | "learning_rate">>} run */
export const titleOf = (run) => run.name || asked(run) || run.id.slice(0, 12);

/** @param {Parameters<typeof titleOf>[0]} run */
function asked({ request, function: benchmark, learning_rate: used }) {
  if (!request) return "";
  const { descent: { learning_rate: rate, optimizer }, dataset, model } = request;
  const sample = dataset && "sample" in dataset ? dataset.sample : null;
  const parts = [
    model?.kind ?? benchmark?.name ?? t("function"),
    optimizer.kind === "gd" ? null : optimizer.kind,
    `η ${typeof rate === "number" ? rounded(rate) : typeof used === "number" ? rounded(used) : rate}`,
    sample,
  ];
  return inRow(parts.filter((part) => part !== null));
}

// What must be known before the first paint: the theme and the language the reader chose last time. And what is worth having
// early: the modules of a view, which the browser need not find out import by import (`loadAhead`); and the first answers that the
// page of a run needs, by their paths (`early`).
(() => {
  const remembered = (key, storage = "localStorage") => {
    try {
      return globalThis[storage].getItem(key);
    } catch {
      return null; // storage may be forbidden; the page then just forgets
    }
  };
  const root = document.documentElement;
  const theme = remembered("descent.theme");
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  const language = remembered("descent.language") ?? navigator.language ?? "en";
  root.lang = language.toLowerCase().startsWith("fr") ? "fr" : "en";
  if (location.pathname !== "/") return; // the documentation has no views

  const VIEWS = [
    [/^#\/runs\//, ["views/run/view", "views/run/step-breakdown", "components/chart", "components/chart-panel", "views/compare/url",
      "components/confirm-button", "components/data-table", "components/chart-description", "views/run/diagnosis",
      "components/sample-run-button", "lib/download-link", "views/run/fit/curve", "views/run/fit/marks",
      "views/run/fit/panel", "views/run/fit/axes", "views/run/fit/ranges", "lib/event-stream", "views/run/fork-form",
      "lib/format", "components/landscape/lazy-panel", "components/legend", "views/run/more-charts",
      "components/playback-controls", "lib/poll", "components/step-values", "lib/debounce",
      "views/run/request-summary", "views/run/header", "views/run/results", "components/scale-toggle", "lib/scale",
      "components/status-badge", "components/step-slider", "views/sweep/url", "views/run/trajectory",
      "vendor/eventsource-parser-3.1.1/index"]],
    [/^#\/compare/, ["views/compare/view", "components/chart", "views/compare/common-columns", "views/compare/chart",
      "views/compare/differences", "views/compare/landscape", "views/compare/url", "views/compare/paths",
      "views/compare/run-label", "views/compare/summary-table", "views/compare/step-values",
      "views/compare/run-series", "components/data-table", "components/chart-description",
      "components/sample-run-button", "lib/download-link", "views/run/fork-form", "lib/format",
      "components/landscape/axes", "components/landscape/contours", "components/landscape/landscape",
      "components/landscape/legend", "components/landscape/height-map", "components/landscape/path",
      "components/landscape/description", "components/playback-controls", "lib/poll", "views/run/request-summary",
      "components/scale-toggle", "lib/scale", "components/status-badge", "components/step-slider",
      "views/run/trajectory", "vendor/d3-array-3.2.5/d3-array.min", "vendor/d3-contour-4.0.3/d3-contour.min"]],
    [/^#\/sweeps\/new/, ["views/sweep/new-sweep", "components/sample-run-button", "lib/format", "lib/poll", "views/sweep/url",
      "views/sweep/parameter-row", "views/sweep/parameters"]],
    [/^#\/sweeps\//, ["views/sweep/view", "components/chart", "views/compare/url", "components/confirm-button",
      "components/sample-run-button", "lib/format", "components/legend", "lib/poll", "lib/scale",
      "components/status-badge", "views/sweep/best-curves", "views/sweep/url", "views/sweep/ranking-table",
      "views/sweep/parameter-chart", "views/sweep/parameters"]],
    [/^#\/new$/, ["views/new-run/view", "components/sample-run-button", "lib/format", "views/new-run/request-snippet",
      "components/request-form/fields", "components/request-form/dataset-picker",
      "components/request-form/point-editor", "lib/debounce"]],
    [/^#\/check$/, ["views/trajectory-check/view", "views/trajectory-check/example", "views/trajectory-check/trajectory-input",
      "views/trajectory-check/trajectory-parser", "views/trajectory-check/verdict", "components/sample-run-button",
      "lib/format", "components/request-form/fields", "components/request-form/dataset-picker",
      "components/request-form/point-editor", "lib/debounce"]],
    [/^/, ["views/runs/view", "views/compare/run-picker", "views/compare/url", "components/sample-run-button",
      "lib/format", "lib/poll", "views/runs/row", "components/status-badge"]],
  ];
  globalThis.loadAhead = (hash) => {
    const [, modules] = VIEWS.find(([address]) => address.test(hash));
    for (const name of modules) {
      const link = document.createElement("link");
      [link.rel, link.href] = ["modulepreload", `/static/${name}.js`];
      document.head.append(link);
    }
  };
  globalThis.loadAhead(location.hash);

  const [, id] = /^#\/runs\/([^/?%]+)(?:[/?]|$)/.exec(location.hash) ?? []; // percent-encoded: not worth decoding here
  const run = `/runs/${id}`;
  const paths = id ? [run, `${run}/trajectory?max_points=1000&fields=step%2Ctrain_mse%2Ctest_mse%2Ctrain_loss`] : [];
  const key = remembered("descent.key", "sessionStorage");
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  globalThis.early = new Map(paths.map((path) => [path, fetch(path, { cache: "no-cache", headers })]));
  for (const answer of globalThis.early.values()) answer.catch(() => {}); // who takes it up is told
})();

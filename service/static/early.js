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
    [/^#\/runs\//, ["run-view", "arithmetic", "chart", "chart-panel", "compare/link", "confirm", "curve-table", "curve-words",
      "diagnosis", "example", "files", "fit-view/curve", "fit-view/marks", "fit-view/panel", "fit-view/plane",
      "fit-view/values", "follow", "fork", "format", "landscape/fold", "legend", "more-curves", "player", "poll", "readout",
      "rest", "run-facts", "run-head", "run-results", "scale-choice", "scaling", "status", "stepper", "sweep/link",
      "trajectory", "vendor/eventsource-parser-3.1.1/index"]],
    [/^#\/compare/, ["compare/view", "chart", "compare/columns", "compare/curves", "compare/differences", "compare/ground",
      "compare/link", "compare/paths", "compare/run-name", "compare/sheet", "compare/standings", "compare/track", "curve-table",
      "curve-words", "example", "files", "fork", "format", "landscape/frame", "landscape/ground", "landscape/landscape",
      "landscape/legend", "landscape/relief", "landscape/trail", "landscape/words", "player", "poll", "run-facts",
      "scale-choice", "scaling", "status", "stepper", "trajectory", "vendor/d3-array-3.2.5/d3-array.min",
      "vendor/d3-contour-4.0.3/d3-contour.min"]],
    [/^#\/sweeps\/new/, ["sweep/new", "example", "format", "poll", "sweep/link", "sweep/value-row", "sweep/variables"]],
    [/^#\/sweeps\//, ["sweep/view", "chart", "compare/link", "confirm", "example", "format", "legend", "poll", "scaling",
      "status", "sweep/best-curves", "sweep/link", "sweep/ranking-table", "sweep/value-chart", "sweep/variables"]],
    [/^#\/new$/, ["new-run/view", "example", "format", "new-run/request-text", "request/choices", "request/data",
      "request/drawing", "rest"]],
    [/^#\/check$/, ["check/view", "check/example", "check/trajectory-field", "check/trajectory-text", "check/verdict",
      "example", "format", "request/choices", "request/data", "request/drawing", "rest"]],
    [/^/, ["runs-view", "compare/choosing", "compare/link", "example", "format", "poll", "run-row", "status"]],
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

  const [, id] = /^#\/runs\/([^/?]+)/.exec(location.hash) ?? [];
  const run = `/runs/${id}`;
  const paths = id ? [run, `${run}/trajectory?max_points=1000&fields=step%2Ctrain_mse%2Ctest_mse%2Ctrain_loss`] : [];
  const key = remembered("descent.key", "sessionStorage");
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  globalThis.early = new Map(paths.map((path) => [path, fetch(path, { cache: "no-cache", headers })]));
  for (const answer of globalThis.early.values()) answer.catch(() => {}); // who takes it up is told
})();

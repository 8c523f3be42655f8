// What must be known before the first paint: the theme and the language the reader chose last time. And what is worth having
// early: the modules of a view, which the browser need not find out import by import (`loadAhead`); and the first answers that the
// page of a run needs, by their paths (`early`).
(() => {
  /** @param {string} key @param {"localStorage" | "sessionStorage"} storage */
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

  /** @type {[address: RegExp, modules: string[]][]} */
  const VIEWS = [/* modules of each view */]; // [pattern of its address, modules]: filled in by the service, which follows the imports
  globalThis.loadAhead = (hash) => {
    const [, modules] = VIEWS.find(([address]) => address.test(hash)) ?? [null, []];
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
  /** @type {HeadersInit} */
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  globalThis.early = new Map(paths.map((path) => [path, fetch(path, { cache: "no-cache", headers })]));
  for (const answer of globalThis.early.values()) answer.catch(() => {}); // who takes it up is told
})();

// Runs before the first paint. Sets the stored theme and language, preloads the modules of the address's view (`loadAhead`), and
// sends the first requests of a run's page (`early`: answers by path).
(() => {
  /** @param {string} key @param {"localStorage" | "sessionStorage"} storage */
  const remembered = (key, storage = "localStorage") => {
    try {
      return globalThis[storage].getItem(key);
    } catch {
      return null; // the browser may forbid storage
    }
  };
  const root = document.documentElement;
  const theme = remembered("descent.theme");
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  const language = remembered("descent.language") ?? navigator.language ?? "en";
  root.lang = language.toLowerCase().startsWith("fr") ? "fr" : "en";
  if (!location.pathname.endsWith("/")) return; // the API documentation has no views

  /** @type {[address: RegExp, modules: string[]][]} */
  const VIEWS = [/* modules of each view */]; // [address pattern, modules]: the service fills these in from the imports
  globalThis.loadAhead = (hash) => {
    const [, modules] = VIEWS.find(([address]) => address.test(hash)) ?? [null, []];
    for (const name of modules) {
      const link = document.createElement("link");
      [link.rel, link.href] = ["modulepreload", `static/${name}.js`];
      document.head.append(link);
    }
  };
  globalThis.loadAhead(location.hash);

  const [, id] = /^#\/runs\/([^/?%]+)(?:[/?]|$)/.exec(location.hash) ?? []; // an id with percent-encoding is not preloaded
  const run = `runs/${id}`;
  const paths = id ? [run, `${run}/trajectory?max_points=1000&fields=step%2Ctrain_mse%2Ctest_mse%2Ctrain_loss`] : [];
  const key = remembered("descent.key", "sessionStorage");
  /** @type {HeadersInit} */
  const headers = { "Accept-Language": root.lang, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  globalThis.early = new Map(paths.map((path) => [path, fetch(path, { cache: "no-cache", headers })]));
  for (const answer of globalThis.early.values()) answer.catch(() => {}); // the caller that takes the answer handles its error
})();

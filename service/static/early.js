// What must be known before the first paint: the theme and the language the reader chose last time.
(() => {
  const remembered = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage may be forbidden; the page then just forgets
    }
  };
  const root = document.documentElement;
  const theme = remembered("descent.theme");
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  const language = remembered("descent.language") ?? navigator.language ?? "en";
  root.lang = language.toLowerCase().startsWith("fr") ? "fr" : "en";
})();

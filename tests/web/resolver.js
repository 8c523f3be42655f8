// For node: finds the modules of the page under their addresses, and gives the document's language, in which they speak.
import { registerHooks } from "node:module";

const WEB = new URL("../../service/web/", import.meta.url);
const STATIC = "/static/";

registerHooks({
  resolve: (name, context, next) => next(name.startsWith(STATIC) ? new URL(name.slice(STATIC.length), WEB).href : name, context),
});
globalThis.document = Object.assign(new EventTarget(), { documentElement: { lang: "en", dataset: {} }, hidden: false, querySelectorAll: () => [] });

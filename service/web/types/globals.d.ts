// What classic scripts bring (uPlot, d3, Swagger UI, preload.js), and the events that the document hears.
import type { ApiError } from "/static/lib/api-error.js";

declare global {
  var d3: typeof import("d3-contour");
  var uPlot: typeof import("uplot");
  var SwaggerUIBundle: (options: { [option: string]: string | boolean | null }) => void;
  /** The answers asked for before the first module was there, by path. */
  var early: Map<string, Promise<Response>> | undefined;
  var loadAhead: (hash: string) => void;

  interface DocumentEventMap {
    answered: Event;
    keyneeded: Event;
    themechange: Event;
    unanswered: CustomEvent<ApiError>;
  }
}

// Swagger UI from our own files. validatorUrl is null because its default would call another host. syntaxHighlight makes
// an element of each word and number, again at each change: seconds for a trajectory of some thousand steps.
import { isDark } from "/static/components/theme-toggle.js";

document.documentElement.lang = "en"; // Swagger UI is in English in either language of the page
document.documentElement.classList.toggle("dark-mode", isDark());

globalThis.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  syntaxHighlight: false,
});

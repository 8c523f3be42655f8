// The dictionary with the words of the forms.
import { english } from "/static/i18n/en.js";
import { englishOfForms } from "/static/i18n/en-forms.js";
export { count, language, t, word } from "/static/lib/i18n.js";

Object.assign(english, englishOfForms);

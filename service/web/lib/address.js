// What an address names.

/**
 * Percent-encoded text decoded; text with a broken encoding unchanged: it names nothing, and the service answers 404.
 * @param {string} text
 */
export function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

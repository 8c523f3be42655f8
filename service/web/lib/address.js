// Decodes the parts of an address.

/**
 * Decodes percent-encoded text. Text with an invalid encoding is returned unchanged; the service answers it with 404.
 * @param {string} text
 */
export function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Stores a choice for the next visit, if the browser permits storage.
 * @param {string} key
 * @param {string} value
 */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // storage is forbidden or full: the choice holds until the page closes
  }
}

/**
 * Remembers a choice for the next visit, where the browser lets a page remember at all.
 * @param {string} key
 * @param {string} value
 */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // storage forbidden or full: the choice holds until the page is left
  }
}

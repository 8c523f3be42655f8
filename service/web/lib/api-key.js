// The API key that the reader has entered, where the service asks for one: for this tab alone, until it is closed.

const NAME = "descent.key";
/** @type {string | null} */
let here = null; // where the browser forbids storage, until the page is left

export function heldKey() {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return here;
  }
}

/** @param {string} key */
export function holdKey(key) {
  here = key;
  try {
    sessionStorage.setItem(NAME, key);
  } catch {
    // then `here` is all there is
  }
}

export function forgetKey() {
  here = null;
  try {
    sessionStorage.removeItem(NAME);
  } catch {
    // nothing was kept
  }
}

/**
 * What a request must carry.
 * @param {HeadersInit} [headers]
 */
export const withKey = (headers = {}) => (heldKey() ? { ...headers, Authorization: `Bearer ${heldKey()}` } : headers);

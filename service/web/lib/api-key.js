// The API key that the reader enters. It lives in this tab until the tab closes.

const NAME = "descent.key";
/** @type {string | null} */
let here = null; // the fallback if the browser forbids storage; lost with the page

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
    // `here` holds the key
  }
}

export function forgetKey() {
  here = null;
  try {
    sessionStorage.removeItem(NAME);
  } catch {
    // storage holds no key
  }
}

/**
 * The headers of a request with the API key, if there is one.
 * @param {HeadersInit} [headers]
 */
export const withKey = (headers = {}) => (heldKey() ? { ...headers, Authorization: `Bearer ${heldKey()}` } : headers);

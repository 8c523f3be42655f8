// The address of a comparison.
export const MOST_RUNS = 8; // as many as there are colours that can be told apart

/** @param {string[]} ids */
export const compareLink = (ids) => `#/compare?runs=${ids.map(encodeURIComponent).join(",")}`;

/** The runs that an address's query names, each once, in its order. @param {string} query */
export function idsOf(query) {
  const named = new URLSearchParams(query).get("runs") ?? "";
  return [...new Set(named.split(",").map((id) => id.trim()).filter(Boolean))];
}

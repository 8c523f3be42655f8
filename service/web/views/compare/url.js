// The address of a comparison.
export const MOST_RUNS = 8; // the number of distinguishable colours

/** @param {string[]} ids */
export const compareLink = (ids) => `#/compare?runs=${ids.map(encodeURIComponent).join(",")}`;

/** The distinct run ids of an address's query, in its order. @param {string} query */
export function idsOf(query) {
  const named = new URLSearchParams(query).get("runs") ?? "";
  return [...new Set(named.split(",").map((id) => id.trim()).filter(Boolean))];
}

/** @param {string} id */
export const datasetLink = (id) => `#/datasets/${encodeURIComponent(id)}`;

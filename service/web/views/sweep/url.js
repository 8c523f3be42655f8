/** @param {string} id */
export const sweepLink = (id) => `#/sweeps/${encodeURIComponent(id)}`;
/** @param {string} runId */
export const newSweepLink = (runId) => `#/sweeps/new?run=${encodeURIComponent(runId)}`;

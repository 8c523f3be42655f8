export const sweepLink = (id) => `#/sweeps/${encodeURIComponent(id)}`;
export const newSweepLink = (runId) => `#/sweeps/new?run=${encodeURIComponent(runId)}`;
export const compareLink = (ids) => `#/compare?runs=${ids.map(encodeURIComponent).join(",")}`;

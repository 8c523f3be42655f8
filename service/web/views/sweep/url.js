export const sweepLink = (id) => `#/sweeps/${encodeURIComponent(id)}`;
export const newSweepLink = (runId) => `#/sweeps/new?run=${encodeURIComponent(runId)}`;

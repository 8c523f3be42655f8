"""A run recomputed from its request, and compared with what is stored, bit by bit."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from gd_engine import Block
from gd_engine.arrays import FloatArray
from service.core.run_status import RunStatus
from service.storage import job_queue, runs, trajectories
from service.worker.lease import Ending
from service.worker.training import Training


class Verification(Training):
    """The descent of a run that stores no step: it ends at the first one that differs from the verified run's.

    A run that was cut short is compared as far as it came.
    """

    def _take(self, block: Block, columns: FloatArray) -> bool:
        with self._database.reading() as connection:
            verified = runs.find_by_seq(connection, self._claim.run.verifies)
        if verified is None:
            raise job_queue.LeaseLostError
        rows = block.first_step + columns.shape[1]
        result = self._difference(verified, block, columns)
        if result is None and (block.outcome or rows >= verified.rows_done):
            result = _identical(verified) if rows >= verified.rows_done else _missing(rows)
        if result is not None:
            result |= {"verified_at": time.time()}
            self._end(Ending(RunStatus.SUCCEEDED, {"verification": result, "rows_done": rows}))
            return True
        if self._lease.ending is not None:
            self._end(self._lease.ending)
            return True
        return False

    def _difference(self, verified: Any, block: Block, columns: FloatArray) -> dict[str, Any] | None:
        for first_step, stored in self._stored(verified, block.first_step, columns.shape[1]):
            start = first_step - block.first_step
            own = columns[:, start : start + stored.shape[1]]
            # As bits, so that NaN is the same as NaN, and 0 is not -0.
            differs = np.ascontiguousarray(own).view(np.int64) != np.ascontiguousarray(stored).view(np.int64)
            if differs.any():
                place = int(differs.any(axis=0).argmax())
                names = [*(f"theta.{name}" for name in verified.parameters), *verified.columns]
                return {
                    "identical": False,
                    "step": first_step + place,
                    "differences": [
                        {
                            "column": names[row],
                            "stored": float(stored[row, place]),
                            "recomputed": float(own[row, place]),
                        }
                        for row in np.flatnonzero(differs[:, place])
                    ],
                }
        return None

    def _stored(self, verified: Any, first: int, count: int) -> Iterator[tuple[int, FloatArray]]:
        last = min(first + count, verified.rows_done) - 1
        width = len(verified.parameters) + len(verified.columns)
        return trajectories.read(self._database, verified.seq, width, first, last)


def _identical(verified: Any) -> dict[str, Any]:
    return {"identical": True, "step": None, "steps": max(verified.rows_done - 1, 0)}


def _missing(rows: int) -> dict[str, Any]:
    return {"identical": False, "step": rows, "differences": []}

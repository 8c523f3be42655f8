"""Verification of a run: bitwise comparison of recomputed and stored blocks."""

import time
from collections.abc import Iterator
from typing import cast

import numpy as np

from gd_engine import Block
from gd_engine.arrays import FloatArray
from service.core.run_record import Comparison, Run, RunColumns, Verification
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.storage import job_queue, runs, trajectories
from service.storage.database import Database
from service.storage.job_queue import Claim
from service.worker.judgement import Unjudged
from service.worker.lease import Ending, RunLease
from service.worker.timings import Timings


class BlockComparison:
    """`BlockSink` that compares and stores no step. The verification ends at the first different step.

    An incomplete run is compared up to its last stored step. Each block is one transaction that stores its place: a
    verification whose lease ends for any reason resumes after its last compared block.
    """

    unjudged: Unjudged | None = None

    def __init__(self, database: Database, claim: Claim, settings: Settings, lease: RunLease, timings: Timings) -> None:
        self._database, self._claim, self._settings, self._lease = database, claim, settings, lease
        self._timings = timings

    def take(self, block: Block, columns: FloatArray) -> bool:
        """Compares a block."""
        rows = block.first_step + columns.shape[1]
        result = self._result(block, columns, rows)
        ending = self._lease.ending
        if result is not None:
            verification = cast("Verification", {**result, "verified_at": time.time()})
            ending = Ending(RunStatus.SUCCEEDED, {"verification": verification, "rows_done": rows})
        if ending is None or ending.status == RunStatus.QUEUED:
            self._store_place(block, rows)
        self._lease.allow_yield()
        if ending is None:
            return False
        self._lease.end(ending)
        return True

    def _store_place(self, block: Block, rows: int) -> None:
        values: RunColumns = {
            "rows_done": rows,
            "checkpoint": block.next.to_array().astype("<f8").tobytes(),
            "timings": self._timings.values,
        }
        with self._lease.charging() as charge, self._database.writing() as connection:
            moment = time.monotonic()
            job_queue.progress(connection, self._claim, self._settings.lease_seconds, values)
            charge(connection)
        self._lease.renewed(moment)

    def _result(self, block: Block, columns: FloatArray, rows: int) -> Comparison | None:
        """Result of the comparison; None while all rows are identical and more rows follow."""
        seq = self._claim.run.verifies
        with self._database.reading() as connection:
            verified = None if seq is None else runs.find_by_seq(connection, seq)
        if verified is None:
            raise job_queue.LeaseLostError
        result = self._difference(verified, block, columns)
        if result is None and (block.outcome or rows >= verified.rows_done):
            return _identical(verified) if rows >= verified.rows_done else _missing(rows)
        return result

    def _difference(self, verified: Run, block: Block, columns: FloatArray) -> Comparison | None:
        for first_step, stored in self._stored(verified, block.first_step, columns.shape[1]):
            start = first_step - block.first_step
            own = columns[:, start : start + stored.shape[1]]
            # Bitwise: NaN equals NaN, and 0 differs from -0.
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

    def _stored(self, verified: Run, first: int, count: int) -> Iterator[tuple[int, FloatArray]]:
        last = min(first + count, verified.rows_done) - 1
        return trajectories.read(self._database, verified.seq, verified.width, first, last)


def _identical(verified: Run) -> Comparison:
    return {"identical": True, "step": None, "steps": max(verified.rows_done - 1, 0)}


def _missing(rows: int) -> Comparison:
    return {"identical": False, "step": rows, "differences": []}

"""Verification of a run: bitwise comparison of recomputed and stored blocks.

Another platform than the run's has other last bits, so a run that was computed elsewhere is compared to TOLERANCE too.
"""

import time
from collections.abc import Iterator
from typing import cast

import numpy as np

from gd_engine import Block
from gd_engine.arrays import BoolArray, FloatArray
from service.core.run_record import Comparison, Run, RunColumns, Verification
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.storage import job_queue, runs, trajectories
from service.storage.database import Database
from service.storage.job_queue import Claim
from service.worker import platforms
from service.worker.judgement import Unjudged
from service.worker.lease import Ending, RunLease
from service.worker.timings import Timings

TOLERANCE = 1e-12
"""The greatest difference by which a run of another platform agrees: of the largest component of θ, or of a criterion,
at the step or at θ₀.
"""


class BlockComparison:
    """`BlockSink` that compares and stores no step. The verification ends at the first different step, that of a run of
    another platform at the first one that differs by more than TOLERANCE.

    An incomplete run is compared up to its last stored step. Each block is one transaction that stores its place: a
    verification whose lease ends for any reason resumes after its last compared block.
    """

    unjudged: Unjudged | None = None

    def __init__(self, database: Database, claim: Claim, settings: Settings, lease: RunLease, timings: Timings) -> None:
        self._database, self._claim, self._settings, self._lease = database, claim, settings, lease
        self._timings = timings
        self._first: Comparison | None = claim.run.verification
        """The first step with other bits, until the end of the comparison."""

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
        if self._first is not None:
            values["verification"] = cast("Verification", {**self._first, "verified_at": time.time()})
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
        changes = platforms.changes(verified.environments)
        tolerance = TOLERANCE if changes else 0.0
        result = self._difference(verified, block, columns, tolerance)
        if result is None and (block.outcome or rows >= verified.rows_done):
            result = self._complete(verified) if rows >= verified.rows_done else _missing(rows)
        return None if result is None else {**result, "tolerance": tolerance, "platform_changes": changes}

    def _difference(self, verified: Run, block: Block, columns: FloatArray, tolerance: float) -> Comparison | None:
        """The first step that differs by more than the tolerance."""
        for first_step, stored in self._stored(verified, block.first_step, columns.shape[1]):
            start = first_step - block.first_step
            own = np.ascontiguousarray(columns[:, start : start + stored.shape[1]])
            # Bitwise: NaN equals NaN, and 0 differs from -0.
            differs = own.view(np.int64) != np.ascontiguousarray(stored).view(np.int64)
            if not differs.any():
                continue
            if self._first is None:
                self._first = _different(verified, differs, first_step, stored, own)
            if tolerance:
                differs &= ~self._agrees(verified, own, stored, tolerance)
            if differs.any():
                return _different(verified, differs, first_step, stored, own)
        return None

    def _agrees(self, verified: Run, own: FloatArray, stored: FloatArray, tolerance: float) -> BoolArray:
        """Which numbers differ by at most the tolerance, shape (columns, rows). One NaN is any other."""
        [(_, first)] = self._stored(verified, 0, 1)
        sizes = np.maximum(_magnitudes(first), np.maximum(_magnitudes(own), _magnitudes(stored)))
        parameters = len(verified.parameters)
        sizes[:parameters] = sizes[:parameters].max(axis=0)
        with np.errstate(invalid="ignore"):
            is_near = np.abs(own - stored) <= tolerance * sizes
        return (is_near & np.isfinite(own) & np.isfinite(stored)) | (np.isnan(own) & np.isnan(stored))

    def _complete(self, verified: Run) -> Comparison:
        """The result of a comparison to the last step."""
        steps = max(verified.rows_done - 1, 0)
        if self._first is None:
            return {"identical": True, "agrees": True, "step": None, "steps": steps}
        return {**self._first, "agrees": True, "steps": steps}

    def _stored(self, verified: Run, first: int, count: int) -> Iterator[tuple[int, FloatArray]]:
        last = min(first + count, verified.rows_done) - 1
        return trajectories.read(self._database, verified.seq, verified.width, first, last)


def _different(verified: Run, differs: BoolArray, first_step: int, stored: FloatArray, own: FloatArray) -> Comparison:
    """The first step that differs, with its numbers."""
    place = int(differs.any(axis=0).argmax())
    names = [*(f"theta.{name}" for name in verified.parameters), *verified.columns]
    return {
        "identical": False,
        "agrees": False,
        "step": first_step + place,
        "differences": [
            {"column": names[row], "stored": float(stored[row, place]), "recomputed": float(own[row, place])}
            for row in np.flatnonzero(differs[:, place])
        ],
    }


def _magnitudes(numbers: FloatArray) -> FloatArray:
    """Their absolute values, 0 for those that are not finite."""
    return np.where(np.isfinite(numbers), np.abs(numbers), 0.0)


def _missing(rows: int) -> Comparison:
    return {"identical": False, "agrees": False, "step": rows, "differences": []}

"""What is kept of all steps of a run while they are computed: their SHA-256, and the sample for the diagnosis."""

import hashlib
from collections.abc import Sequence

import numpy as np

from gd_engine import History
from gd_engine.arrays import FloatArray
from service.storage import trajectories
from service.storage.database import Database
from service.worker.history_sampler import HistorySampler

CATCH_UP_CHUNKS = 256
"""The most stored chunks that are read for one new block."""


class TrajectorySummary:
    """The digest and the sample of a trajectory, for its rows in order.

    A run that goes on after stored steps begins without them: each new block reads some of them back, and the end of
    the run reads the rest. The digest is the SHA-256 of all rows as little-endian float64, wherever blocks ended.
    """

    def __init__(self, database: Database, run_seq: int, parameters: int, columns: Sequence[str]) -> None:
        self._database, self._run_seq = database, run_seq
        self._width = parameters + len(columns)
        self._sampler = HistorySampler(parameters, columns)
        self._digest = hashlib.sha256()
        self._rows = 0
        """The rows from 0 on that digest and sample cover."""

    def add(self, first_step: int, columns: FloatArray, *, is_last: bool) -> None:
        """The next block, of shape (θ's components and columns, rows), before it is stored. With the last one nothing
        is missing.
        """
        chunks = trajectories.chunk_rows(self._width) * CATCH_UP_CHUNKS
        self._read(first_step if is_last else min(first_step, self._rows + chunks))
        if self._rows == first_step:
            self._take(columns)

    def sha256(self, rows: int) -> str | None:
        """The digest of so many rows, None if some of them are not covered yet."""
        return self._digest.hexdigest() if self._rows == rows else None

    def history(self) -> History:
        """The sample."""
        return self._sampler.history()

    def _read(self, end: int) -> None:
        for _, columns in trajectories.read(self._database, self._run_seq, self._width, self._rows, end - 1):
            self._take(columns)

    def _take(self, columns: FloatArray) -> None:
        self._sampler.add(self._rows, columns)
        self._digest.update(np.ascontiguousarray(columns.T, dtype="<f8").data)
        self._rows += columns.shape[1]

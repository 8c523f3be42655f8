"""Incremental summary of a trajectory: SHA-256 of all rows, and the sample for the diagnosis."""

import hashlib
from collections.abc import Sequence

import numpy as np

from gd_engine import History
from gd_engine.arrays import FloatArray
from service.storage import trajectories
from service.storage.database import Database
from service.worker.history_sampler import HistorySampler

CATCH_UP_CHUNKS = 256
"""Maximum number of stored chunks read for one new block."""


class TrajectorySummary:
    """Digest and sample of a trajectory.

    A resumed run starts with an empty summary. Each new block reads some stored chunks, the last block the rest. The
    digest is the SHA-256 of all rows as little-endian float64, independent of block boundaries.
    """

    def __init__(self, database: Database, run_seq: int, parameters: int, columns: Sequence[str]) -> None:
        self._database, self._run_seq = database, run_seq
        self._width = parameters + len(columns)
        self._sampler = HistorySampler(parameters, columns)
        self._digest = hashlib.sha256()
        self._sampling_error: Exception | None = None
        self._rows = 0
        """Number of rows covered by digest and sample, starting at row 0."""

    def add(self, first_step: int, columns: FloatArray, *, is_last: bool) -> None:
        """Adds a block of shape (θ's components and columns, rows) before its storage.

        After the last block, the summary covers all rows.
        """
        chunks = trajectories.chunk_rows(self._width) * CATCH_UP_CHUNKS
        self._read(first_step if is_last else min(first_step, self._rows + chunks))
        if self._rows == first_step:
            self._take(columns)

    def sha256(self, rows: int) -> str | None:
        """Hexadecimal digest of the first `rows` rows; None unless the summary covers exactly these rows."""
        return self._digest.hexdigest() if self._rows == rows else None

    def history(self) -> History:
        """The sample. Raises the error of a step that could not be sampled."""
        if self._sampling_error is not None:
            raise self._sampling_error
        return self._sampler.history()

    def _read(self, end: int) -> None:
        for _, columns in trajectories.read(self._database, self._run_seq, self._width, self._rows, end - 1):
            self._take(columns)

    def _take(self, columns: FloatArray) -> None:
        self._digest.update(np.ascontiguousarray(columns.T, dtype="<f8").data)
        if self._sampling_error is None:
            try:
                self._sampler.add(self._rows, columns)
            except Exception as error:  # noqa: BLE001 - the run goes on, without a diagnosis
                self._sampling_error = error
        self._rows += columns.shape[1]

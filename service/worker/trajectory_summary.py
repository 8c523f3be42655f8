"""What is kept of all steps of a run while they are computed: their SHA-256, and the sample for the diagnosis."""

import hashlib
from collections.abc import Sequence

import numpy as np

from gd_engine import History
from gd_engine.arrays import FloatArray
from service.storage import trajectories
from service.storage.database import Database
from service.worker.history_sampler import HistorySampler


class TrajectorySummary:
    """The digest and the sample of a trajectory, for its rows in order.

    The first block of a run that goes on after stored steps reads these back.
    """

    def __init__(self, database: Database, run_seq: int, parameters: int, columns: Sequence[str]) -> None:
        self._database, self._run_seq = database, run_seq
        self._width = parameters + len(columns)
        self._sampler = HistorySampler(parameters, columns)
        self._digest = hashlib.sha256()
        self._rows = 0
        """The rows from 0 on that digest and sample cover."""

    def add(self, first_step: int, columns: FloatArray) -> None:
        """The next block, of shape (θ's components and columns, rows), before it is stored."""
        self._read(first_step)
        self._take(columns)

    def sha256(self) -> str:
        """The SHA-256 of the rows so far as little-endian float64, wherever blocks ended."""
        return self._digest.hexdigest()

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

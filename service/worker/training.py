"""One run: stored request → engine → blocks → a sink."""

import time
from contextlib import closing

from gd_engine import NoLearningRateError, ways
from service.core.settings import Settings
from service.storage import trajectories
from service.storage.database import Database
from service.storage.job_queue import Claim
from service.worker import platforms
from service.worker.block_sink import BlockSink
from service.worker.block_storage import BlockStorage
from service.worker.history_sampler import columns_of
from service.worker.judgement import Unjudged
from service.worker.lease import Ending, RunLease, failed
from service.worker.prepare import Prepared, prepare
from service.worker.run_batch import RunBatch
from service.worker.timings import Timings
from service.worker.verification import BlockComparison

BLOCK_CHUNKS = 16
"""Maximum number of chunks in a block. A larger block needs fewer transactions."""
BLOCK_BYTES = 4 * 1024 * 1024
"""Maximum size of a block of more than one chunk. The log of a full disk must have room for one."""


class _InterruptedError(Exception):
    """The lease has an ending before the descent starts."""

    def __init__(self, ending: Ending) -> None:
        super().__init__()
        self.ending = ending


class Training:
    """Descent of a claimed run until its outcome or the lease's ending.

    Blocks of a verification are compared with the verified run's blocks; other blocks are stored.
    """

    def __init__(self, database: Database, claim: Claim, settings: Settings, lease: RunLease, batch: RunBatch) -> None:
        self._database, self._claim, self._settings = database, claim, settings
        self._lease, self._batch = lease, batch
        self._timings = Timings(claim.run.timings)
        self._environments = platforms.extended(claim.run.environments, claim.run.rows_done)
        self.unjudged: Unjudged | None = None
        """The run after its end, if it is not judged yet."""

    def run(self) -> None:
        """Descends until the outcome or the lease's ending. Raises LeaseLostError."""
        begun = time.monotonic()
        try:
            prepared = self._prepare()
        except _InterruptedError as interrupt:
            self._lease.end(interrupt.ending)
            return
        except NoLearningRateError as error:
            self._lease.end(failed("no_learning_rate", str(error)))
            return
        batched = ["batched"] if self._batch.join(self._claim.run, prepared) else []
        self._timings.values["ways"] = [*ways(prepared.problem, prepared.config), *batched]
        self._timings.add("preparation_seconds", begun)
        self._descend(prepared, self._sink(prepared))

    def _prepare(self) -> Prepared:
        self._check_interrupt()
        problem = self._batch.problem(self._claim.run, self._check_interrupt)
        prepared = prepare(self._claim, problem)
        self._check_interrupt()
        return prepared

    def _check_interrupt(self) -> None:
        if (ending := self._lease.ending) is not None:
            raise _InterruptedError(ending)

    def _sink(self, prepared: Prepared) -> BlockSink:
        shared = (self._database, self._claim, self._settings, self._lease, self._timings)
        if self._claim.run.verifies is not None:
            return BlockComparison(*shared)
        return BlockStorage(*shared, prepared, self._environments)

    def _descend(self, prepared: Prepared, sink: BlockSink) -> None:
        run = self._claim.run
        rows = trajectories.chunk_rows(run.width)
        rows *= max(1, min(BLOCK_CHUNKS, BLOCK_BYTES // (8 * run.width * rows)))
        begun = time.monotonic()

        def is_full(count: int) -> bool:
            late = time.monotonic() - begun > self._settings.block_seconds
            return late or count >= rows or self._lease.ending is not None

        with closing(self._batch.blocks(run, prepared, self._lease, is_full)) as blocks:
            for block in blocks:
                self._timings.add("descent_seconds", begun)
                if sink.take(block, columns_of(block, run.columns)):
                    self.unjudged = sink.unjudged
                    return
                begun = time.monotonic()

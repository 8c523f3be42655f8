"""One run: stored request → engine → blocks → store."""

import hashlib
import logging
import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, TypeVar

import numpy as np
from sqlalchemy.exc import SQLAlchemyError

from gd_engine import BatchedDescent, Block, NoLearningRateError, Outcome, Problem, descend, diagnose, optimum, ways
from gd_engine.arrays import FloatArray
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.engine_adapter.factory import asked
from service.storage import job_queue, trajectories
from service.storage.database import Database
from service.storage.errors import Failure, failure_of, name_of
from service.storage.job_queue import Claim
from service.worker.batching import batch_of
from service.worker.history_sampler import HistorySampler, columns_of
from service.worker.lease import CANCELLED, Ending, RunLease, failed
from service.worker.prepare import Prepared, prepare
from service.worker.problem_cache import ProblemCache

log = logging.getLogger("descent.training")
Value = TypeVar("Value")

BLOCK_CHUNKS = 16
"""The most chunks of a block: to make one of several costs as much memory, and saves their transactions."""
SURVIVED_SECONDS = 60.0
"""Who has worked on a run for so long is not killed by it: workers that died of it before count no more."""
STORE_PAUSES = (0.1, 0.4, 1.0, 2.0, 3.0)
"""Between attempts to store a block on a full disk: fewer seconds in all than a lease lasts by default."""
NOT_STORED = {
    Failure.FULL: (
        "disk_full",
        "The disk is full, so a step could not be stored. Free some space; the steps are kept.",
    ),
    Failure.IO: ("disk_error", "The disk could not be written or read; the service's log says more."),
    Failure.DAMAGED: ("damaged_data", "The database is damaged. `descent check` says where."),
    Failure.OTHER: ("internal_error", "The service made a mistake; it is in its log."),
}


BATCH_SHARE = 0.1
"""Of the time that a run may compute, what it may spend on others that go abreast with it."""


class _InterruptedError(Exception):
    """The run is to end before it has begun."""


class Training:
    """A claimed run's descent, for as long as `lease` has no ending for it."""

    def __init__(
        self, database: Database, claim: Claim, settings: Settings, lease: RunLease, cache: ProblemCache
    ) -> None:
        self._database = database
        self._claim = claim
        self._settings = settings
        self._lease = lease
        self._cache = cache
        self._best: dict[str, Any] | None = claim.run.best
        self._timings: dict[str, Any] = dict(claim.run.timings)
        self._sampler = HistorySampler(len(claim.run.parameters), claim.run.columns)
        self._digest = hashlib.sha256()
        self._prepared: Prepared
        self._batch: BatchedDescent | None = None

    def run(self) -> None:
        """Descends to the end, or until the hold has another one. Raises LeaseLostError when the run is lost."""
        begun = time.monotonic()
        try:
            self._go_on()
            self._prepared = prepare(self._database, self._claim.run, self._cache, self._go_on)
            if self._claim.run.checkpoint is not None:
                self._restore_history()
        except _InterruptedError:
            self._end(self._lease.ending or CANCELLED)
            return
        except NoLearningRateError as error:
            self._end(failed("no_learning_rate", str(error)))
            return
        self._batch = batch_of(self._database, self._claim.run, self._prepared, self._cache, self._settings.workers)
        batched = [] if self._batch is None else ["batched"]
        self._timings["ways"] = [*ways(self._prepared.problem, self._prepared.config), *batched]
        self._spent("preparation_seconds", begun)
        self._descend()

    def _go_on(self) -> None:
        if self._lease.ending is not None:
            raise _InterruptedError

    def _restore_history(self) -> None:
        run = self._claim.run
        columns = len(run.parameters) + len(run.columns)
        for first_step, rows in trajectories.read(self._database, run.seq, columns, 0, run.rows_done - 1):
            self._go_on()
            self._add(first_step, rows)

    def _add(self, first_step: int, columns: FloatArray) -> None:
        self._sampler.add(first_step, columns)
        self._digest.update(np.ascontiguousarray(columns.T, dtype="<f8").data)

    def _descend(self) -> None:
        run = self._claim.run
        rows = BLOCK_CHUNKS * trajectories.chunk_rows(len(run.parameters) + len(run.columns))
        begun = time.monotonic()

        def is_full(count: int) -> bool:
            late = time.monotonic() - begun > self._settings.block_seconds
            return late or count >= rows or self._lease.ending is not None

        with closing(self._blocks(is_full)) as blocks:
            for block in blocks:
                self._spent("descent_seconds", begun)
                if self._take(block, columns_of(block, run.columns)):
                    return
                begun = time.monotonic()

    def _blocks(self, is_full: Callable[[int], bool]) -> Generator[Block]:
        """All blocks that are left, the first of them in company if the run has any."""
        problem, config, state, _ = self._prepared
        if self._batch is not None:
            try:
                for block in self._batch.descend(self._claim.run.seq, is_full):
                    yield block
                    state = block.next
                    if block.outcome:
                        return
                    if self._lease.seconds > BATCH_SHARE * self._settings.max_run_seconds:
                        break
            finally:
                self._batch.leave(self._claim.run.seq)
        yield from descend(problem, config, state, is_full=is_full)

    def _take(self, block: Block, columns: FloatArray) -> bool:
        """Stores a block, in one transaction with all that follows from it; whether the run has left our hands."""
        self._add(block.first_step, columns)
        values = self._progress(block)
        if block.outcome:
            values["diagnosis"] = self._diagnosis(block.outcome)
        for pause in STORE_PAUSES:
            try:
                return self._store(block, columns, values)
            except SQLAlchemyError as error:
                if failure_of(error) not in {Failure.FULL, Failure.IO}:
                    raise
                log.warning("training.block_not_stored run=%s error=%s", self._claim.run.id, name_of(error))
                time.sleep(pause)
        return self._store(block, columns, values)

    def _store(self, block: Block, columns: FloatArray, values: dict[str, Any]) -> bool:
        with self._database.writing() as connection:
            moment = time.monotonic()
            status = job_queue.progress(connection, self._claim, self._settings.lease_seconds, values)
            if columns.shape[1]:
                trajectories.append(connection, self._claim.run.seq, block.first_step, columns)
            ending = CANCELLED if status == RunStatus.CANCELLING else _ending_of(block.outcome) or self._lease.ending
            if ending is not None:
                ending.write(connection, self._claim)
        self._lease.renewed(moment)
        return ending is not None

    def _diagnosis(self, outcome: Outcome) -> list[dict[str, Any]]:
        begun = time.monotonic()
        found: list[dict[str, Any]] = self._accessory("diagnosis", lambda: self._findings(outcome), [])
        self._spent("diagnosis_seconds", begun)
        return found

    def _findings(self, outcome: Outcome) -> list[dict[str, Any]]:
        run, prepared = self._claim.run, self._prepared
        findings = diagnose(
            prepared.problem,
            prepared.config,
            outcome,
            self._sampler.history(),
            request=asked(run.request, prepared.problem.model),
            features=run.dataset_features,
        )
        return [finding._asdict() for finding in findings]

    def _accessory(self, name: str, compute: Callable[[], Value], absent: Value) -> Value:
        """A value that a run can do without: `absent` where its computation fails, for want of memory too."""
        try:
            return compute()
        except Exception:
            log.exception("training.no_%s run=%s", name, self._claim.run.id)
            return absent

    def _progress(self, block: Block) -> dict[str, Any]:
        prepared = self._prepared
        values: dict[str, Any] = {
            "rows_done": block.first_step + len(block.theta),
            "learning_rate": prepared.learning_rate,
            "checkpoint": None if block.outcome else block.next.to_array().astype("<f8").tobytes(),
            "trajectory_sha256": self._digest.hexdigest(),
            "timings": self._timings,
        }
        if self._lease.seconds > SURVIVED_SECONDS:
            values["losses"] = 0
        if block.first_step == 0:
            values["optimum"] = self._accessory("optimum", lambda: _optimum(prepared.problem), None)
        if len(block.theta):
            values["final"] = _row(prepared.problem, block, len(block.theta) - 1)
            self._best = values["best"] = self._better(block)
        return values

    def _better(self, block: Block) -> dict[str, Any] | None:
        errors = block.columns["test_mse"]
        if np.isnan(errors).all():
            return self._best
        index = int(np.nanargmin(errors))
        if self._best is not None and self._best["test_mse"] <= errors[index]:
            return self._best
        return {
            "step": block.first_step + index,
            "theta": block.theta[index].tolist(),
            "test_mse": float(errors[index]),
        }

    def _end(self, ending: Ending) -> None:
        with self._database.writing() as connection:
            ending.write(connection, self._claim)

    def _spent(self, name: str, begun: float) -> None:
        self._timings[name] = self._timings.get(name, 0.0) + time.monotonic() - begun


def _ending_of(outcome: Outcome | None) -> Ending | None:
    if outcome is None:
        return None
    if outcome.reason == "diverged":
        return Ending(RunStatus.DIVERGED, {"stop_reason": "diverged", "diverged_at": outcome.step})
    return Ending(RunStatus.SUCCEEDED, {"stop_reason": outcome.reason})


def _optimum(problem: Problem) -> dict[str, Any] | None:
    if not problem.quadratic:
        return None
    best = optimum(problem)
    if not np.isfinite(best.energy):
        return None
    return {
        "theta": best.theta.tolist(),
        "coefficients": _coefficients(problem, best.theta),
        "train_loss": best.energy,
    }


def _row(problem: Problem, block: Block, index: int) -> dict[str, Any]:
    theta = block.theta[index]
    columns = {name: float(column[index]) for name, column in block.columns.items()}
    for name in ("gradient_norm", "learning_rate", "optimality_gap"):
        columns.pop(name, None)
    return {
        "step": block.first_step + index,
        "theta": theta.tolist(),
        "coefficients": _coefficients(problem, theta),
        **columns,
    }


def _coefficients(problem: Problem, theta: FloatArray) -> dict[str, float]:
    with np.errstate(all="ignore"):
        return dict(zip(problem.model.parameters, problem.coefficients(theta).tolist(), strict=True))

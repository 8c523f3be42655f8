"""Storage of a run's blocks: one transaction a block, with the run's progress, lease and ending."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
import orjson
from sqlalchemy.exc import SQLAlchemyError

from gd_engine import Block, Finding, Outcome, Problem, optimum
from gd_engine.arrays import FloatArray
from service.core.platforms import Environment
from service.core.run_record import Best, Criteria, Number, Optimum, RunColumns
from service.core.run_status import JUDGED, RunStatus
from service.core.settings import Settings
from service.engine_adapter.diagnosis import findings_of
from service.storage import job_queue, trajectories
from service.storage.database import Database
from service.storage.errors import Failure, failure_of, name_of
from service.storage.essential_write import make_room
from service.storage.job_queue import Claim
from service.worker import judgement, trials
from service.worker.judgement import Unjudged
from service.worker.lease import CANCELLED, HANDED_BACK, LOST, YIELDED, Ending, RunLease
from service.worker.prepare import Prepared
from service.worker.timings import Timings
from service.worker.trajectory_summary import TrajectorySummary

log = logging.getLogger("descent.training")
Value = TypeVar("Value")

SURVIVED_SECONDS = 60.0
"""Lease duration after which the count of lost workers is reset: the run does not kill its worker."""
STORE_PAUSES = (0.1, 0.4, 1.0, 2.0, 3.0)
"""Delays in seconds between attempts to store a block on a full disk. Their sum is below the default lease."""
NOT_FINAL = (None, HANDED_BACK, YIELDED, LOST)
"""The endings of a lease after which the run goes on. Any other ending needs the digest of all stored steps."""


class BlockStorage:
    """`BlockSink` that stores the run's progress, its chunks of steps, and its diagnosis at the end."""

    def __init__(
        self,
        database: Database,
        claim: Claim,
        settings: Settings,
        lease: RunLease,
        timings: Timings,
        prepared: Prepared,
        environments: list[Environment],
    ) -> None:
        self._database, self._claim, self._settings, self._lease = database, claim, settings, lease
        self._timings, self._prepared, self._environments = timings, prepared, environments
        self.unjudged: Unjudged | None = None
        self._best, self._optimum = claim.run.best, claim.run.optimum
        self._findings: list[Finding] = []
        self._summary = TrajectorySummary(database, claim.run.seq, len(claim.run.parameters), claim.run.columns)

    def take(self, block: Block, columns: FloatArray) -> bool:
        """Stores a block, and retries on a full or failing disk after each of STORE_PAUSES.

        The log of a full disk is emptied before.
        """
        is_last = block.outcome is not None or self._lease.ending not in NOT_FINAL
        self._summary.add(block.first_step, columns, is_last=is_last)
        values = self._progress(block)
        if block.outcome:
            self._findings = self._diagnosis(block.outcome)
            values["diagnosis"] = trials.untried(self._findings)
            # Findings are tried after the end of the run, and its convergence comes with them.
            if not self._findings and judgement.is_quick(self._prepared.problem, block.outcome):
                values |= self._convergence(block.outcome)
        for pause in STORE_PAUSES:
            try:
                return self._store(block, columns, values)
            except SQLAlchemyError as error:
                if failure_of(error) not in {Failure.FULL, Failure.IO}:
                    raise
                log.warning("training.block_not_stored run=%s error=%s", self._claim.run.id, name_of(error))
                if failure_of(error) is Failure.FULL:
                    make_room(self._database)
                time.sleep(pause)
        return self._store(block, columns, values)

    def _store(self, block: Block, columns: FloatArray, values: RunColumns) -> bool:
        with self._lease.charging() as charge, self._database.writing() as connection:
            moment = time.monotonic()
            status = job_queue.progress(connection, self._claim, self._settings.lease_seconds, values)
            charge(connection)
            if columns.shape[1]:
                trajectories.append(connection, self._claim.run.seq, block.first_step, columns)
            ending = CANCELLED if status == RunStatus.CANCELLING else _ending_of(block.outcome) or self._lease.ending
            if ending not in NOT_FINAL and values["trajectory_sha256"] is None:
                self._lease.ending, ending = ending, None  # the next block is the last one, and has the digest
            if ending is not None:
                ending.write(connection, self._claim)
        self._lease.renewed(moment)
        self._lease.allow_yield()
        if ending is not None and ending.status in JUDGED and "convergence" not in values:
            more = (self._optimum, self._summary.history, self._findings, self._timings)
            self.unjudged = Unjudged(self._claim, self._prepared, block.outcome, block.next, *more)
        return ending is not None

    def _diagnosis(self, outcome: Outcome) -> list[Finding]:
        begun = time.monotonic()
        run, problem, config = self._claim.run, self._prepared.problem, self._prepared.config

        def compute() -> list[Finding]:
            return findings_of(run, problem, config, outcome, self._summary.history())

        found: list[Finding] = self._accessory("diagnosis", compute, [])
        self._timings.add("diagnosis_seconds", begun)
        return found

    def _convergence(self, outcome: Outcome) -> RunColumns:
        """The convergence of a run whose judgement needs no search. One that fell short is judged after its end."""
        begun = time.monotonic()

        def quick() -> RunColumns:
            run, history = self._claim.run, self._summary.history()
            found = judgement.quick(run, self._prepared, outcome, history, self._optimum)
            return {} if found is None else {"convergence": found}

        absent: RunColumns = {"convergence": None}
        values = self._accessory("convergence", quick, absent)
        self._timings.add("judgement_seconds", begun)
        return values

    def _accessory(self, name: str, compute: Callable[[], Value], absent: Value) -> Value:
        """An optional value of a run; `absent` if it cannot be computed, also for lack of memory, or not stored."""
        try:
            value = compute()
            orjson.dumps(value, default=list, option=orjson.OPT_SERIALIZE_NUMPY)  # a finding is a named tuple
            return value  # noqa: TRY300 - an `else` of the handler would be further away
        except Exception:
            log.exception("training.no_%s run=%s", name, self._claim.run.id)
            return absent

    def _progress(self, block: Block) -> RunColumns:
        prepared = self._prepared
        rows_done = block.first_step + len(block.theta)
        values: RunColumns = {
            "rows_done": rows_done,
            "learning_rate": prepared.learning_rate,
            "checkpoint": None if block.outcome else block.next.to_array().astype("<f8").tobytes(),
            "trajectory_sha256": self._summary.sha256(rows_done),
            "timings": self._timings.values,
            "environments": self._environments,
        }
        if self._lease.seconds > SURVIVED_SECONDS:
            values["losses"] = 0
        if block.first_step == 0:
            self._optimum = values["optimum"] = self._accessory("optimum", lambda: _optimum(prepared.problem), None)
        if len(block.theta):
            last = len(block.theta) - 1
            values["final"] = self._accessory("final", lambda: _row(prepared.problem, block, last), None)
            self._best = values["best"] = self._accessory("best", lambda: self._better(block), self._best)
        return values

    def _better(self, block: Block) -> Best | None:
        errors = block.columns["test_mse"]
        if np.isnan(errors).all():
            return self._best
        index = int(np.nanargmin(errors))
        if self._best is not None and _test_mse(self._best) <= errors[index]:
            return self._best
        return {
            "step": block.first_step + index,
            "theta": block.theta[index].tolist(),
            "test_mse": float(errors[index]),
        }


def _ending_of(outcome: Outcome | None) -> Ending | None:
    if outcome is None:
        return None
    if outcome.reason == "diverged":
        return Ending(RunStatus.DIVERGED, {"stop_reason": "diverged", "diverged_at": outcome.step})
    return Ending(RunStatus.SUCCEEDED, {"stop_reason": outcome.reason})


def _test_mse(best: Best) -> float:
    """Least test MSE so far; infinity for null, the stored form of a non-finite value."""
    return float("inf") if best["test_mse"] is None else best["test_mse"]


def _optimum(problem: Problem) -> Optimum | None:
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


def _row(problem: Problem, block: Block, index: int) -> Criteria:
    theta = block.theta[index]
    columns = {name: float(column[index]) for name, column in block.columns.items()}
    for name in ("gradient_norm", "learning_rate", "optimality_gap"):
        columns.pop(name, None)
    step = {"step": block.first_step + index, "theta": theta.tolist(), "coefficients": _coefficients(problem, theta)}
    return cast("Criteria", step | columns)


def _coefficients(problem: Problem, theta: FloatArray) -> dict[str, Number]:
    with np.errstate(all="ignore"):
        return dict(zip(problem.model.parameters, problem.coefficients(theta).tolist(), strict=True))

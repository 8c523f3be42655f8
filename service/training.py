"""One run: stored request → engine → blocks → store. With `plan`, the only room that knows both halves."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from gd_engine import (
    OPTIMIZERS,
    Block,
    NoLearningRateError,
    Problem,
    State,
    auto_learning_rate,
    descend,
    pose,
    start,
)
from service.lifecycle import RunStatus
from service.plan import Request, model_of, split_of
from service.settings import Settings
from service.store import datasets, runs, trajectories
from service.store.database import Database
from service.store.runs import Claim, LeaseLostError


class Training:
    """A claimed run's descent. `interrupted` is asked after every step whether the worker has to stop."""

    def __init__(self, database: Database, claim: Claim, settings: Settings, interrupted: Callable[[], bool]) -> None:
        self._database = database
        self._claim = claim
        self._settings = settings
        self._interrupted = interrupted
        self._request: Request = claim.run.request
        self._best: dict[str, Any] | None = claim.run.best
        self._timings: dict[str, float] = dict(claim.run.timings)

    def run(self) -> None:
        """Descends to the end, or until the run is cancelled, handed back or lost. Raises LeaseLostError when lost."""
        if self._claim.run.status == RunStatus.CANCELLING:
            self._end(RunStatus.CANCELLED, {"stop_reason": "cancelled"})
            return
        begun = time.monotonic()
        try:
            problem, state, rate = self._prepare()
        except NoLearningRateError as error:
            self._end(RunStatus.FAILED, {"error": {"code": "no_learning_rate", "message": str(error)}})
            return
        self._spent("preparation_seconds", begun)
        self._descend(problem, state, rate)

    def _prepare(self) -> tuple[Problem, State, float]:
        run = self._claim.run
        model = model_of(self._request, run.dataset_features)
        with self._database.reading() as connection:
            dataset = datasets.find(connection, run.dataset_id)
            if dataset is None:  # gone with the run
                raise LeaseLostError
            table = np.concatenate(list(datasets.read(connection, dataset)))
        x, y = np.ascontiguousarray(table[:, :-1]), np.ascontiguousarray(table[:, -1])
        if run.classes is not None and not run.dataset_text_target:
            y = np.searchsorted(np.array(run.classes, dtype=np.float64), y).astype(np.float64)
        objective = self._request["objective"]
        problem = pose(
            model,
            x,
            y,
            split_of(self._request, len(y)),
            loss=objective["loss"],
            l2=objective["l2"],
            standardize=self._request["standardize"],
        )
        state = self._state()
        rate = self._request["descent"]["learning_rate"] if run.learning_rate is None else run.learning_rate
        return problem, state, auto_learning_rate(problem.energy, state.theta) if rate == "auto" else rate

    def _state(self) -> State:
        run = self._claim.run
        if run.checkpoint is not None:
            stored = np.frombuffer(run.checkpoint, dtype="<f8").reshape(-1, len(run.parameters))
            return State(run.rows_done, stored[0], stored[1:])
        theta0 = self._request["descent"]["theta0"]
        if theta0 == "zeros":
            theta0 = [0.0] * len(run.parameters)
        elif isinstance(theta0, dict):
            theta0 = [theta0[name] for name in run.parameters]
        return start(np.array(theta0), self._optimizer)

    @property
    def _optimizer(self) -> Any:
        return OPTIMIZERS[self._request["descent"]["optimizer"]["kind"]]()

    def _descend(self, problem: Problem, state: State, rate: float) -> None:
        rows = trajectories.chunk_rows(len(self._claim.run.parameters) + len(self._claim.run.columns))
        begun = time.monotonic()

        def is_full(count: int) -> bool:
            late = time.monotonic() - begun > self._settings.block_seconds
            return late or count >= rows or self._interrupted()

        steps = self._request["descent"]["steps"]
        for block in descend(problem, self._optimizer, state, learning_rate=rate, steps=steps, is_full=is_full):
            self._spent("descent_seconds", begun)
            if self._store(problem, block, rate):
                return
            begun = time.monotonic()

    def _store(self, problem: Problem, block: Block, rate: float) -> bool:
        """Stores a block, in one transaction with all that follows from it; whether the run has left our hands."""
        values = self._progress(problem, block, rate)
        with self._database.writing() as connection:
            status = runs.progress(connection, self._claim, self._settings.lease_seconds, values)
            if len(block.theta):
                columns = np.vstack([block.theta.T, *block.columns.values()])
                trajectories.append(connection, self._claim.run.seq, block.first_step, columns)
            if status == RunStatus.CANCELLING:
                runs.finish(connection, self._claim, RunStatus.CANCELLED, {"stop_reason": "cancelled"})
            elif block.outcome:
                diverged = block.outcome.reason == "diverged"
                runs.finish(
                    connection,
                    self._claim,
                    RunStatus.DIVERGED if diverged else RunStatus.SUCCEEDED,
                    {"stop_reason": block.outcome.reason, "diverged_at": block.outcome.step if diverged else None},
                )
            elif self._interrupted():
                runs.hand_back(connection, self._claim)
            else:
                return False
        return True

    def _progress(self, problem: Problem, block: Block, rate: float) -> dict[str, Any]:
        checkpoint = np.vstack([block.next.theta, block.next.memory]).astype("<f8").tobytes()
        values = {
            "rows_done": block.first_step + len(block.theta),
            "learning_rate": rate,
            "checkpoint": checkpoint,
            "losses": 0,
            "timings": self._timings,
        }
        if len(block.theta):
            values["final"] = self._row(problem, block, len(block.theta) - 1)
            self._best = values["best"] = self._better(block)
        return values

    def _row(self, problem: Problem, block: Block, index: int) -> dict[str, Any]:
        theta = block.theta[index]
        with np.errstate(all="ignore"):
            coefficients = problem.coefficients(theta).tolist()
        columns = {name: float(column[index]) for name, column in block.columns.items()}
        del columns["gradient_norm"], columns["learning_rate"]
        return {
            "step": block.first_step + index,
            "theta": theta.tolist(),
            "coefficients": dict(zip(problem.model.parameters, coefficients, strict=True)),
            **columns,
        }

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

    def _end(self, status: RunStatus, values: dict[str, Any]) -> None:
        with self._database.writing() as connection:
            runs.finish(connection, self._claim, status, values)

    def _spent(self, name: str, begun: float) -> None:
        self._timings[name] = self._timings.get(name, 0.0) + time.monotonic() - begun


def fail(database: Database, claim: Claim, code: str, message: str) -> None:
    """Ends a run with the reason why it cannot go on. Raises LeaseLostError."""
    with database.writing() as connection:
        runs.finish(connection, claim, RunStatus.FAILED, {"error": {"code": code, "message": message}})

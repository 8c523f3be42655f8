"""One run: stored request → engine → blocks → store."""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gd_engine import (
    Block,
    NoLearningRateError,
    Outcome,
    Problem,
    Recipe,
    State,
    auto_learning_rate,
    descend,
    diagnose,
    optimum,
    pose_blocks,
    start,
    state_from,
    ways,
)
from gd_engine.arrays import FloatArray
from service.lifecycle import RunStatus
from service.looking_back import LookingBack, columns_of
from service.modelling import Request, asked, model_of, posing_of, recipe_of, split_of, theta0_of
from service.settings import Settings
from service.store import datasets, runs, trajectories
from service.store.database import Database
from service.store.runs import Claim, LeaseLostError

log = logging.getLogger("descent.training")

BLOCK_CHUNKS = 16
"""The most chunks of a block: to make one of several costs as much memory, and saves their transactions."""


class Training:
    """A claimed run's descent. `interrupted` is asked after every step whether the worker has to stop."""

    def __init__(self, database: Database, claim: Claim, settings: Settings, interrupted: Callable[[], bool]) -> None:
        self._database = database
        self._claim = claim
        self._settings = settings
        self._interrupted = interrupted
        self._request: Request = claim.run.request
        self._best: dict[str, Any] | None = claim.run.best
        self._timings: dict[str, Any] = dict(claim.run.timings)
        run = claim.run
        self._model = model_of(self._request, run.dataset_features, run.classes)
        self._looking_back = LookingBack(len(run.parameters), run.columns)

    def run(self) -> None:
        """Descends to the end, or until the run is cancelled, handed back or lost. Raises LeaseLostError when lost."""
        if self._claim.run.status == RunStatus.CANCELLING:
            self._end(RunStatus.CANCELLED, {"stop_reason": "cancelled"})
            return
        begun = time.monotonic()
        try:
            problem, recipe, state, rate = self._prepare()
        except NoLearningRateError as error:
            self._end(RunStatus.FAILED, {"error": {"code": "no_learning_rate", "message": str(error)}})
            return
        self._timings["ways"] = ways(problem, recipe)
        self._spent("preparation_seconds", begun)
        self._descend(problem, recipe, state, rate)

    def _prepare(self) -> tuple[Problem, Recipe, State, float]:
        run = self._claim.run
        with self._database.reading() as connection:
            dataset = datasets.find(connection, run.dataset_id)
            if dataset is None:  # gone with the run
                raise LeaseLostError
            split = split_of(self._request, dataset.rows)
            problem = pose_blocks(self._model, self._rows(connection, dataset), split, **posing_of(self._request))
        rate = self._request["descent"]["learning_rate"] if run.learning_rate is None else run.learning_rate
        theta0 = theta0_of(self._request, self._model)
        if rate == "auto":
            rate = auto_learning_rate(problem.energy, theta0)
        recipe = recipe_of(self._request, rate)
        if run.checkpoint is None:
            return problem, recipe, start(theta0, recipe.optimizer), rate
        for first_step, columns in trajectories.read(
            self._database, run.seq, len(run.parameters) + len(run.columns), 0, run.rows_done - 1
        ):
            self._looking_back.add(first_step, columns)
        kept = np.frombuffer(run.checkpoint, dtype="<f8")
        return problem, recipe, state_from(kept, run.rows_done, len(run.parameters)), rate

    def _rows(self, connection: Any, dataset: Any) -> Iterator[tuple[FloatArray, FloatArray]]:
        """The dataset's rows block by block: x, and y with the code of its class for a label that is a number."""
        run = self._claim.run
        labels = None
        if run.classes is not None and not run.dataset_text_target:
            labels = np.array(run.classes, dtype=np.float64)
        for table in datasets.read(connection, dataset):
            x, y = table[:, :-1], table[:, -1]
            yield x, y if labels is None else np.searchsorted(labels, y).astype(np.float64)

    def _descend(self, problem: Problem, recipe: Recipe, state: State, rate: float) -> None:
        run = self._claim.run
        rows = BLOCK_CHUNKS * trajectories.chunk_rows(len(run.parameters) + len(run.columns))
        begun = time.monotonic()

        def is_full(count: int) -> bool:
            late = time.monotonic() - begun > self._settings.block_seconds
            return late or count >= rows or self._interrupted()

        for block in descend(problem, recipe, state, is_full=is_full):
            self._spent("descent_seconds", begun)
            columns = columns_of(block, run.columns)
            self._looking_back.add(block.first_step, columns)
            values = self._progress(problem, block, rate)
            if block.outcome:
                values["diagnosis"] = self._diagnosis(problem, recipe, block.outcome)
            if self._store(block, columns, values):
                return
            begun = time.monotonic()

    def _diagnosis(self, problem: Problem, recipe: Recipe, outcome: Outcome) -> list[dict[str, Any]]:
        begun = time.monotonic()
        try:
            findings = diagnose(
                problem,
                recipe,
                outcome,
                self._looking_back.history(),
                request=asked(self._request, self._model),
                features=self._claim.run.dataset_features,
            )
        except np.linalg.LinAlgError:  # numbers too odd to be looked into: the descent itself is none the worse
            log.warning("training.no_diagnosis run=%s", self._claim.run.id, exc_info=True)
            findings = []
        self._spent("diagnosis_seconds", begun)
        return [finding._asdict() for finding in findings]

    def _store(self, block: Block, columns: FloatArray, values: dict[str, Any]) -> bool:
        """Stores a block, in one transaction with all that follows from it; whether the run has left our hands."""
        with self._database.writing() as connection:
            status = runs.progress(connection, self._claim, self._settings.lease_seconds, values)
            if columns.shape[1]:
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
        values: dict[str, Any] = {
            "rows_done": block.first_step + len(block.theta),
            "learning_rate": rate,
            "checkpoint": None if block.outcome else block.next.to_array().astype("<f8").tobytes(),
            "losses": 0,
            "timings": self._timings,
        }
        if block.first_step == 0:
            values["optimum"] = self._optimum(problem)
        if len(block.theta):
            values["final"] = self._row(problem, block, len(block.theta) - 1)
            self._best = values["best"] = self._better(block)
        return values

    def _optimum(self, problem: Problem) -> dict[str, Any] | None:
        if not problem.quadratic:
            return None
        best = optimum(problem)
        if not np.isfinite(best.energy):
            return None
        return {
            "theta": best.theta.tolist(),
            "coefficients": self._coefficients(problem, best.theta),
            "train_loss": best.energy,
        }

    def _row(self, problem: Problem, block: Block, index: int) -> dict[str, Any]:
        theta = block.theta[index]
        columns = {name: float(column[index]) for name, column in block.columns.items()}
        for name in ("gradient_norm", "learning_rate", "optimality_gap"):
            columns.pop(name, None)
        return {
            "step": block.first_step + index,
            "theta": theta.tolist(),
            "coefficients": self._coefficients(problem, theta),
            **columns,
        }

    def _coefficients(self, problem: Problem, theta: FloatArray) -> dict[str, float]:
        with np.errstate(all="ignore"):
            return dict(zip(problem.model.parameters, problem.coefficients(theta).tolist(), strict=True))

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

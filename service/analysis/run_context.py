"""The subject of an analysis: a stored run, its problem, and selected steps of its trajectory."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from gd_engine import BenchmarkFunction, DescentConfig, Model, NoLearningRateError, Problem
from gd_engine.arrays import FloatArray, IntArray
from service.analysis.pool_worker import NoAnswerError
from service.core.run_record import Run
from service.engine_adapter.factory import config_of, model_of, theta0_of
from service.engine_adapter.functions import known_function
from service.engine_adapter.problems import problem_of, rate_of
from service.storage import runs, trajectories
from service.storage.database import Database
from service.storage.errors import GoneError
from service.trajectories import slicing
from service.trajectories.slicing import Steps, View

_latest: dict[bool, tuple[int, Problem]] = {}
"""The latest problem, with all rows and with reduced rows, because many questions are about the same run."""


class StoredPath(NamedTuple):
    """The stored steps from `first` to `last` of a run, and its best step so far. A path that grows is another one."""

    seq: int
    first: int
    last: int
    best: int | None

    def thinned(self, most: int) -> Steps:
        """At most `most` of the steps, with the first, the last and the best one."""
        return slicing.thinned(range(self.first, self.last + 1), most, self.best)


class RunContext(NamedTuple):
    """A run and its database."""

    database: Database
    run: Run

    @property
    def model(self) -> Model:
        """The model of the run."""
        return model_of(self.run.request, self.run.dataset_features, self.run.classes)

    @property
    def known_function(self) -> BenchmarkFunction | None:
        """The function with known minima that the run descends, if it is one."""
        return known_function(self.run.request["function"]) if self.run.dataset_id is None else None

    def problem(self, *, reduce: bool) -> Problem:
        """The problem of the run; without `reduce` with all rows. Raises GoneError."""
        if _latest.get(reduce, (None,))[0] != self.run.seq:
            _latest[reduce] = (self.run.seq, problem_of(self.database, self.run, lambda: None, reduce=reduce))
        return _latest[reduce][1]

    def config(self, problem: Problem) -> DescentConfig:
        """The configuration of the descent. Raises NoAnswerError if the learning rate "auto" has no value."""
        rate = self.run.learning_rate
        try:
            rate = rate_of(self.run.request, problem, self.theta0(problem)) if rate is None else rate
        except NoLearningRateError as error:
            raise NoAnswerError(str(error)) from None
        return config_of(self.run.request, rate)

    def theta0(self, problem: Problem) -> FloatArray:
        """θ₀, shape (p,)."""
        return theta0_of(self.run.request, problem.model)

    def at(self, steps: Sequence[int] | IntArray) -> tuple[IntArray, FloatArray, FloatArray]:
        """The steps: their numbers, shape (k,), θ, shape (k, p), and E, shape (k,)."""
        view = self.view(steps)
        numbers, parts = zip(*view.blocks(), strict=True)
        rows = np.concatenate(parts, axis=1)
        theta = rows[: len(self.run.parameters)].T
        return np.concatenate([np.asarray(n) for n in numbers]), theta, rows[view.row_of("train_loss")]

    def view(self, steps: Sequence[int] | IntArray) -> View:
        """A view of these steps of the trajectory."""
        read = partial(trajectories.read, self.database, self.run.seq, self.run.width)
        chosen = steps if isinstance(steps, range) else np.asarray(steps)
        return View(self.run.parameters, self.run.columns, (), chosen, read)


def run_context(database: Database, seq: int) -> RunContext:
    """The context of the run with this number. Raises GoneError."""
    with database.reading() as connection:
        run = runs.find_by_seq(connection, seq)
    if run is None:
        raise GoneError("The run was deleted just now.")
    return RunContext(database, run)

"""Preparation of a claimed run: configuration, start state or checkpoint state, learning rate."""

from typing import NamedTuple

import numpy as np

from gd_engine import DescentConfig, Problem, State, start, state_from
from service.engine_adapter.factory import config_of, theta0_of
from service.engine_adapter.problems import rate_of
from service.storage.job_queue import Claim


class Prepared(NamedTuple):
    """A descent on `problem`, ready to continue from `state`."""

    problem: Problem
    config: DescentConfig
    state: State
    learning_rate: float


def prepare(claim: Claim, problem: Problem) -> Prepared:
    """The descent of a claimed run on its problem. Raises NoLearningRateError."""
    run = claim.run
    theta0 = theta0_of(run.request, problem.model)
    rate = rate_of(run.request, problem, theta0) if run.learning_rate is None else run.learning_rate
    config = config_of(run.request, rate)
    if claim.checkpoint is None:
        return Prepared(problem, config, start(theta0, config.optimizer), rate)
    kept = np.frombuffer(claim.checkpoint, dtype="<f8")
    return Prepared(problem, config, state_from(kept, run.rows_done, len(run.parameters)), rate)

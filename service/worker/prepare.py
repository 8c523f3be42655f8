"""Preparation of a descent: configuration, start state or checkpoint state, learning rate."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gd_engine import DescentConfig, Problem, State, start, state_from
from service.core.run_request import StoredRequest
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
    prepared = prepare_start(run.request, problem, run.learning_rate)
    if claim.checkpoint is None:
        return prepared
    kept = np.frombuffer(claim.checkpoint, dtype="<f8")
    return prepared._replace(state=state_from(kept, run.rows_done, len(run.parameters)))


def prepare_start(
    request: StoredRequest, problem: Problem, rate: float | None = None, go_on: Callable[[], object] = lambda: None
) -> Prepared:
    """The descent of a request from θ₀; `rate` is the number of an automatic rate. `go_on` may raise to interrupt.

    Raises NoLearningRateError.
    """
    theta0 = theta0_of(request, problem.model)
    rate = rate_of(request, problem, theta0, go_on) if rate is None else rate
    config = config_of(request, rate)
    return Prepared(problem, config, start(theta0, config.optimizer), rate)

"""The cost of a descent: the computing time of its work, estimated by sizes alone.

The estimates are seconds of one core of a usual server that does nothing else; `benchmarks/cost.py` holds them to a
factor of three. Equal descents have equal ones, on every machine and beside any other work.
"""

from typing import NamedTuple

import numpy as np
from autograd import value_and_grad

from gd_engine.autodiff.tape import recorded
from gd_engine.descent.loop import ways
from gd_engine.optim.config import DescentConfig
from gd_engine.optim.schedules import Backtracking
from gd_engine.problem import Problem

STEP, CALL = 1.2e-5, 6e-7
"""Seconds of a step beside E with ∇E, for each output of the model, and of a numpy call."""
ROW_PARAMETER, ROW_CALL = 5e-10, 5e-10
"""Seconds of a row, for each parameter, and for each call and output of the model."""
AFFINE_STEP, AFFINE_ROW = 6e-7, 2e-10
"""Seconds of an affine step, and of a row that it watches."""
UNRECORDED = 300
"""The calls of a function that cannot be recorded, so that autograd traces it at every θ."""
SEARCHED = 4
"""The evaluations of a step with a line search."""


class Cost(NamedTuple):
    """The cost of a problem, by the number of numpy calls of E with ∇E."""

    problem: Problem
    calls: int

    @property
    def evaluation(self) -> float:
        """Seconds of E and ∇E with the metrics of all rows, at one θ."""
        return self._of_rows(sum(len(rows.design) for rows in self.problem.parts.values()))

    def step(self, config: DescentConfig) -> float:
        """Seconds of a step of a descent."""
        problem = self.problem
        if "affine" in ways(problem, config):
            return AFFINE_STEP + AFFINE_ROW * (problem.validation.size + problem.test.size) * problem.model.size
        evaluations = SEARCHED if isinstance(config.learning_rate, Backtracking) else 1
        batch = 0.0 if config.batch_size is None else STEP + self._of_rows(config.batch_size)
        overhead = STEP * (problem.model.outputs + any(problem.penalty))
        return overhead + evaluations * self.evaluation + batch

    def _of_rows(self, rows: int) -> float:
        model = self.problem.model
        return CALL * self.calls + (ROW_PARAMETER * model.size + ROW_CALL * self.calls * model.outputs) * rows


def cost_of(problem: Problem) -> Cost:
    """The cost of a problem. It records a program, which takes as long as some steps."""
    theta = np.ones(problem.model.size)
    try:
        with np.errstate(all="ignore"):
            return Cost(problem, len(recorded(value_and_grad(problem.energy), theta).steps))
    except NotImplementedError:
        return Cost(problem, UNRECORDED)

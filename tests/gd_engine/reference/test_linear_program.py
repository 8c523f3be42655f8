"""Linear programs within a budget: their work is charged, and ends by its iterations."""

from typing import Any

import numpy as np
import pytest
import scipy.optimize

from gd_engine.reference.absolute_errors import ITERATION_SECONDS, least_absolute_errors
from gd_engine.reference.linear_program import CELL_SECONDS, START_SECONDS
from gd_engine.reference.objective import GUARD, BudgetSpentError, Objective
from tests.gd_engine.reference.descents import problem_of

RANDOM = np.random.default_rng(3)
X = RANDOM.standard_normal((400, 3))
Y = X @ np.array([1.0, -2.0, 3.0]) + RANDOM.standard_normal(400)
PROBLEM = problem_of("linear", X, Y, loss="mae")
CALL = 1e-3


class Purse:
    """A budget, which counts what is charged."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def __call__(self, seconds: float = CALL, /) -> float:
        self.left -= seconds
        if self.left <= 0:
            raise BudgetSpentError
        return self.left


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The options and the results of the solver."""
    seen, linprog = [], scipy.optimize.linprog

    def looked(**given: Any) -> Any:
        seen.append((given["options"], linprog(**given)))
        return seen[-1][1]

    monkeypatch.setattr(scipy.optimize, "linprog", looked)
    return seen


def test_the_work_of_a_program_is_charged(programs: list[Any]) -> None:
    purse = Purse(1.0)
    assert least_absolute_errors(PROBLEM, purse) is not None
    [(options, found)] = programs
    price = START_SECONDS + CELL_SECONDS * 1600 + ITERATION_SECONDS * 404 * found.nit
    assert 1.0 - purse.left == pytest.approx(price)
    assert options["time_limit"] == GUARD


def test_a_program_ends_with_the_budget(programs: list[Any]) -> None:
    for iterations in (0, 1):
        seconds = START_SECONDS + CELL_SECONDS * 1600 + ITERATION_SECONDS * 404 * (iterations + 0.5)
        purse = Purse(seconds)
        assert least_absolute_errors(PROBLEM, purse) is None
        assert purse.left > 0
    assert [options["maxiter"] for options, _ in programs] == [1]


def test_a_look_at_the_budget_is_free() -> None:
    purse = Purse(1.0)
    assert Objective(PROBLEM, purse).affords(1e8)
    assert not Objective(PROBLEM, purse).affords(1e10)
    assert purse.left == 1.0

"""The estimated cost of a descent follows its size."""

from typing import Any

import numpy as np
import pytest

from gd_engine import OPTIMIZERS, DescentConfig, Problem, cost_of, pose, split_by_rows
from gd_engine.descent import cost
from gd_engine.optim.schedules import Backtracking
from tests.gd_engine.helpers import VARIANTS

RANDOM = np.random.default_rng(0)


def problem_of(name: str, rows: int, **options: Any) -> Problem:
    x = RANDOM.standard_normal((rows, 2))
    return pose(VARIANTS[name](["a", "b"]), x, x[:, 0], split_by_rows(rows, [0]), loss="mse", **options)


def config(optimizer: str = "gd", rate: Any = 0.1, **options: Any) -> DescentConfig:
    return DescentConfig(OPTIMIZERS[optimizer](), rate, 1000, **options)


def test_more_rows_and_more_layers_cost_more() -> None:
    few, many = (cost_of(problem_of("mlp", rows)) for rows in (100, 10_000))
    deep = cost_of(problem_of("mlp, two layers", 100))
    assert few.step(config()) < deep.step(config()) < many.step(config())


def test_shortcuts_cost_less_and_searches_and_batches_more() -> None:
    linear, curved = cost_of(problem_of("linear", 100)), cost_of(problem_of("mlp", 100))
    assert linear.step(config()) < 0.1 * linear.step(config("adam"))
    assert curved.step(config(rate=Backtracking(1.0))) > 1.5 * curved.step(config())
    assert curved.step(config(batch_size=8)) > curved.step(config())


def test_a_function_that_cannot_be_recorded_costs_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise NotImplementedError

    recorded = cost_of(problem_of("formula", 100)).step(config())
    monkeypatch.setattr(cost, "recorded", refuse)
    assert cost_of(problem_of("formula", 100)).step(config()) > 2.0 * recorded


@pytest.mark.parametrize("name", ["linear", "mlp", "formula"])
def test_equal_problems_have_equal_costs(name: str) -> None:
    assert cost_of(problem_of(name, 100)).step(config()) == cost_of(problem_of(name, 100)).step(config())

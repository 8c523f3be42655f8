"""The part of a formula without a finite value or gradient, and its row."""

import numpy as np
import pytest

from gd_engine import MODELS, pose, split_by_rows
from gd_engine.models.undefined import undefined_part
from tests.gd_engine.diagnosis.test_findings import run


@pytest.mark.parametrize(
    ("formula", "theta", "x", "part", "row", "of_gradient"),
    [
        ("a + b*log(x1)", [1, 1], [[2.0], [0.0], [3.0]], "log(x1)", 1, False),
        ("a*x1**b", [1, 1], [[1.0], [2.0], [-2.0]], "x1 ** b", 2, True),
        ("a*exp(b*x1)", [1, 1], [[1.0], [1000.0]], "exp(b * x1)", 1, False),
        ("a*x1/(b - 1)", [1, 1], [[1.0]], "a * x1 / (b - 1)", 0, False),
        ("a*x1 + sqrt(b)", [1, 0], [[1.0]], "sqrt(b)", 0, True),
        ("a*x1 + x2*log(b - 2)", [1, 1], [[1.0, 1.0]], "log(b - 2)", 0, False),
    ],
)
def test_the_innermost_part_and_its_row_are_named(
    formula: str, theta: list[float], x: list[list[float]], part: str, row: int, of_gradient: bool
) -> None:
    found = undefined_part(formula, ["x1", "x2"][: len(x[0])], np.array(theta, dtype=float), np.array(x))
    assert found is not None
    assert (found.part, found.row, found.of_gradient) == (part, row, of_gradient)


def test_a_finite_formula_has_no_such_part() -> None:
    assert undefined_part("a + b*log(x1)", ["x1"], np.ones(2), np.array([[1.0], [2.0]])) is None


def test_the_row_is_numbered_as_in_the_data() -> None:
    x, y = np.array([[1.0], [2.0], [3.0], [0.0]]), np.ones(4)
    problem = pose(MODELS["formula"](["x1"], formula="a + b*log(x1)"), x, y, split_by_rows(4, [0, 1]))
    found = problem.undefined(np.ones(2))
    assert found is not None
    assert found.sentence == "The formula is not a finite number at θ₀ in row 3 (x1 = 0): log(x1)"


@pytest.mark.parametrize("schedule", ["constant", "backtracking"])
def test_a_gradient_that_is_no_number_is_not_the_rates_fault(schedule: str) -> None:
    x, y = np.array([[-2.0], [-1.0], [1.0], [2.0]]), np.array([4.0, 1.0, 1.0, 4.0])
    request = {
        "model": {"kind": "formula", "formula": "a*x1**b"},
        "split": {"test_fraction": 0},
        "descent": {"steps": 50, "learning_rate": 0.001, "schedule": {"kind": schedule}},
    }
    [finding] = run(x, y, request).findings
    assert finding.code == "infinite_start"
    assert finding.sentence.startswith(
        "The gradient of the formula is not a finite number at θ₀ in row 0 (x1 = -2): x1"
    )
    assert finding.change == {}

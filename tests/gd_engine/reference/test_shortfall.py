"""The finding of a descent that ended far above its reference minimum."""

import pytest

from gd_engine import BENCHMARK_FUNCTIONS, initial_theta, pose_function
from gd_engine.reference import find_shortfall
from tests.gd_engine.diagnosis.french import check_french
from tests.gd_engine.reference.descents import judged

ROSENBROCK = BENCHMARK_FUNCTIONS["rosenbrock"]


@pytest.mark.parametrize(("steps", "codes"), [(2000, ["too_few_steps"]), (20_000, [])])
@pytest.mark.parametrize("constant", [0.0, 1e6])
def test_a_function_that_still_falls_far_above_a_minimum_has_too_few_steps(
    steps: int, codes: list[str], constant: float
) -> None:
    problem = pose_function(f"{ROSENBROCK.formula} + {constant}", dict(ROSENBROCK.theta0))
    found = judged(problem, initial_theta(problem.model), rate=1e-3, steps=steps)
    short = find_shortfall(problem, found.history, found.convergence, 1e-3)
    assert [finding.code for finding in short] == codes
    check_french(short)
    for finding in short:
        assert finding.evidence["attainable_energy"] == pytest.approx(constant, abs=1e-6)
        assert "and a local minimum is" in finding.sentence

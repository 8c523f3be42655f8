"""The state of a descent and its findings say the same."""

from typing import Any

import numpy as np
import pytest

from gd_engine import OPTIMIZERS, Choices, DescentConfig, Problem, diagnose, initial_theta, pose_function
from gd_engine.reference import judge, least_step, reference_minimum
from tests.gd_engine.helpers import descended
from tests.gd_engine.reference.descents import history_of, patient, problem_of

FUNCTIONS = [
    "a**2 + b**2",
    "1000*a**2 + b**2",
    "a**4 - 2*a**2",
    "(1-a)**2 + 100*(b-a**2)**2",
    "sin(a)*cos(b)",
    "exp(a) - a",
    "abs(a) + b**2",
    "tanh(a)",
    "-exp(-a**2 - b**2)",
    "log(1 + a**2)",
    "(a*b - 1)**2",
]
OTHER_THAN_CONVERGED = {"too_few_steps", "ill_conditioned", "oscillation", "learning_rate_too_large", "penalty_kink"}


def function_of(random: np.random.Generator) -> tuple[Problem, dict[str, Any]]:
    problem = pose_function(FUNCTIONS[random.integers(len(FUNCTIONS))])
    return problem, {"theta0": 2.0 * random.standard_normal(problem.model.size)}


def regression_of(random: np.random.Generator) -> tuple[Problem, dict[str, Any]]:
    x = random.standard_normal((40, 3)) * random.choice([0.1, 1.0, 10.0])
    y = x @ random.standard_normal(3) + random.choice([0.0, 10.0, 1000.0]) + random.standard_normal(40)
    batch = [None, None, 1, 8][random.integers(4)]
    posing: dict[str, Any] = {
        "loss": str(random.choice(["mse", "sse", "mae", "huber"])),
        "l1": float(random.choice([0.0, 0.0, 1.0])),
    }
    problem = problem_of("linear", x, y, reduce=batch is None, **posing)
    return problem, {"theta0": initial_theta(problem.model), "batch_size": batch}


@pytest.mark.parametrize("kind", [function_of, regression_of])
@pytest.mark.parametrize("seed", range(60))
def test_the_state_contradicts_no_finding(kind: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    problem, options = kind(random)
    theta0, batch = options["theta0"], options.get("batch_size")
    name = str(random.choice(["gd", "momentum", "nesterov", "adam", "rmsprop", "fista"]))
    rate, steps = float(random.choice([1e-3, 0.01, 0.1, 1.0])), int(random.choice([3, 20, 100, 500]))
    method = OPTIMIZERS[name]()
    columns, outcome = descended(problem, method, rate, steps, theta0, batch_size=batch)
    history = history_of(columns)
    found = judge(problem, outcome, history, reference_minimum(problem, least_step(history), patient))
    choices = Choices(automatic=False, optimizer=name, theta0=theta0, own_theta0=not problem.has_data)
    config = DescentConfig(method, rate, steps, batch)
    findings = diagnose(problem, config, outcome, history, choices=choices, features=["x1", "x2", "x3"])
    codes, text = {finding.code for finding in findings}, " ".join(finding.sentence for finding in findings)
    assert not (found.state == "converged" and codes & OTHER_THAN_CONVERGED)
    assert not (found.state in {"stalled", "rising"} and "still falling" in text)
    assert not (found.state in {"descending", "converged"} and (" stands still" in text or " went from " in text))

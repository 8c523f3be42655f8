"""The finding of steps that `clip_norm` makes short."""

import numpy as np
import pytest

from gd_engine import Choices, DescentConfig, History, Stretch, diagnose, pose_function
from gd_engine.optim.optimizers import gd
from tests.gd_engine.diagnosis.french import check_french
from tests.gd_engine.diagnosis.test_findings import Request, merged, run
from tests.gd_engine.helpers import descended

RANDOM = np.random.default_rng(2)
X = RANDOM.standard_normal((60, 2))
Y = X @ np.array([30.0, -20.0]) + 5.0 + RANDOM.standard_normal(60)


@pytest.mark.parametrize("rate", [0.01, 0.1, "auto"])
@pytest.mark.parametrize("optimizer", ["gd", "momentum"])
def test_short_steps_are_those_of_the_clipping(optimizer: str, rate: float | str) -> None:
    descent = {"clip_norm": 0.01, "optimizer": {"kind": optimizer}, "learning_rate": rate, "steps": 400}
    request: Request = {"descent": descent}
    done = run(X, Y, request)
    (finding,) = done.findings
    assert finding.code == "too_few_steps"
    assert finding.evidence["share"] == 1.0
    assert "learning rate" not in finding.sentence
    assert run(X, Y, merged(request, finding.change)).findings == []


@pytest.mark.parametrize("descent", [{"clip_norm": 1000.0}, {"clip_norm": 0.01, "optimizer": {"kind": "adam"}}])
def test_a_clipping_that_shortens_no_step_is_no_cause(descent: Request) -> None:
    done = run(X, Y, {"descent": {"learning_rate": 1e-5, "steps": 50} | descent})
    assert done.codes == ["too_few_steps"]
    assert "clip_norm" not in done.findings[0].evidence


def test_the_steps_of_a_function_are_those_of_the_clipping() -> None:
    problem = pose_function("a**2 + b**2", {"a": 5.0, "b": -3.0})
    columns, outcome = descended(problem, gd(), 0.1, 100, clip_norm=0.1)
    theta = columns.pop("theta")
    whole = Stretch(np.arange(len(theta)), theta, columns)
    config = DescentConfig(gd(), 0.1, 100, clip_norm=0.1)
    choices = Choices(automatic=False)
    (finding,) = diagnose(problem, config, outcome, History(whole, whole), choices=choices, features=())
    check_french([finding])
    assert finding.change == {"descent": {"clip_norm": None}}

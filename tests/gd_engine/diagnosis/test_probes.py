"""Trial descents of a diagnosis: the gradient is recorded once and replayed."""

from typing import Any

import numpy as np
import pytest
from autograd import value_and_grad

from gd_engine import Choices, DescentConfig, History, Stretch
from gd_engine.descent import evaluator
from gd_engine.diagnosis.context import make_context
from gd_engine.diagnosis.probes import TRIAL_STEPS, trial_energy
from gd_engine.optim.optimizers import gd
from tests.gd_engine.helpers import descended
from tests.gd_engine.reference.descents import problem_of

X = np.linspace(0.0, 2.0, 30)[:, None]


def test_a_trial_of_a_formula_is_recorded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_of("formula", X, 2.0 * np.tanh(X[:, 0]), {"formula": "a*tanh(b*x1)"})
    columns, outcome = descended(problem, gd(), 0.01, TRIAL_STEPS)
    theta = columns.pop("theta")
    whole = Stretch(np.arange(len(theta)), theta, columns)
    config = DescentConfig(gd(), 0.01, TRIAL_STEPS)
    context = make_context(problem, config, outcome, History(whole, whole), Choices(automatic=False), ("x1",))
    traced: list[None] = []

    def counted(function: Any) -> Any:
        traced.append(None)
        return value_and_grad(function)

    monkeypatch.setattr(evaluator, "value_and_grad", counted)
    assert trial_energy(context, 0.01) == pytest.approx(columns["train_loss"][-1], rel=1e-12)
    assert len(traced) < TRIAL_STEPS / 2

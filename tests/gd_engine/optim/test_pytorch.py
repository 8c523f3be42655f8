"""Optimisers, schedules and losses with PyTorch's names agree with PyTorch's trajectories.

A file has these trajectories, so the tests need no PyTorch; `make bench` compares with an installed PyTorch.
"""

import numpy as np
import pytest

import gd_engine
from gd_engine import OPTIMIZERS
from gd_engine.arrays import FloatArray
from tests.gd_engine.helpers import descended
from tests.gd_engine.optim.pytorch.make import FILE, key
from tests.gd_engine.optim.pytorch.problems import OPTIMIZERS as NAMED
from tests.gd_engine.optim.pytorch.problems import STEPS, Posed, cases, our_rate, problems

POSED = problems()
KEPT = dict(np.load(FILE))


def assert_same_path(ours: FloatArray, theirs: FloatArray, tolerance: float) -> None:
    """Asserts agreement of θ at each step, relative to the largest |θ| of that step."""
    assert ours.shape == theirs.shape == (STEPS + 1, theirs.shape[1])
    off = np.abs(ours - theirs).max(axis=1) / np.abs(theirs).max(axis=1)
    assert off.max() <= tolerance


@pytest.mark.parametrize("case", cases(), ids=key)
def test_every_step_agrees_with_pytorch(case: tuple[str, str, str]) -> None:
    name, optimizer, schedule = case
    posed: Posed = POSED[name]
    kind, options = NAMED[optimizer]
    method = OPTIMIZERS[kind](**options)
    columns, outcome = descended(posed.problem, method, our_rate(posed, optimizer, schedule), STEPS, posed.theta0)
    assert outcome.reason == "max_steps"
    assert_same_path(columns["theta"], KEPT[key(case)], 1e-9)
    moved = np.abs(columns["theta"][-1] - posed.theta0).max()
    assert moved > 0.05, "a path that goes nowhere is no test"


def test_every_optimizer_is_compared() -> None:
    assert {kind for kind, _ in NAMED.values()} == set(OPTIMIZERS) - {"ista", "fista"}  # which PyTorch does not have
    assert {key(case) for case in cases()} == set(KEPT) - {"version"}
    assert gd_engine.MODELS["mlp"](["a", "b"], hidden=(3,)).parameters[3:5] == ("w1[a,1]", "w1[a,2]")


def test_the_file_is_small_and_names_its_pytorch_version() -> None:
    assert FILE.stat().st_size < 500_000
    assert str(KEPT["version"]).split(".")[0] == "2"

"""The bound on the learning rate, and the number of steps at a good rate."""

import numpy as np
import pytest

from gd_engine import (
    OPTIMIZERS,
    split_by_fraction,
)
from gd_engine.diagnosis.quadratic_model import bound, shrinking, steps_needed
from tests.gd_engine.diagnosis.test_findings import FAULTS, asked, data, merged, run


def test_the_finding_of_a_divergence_has_the_rate_and_the_bound() -> None:
    _, x, y, request = FAULTS["the course's rate"]
    [finding] = run(x, y, request).findings
    design = np.column_stack([np.ones(60), x[split_by_fraction(80, 0.25).train]])
    limit = 1.0 / np.linalg.eigvalsh(design.T @ design)[-1]
    assert finding.evidence["learning_rate"] == 1.0
    assert finding.evidence["bound"] == pytest.approx(limit)
    assert f"{limit:.3g}" in finding.sentence
    assert finding.change == {"descent": {"learning_rate": "auto"}}


@pytest.mark.parametrize(
    ("rate", "place"),
    [
        (0.9999, "learning rate 0.9999 (below, but near, the bound 1:"),
        (1.0, "learning rate 1 (at the bound 1:"),
        (1.0001, "learning rate 1.0001 (above the bound 1:"),
        (1.01, "learning rate 1.01 is too large: above 1 every step"),
    ],
)
def test_the_sentence_says_on_which_side_of_the_bound_the_rate_is(rate: float, place: str) -> None:
    x = np.tile([[-1.0], [1.0]], (30, 1))  # λmax = 2 on any training rows with as many of each
    request = {**asked(learning_rate=rate), "split": {"test_fraction": 0}}
    [finding] = run(x, 3.0 * x[:, 0] + 1.0, request).findings
    assert place in finding.sentence


@pytest.mark.parametrize("kind", ["gd", "momentum", "nesterov"])
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_descent_diverges_above_the_bound(kind: str, momentum: float) -> None:
    momentum = 0.0 if kind == "gd" else momentum
    limit = bound(kind, momentum, 3.0)
    for factor, grows in ((0.999, False), (1.001, True)):
        modulus, _ = shrinking(kind, momentum, factor * limit, np.array([3.0]))
        assert (modulus[0] > 1.0) == grows
        method = OPTIMIZERS[kind](**({} if kind == "gd" else {"momentum": momentum}))
        theta, memory = np.ones(1), method.init(np.ones(1))
        for step in range(20_000):
            change, memory = method.update(3.0 * theta, memory, factor * limit, theta, step)
            theta = theta + change
        assert (abs(theta[0]) > 1.0) == grows


def test_the_advised_steps_suffice() -> None:
    x, y = data(3)
    x = x * [1.0, 3.0, 0.5]
    done = run(x, y, asked(steps=10))
    [finding] = done.findings
    assert not finding.evidence["estimate"]
    gaps = run(x, y, asked(steps=1000)).columns["optimality_gap"]
    first = int(np.argmax(gaps <= finding.evidence["tolerance"]))
    assert first <= finding.evidence["steps_needed"] <= 1.3 * first


def test_steps_needed_counts() -> None:
    assert steps_needed(np.array([0.5]), np.array([1.0]), 2.0) == 0
    assert steps_needed(np.array([0.5]), np.array([1.0]), 0.25) == 1
    assert steps_needed(np.array([1.0]), np.array([1.0]), 0.25) > 10**9


def test_one_change_corrects_both_rate_and_scales() -> None:
    x, y, request = FAULTS["rate and scales"][1:]
    [finding] = run(x, y, request).findings
    assert finding.change == {"standardize": True, "descent": {"learning_rate": "auto"}}
    assert run(x, y, merged(request, finding.change)).findings == []


SPARSE = np.random.default_rng(3).standard_normal((80, 4))
TARGET = 3.0 * SPARSE[:, 0] + np.random.default_rng(4).standard_normal(80)


@pytest.mark.parametrize(
    "descent",
    [
        {},
        {"optimizer": {"kind": "momentum"}, "learning_rate": 0.1},
        {"learning_rate": 0.3, "optimizer": {"kind": "adam", "beta1": 0.5}},
    ],
    ids=["gd", "momentum", "adam"],
)
def test_steps_that_jump_over_the_kink_of_a_penalty_get_a_proximal_method(descent: dict[str, object]) -> None:
    request = asked(None, {"l1": 2.0}, steps=200, **descent)
    done = run(SPARSE, TARGET, request)
    assert done.codes == ["penalty_kink"]
    [finding] = done.findings
    assert finding.change["descent"]["optimizer"]["kind"] == "fista"
    assert finding.evidence["energy_between"] < finding.evidence["last_energy"]
    corrected = run(SPARSE, TARGET, merged(request, finding.change))
    assert corrected.codes == []
    assert corrected.energy[-1] < min(done.energy[-8:])


@pytest.mark.parametrize("kind", ["gd", "ista", "fista"])
def test_a_penalty_without_harm_has_no_finding(kind: str) -> None:
    request = asked(None, {"l1": 0.01}, steps=300, optimizer={"kind": kind})
    assert run(SPARSE, TARGET, request).codes == []


@pytest.mark.parametrize("kind", ["ista", "fista"])
def test_a_rate_that_is_too_large_for_a_proximal_method(kind: str) -> None:
    for objective in ({}, {"l1": 0.5}):
        done = run(SPARSE, TARGET, asked(None, objective, learning_rate=2.0, steps=50, optimizer={"kind": kind}))
        assert done.codes == ["learning_rate_too_large"]
        assert run(SPARSE, TARGET, merged(asked(None, objective, steps=200, optimizer={"kind": kind}), {})).codes == []


FAR = 1000.0 + SPARSE[:, 0] + 0.5 * np.random.default_rng(5).standard_normal(80)


@pytest.mark.parametrize("loss", ["mae", "huber"])
@pytest.mark.parametrize("kind", ["gd", "ista", "adam", "rmsprop", "adagrad"])
@pytest.mark.parametrize("batch", [None, 8])
def test_steps_too_short_for_a_far_target(loss: str, kind: str, batch: int | None) -> None:
    descent = {"learning_rate": 0.001, "optimizer": {"kind": kind}, "steps": 200, "batch_size": batch}
    request = asked(None, {"loss": loss}, **descent)
    done = run(SPARSE, FAR, request)
    assert done.codes == ["too_few_steps"]
    corrected = run(SPARSE, FAR, merged(request, done.findings[0].change))
    assert corrected.energy[-1] < 0.1 * done.energy[-1]


@pytest.mark.parametrize("kind", ["gd", "fista"])
def test_a_rate_that_is_too_large_for_batches_of_one_row(kind: str) -> None:
    """1/λmax of all rows is above the bound of single ones."""
    request = asked(batch_size=1, steps=300, optimizer={"kind": kind})
    done = run(SPARSE, TARGET, request)
    assert (done.reason, done.codes) == ("max_steps", ["learning_rate_too_large"])
    assert run(SPARSE, TARGET, merged(request, done.findings[0].change)).energy[-1] < done.energy[0]


def test_a_swing_that_has_ended_is_no_fall() -> None:
    request = asked(None, {"l1": 0.1}, learning_rate=1.0, optimizer={"kind": "adam"}, steps=100)
    assert run(SPARSE, TARGET, request).codes == []

"""Healthy descents have no finding."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.datasets import samples
from tests.gd_engine.diagnosis.test_findings import LOGISTIC, MLP, NOISE, Request, X, Y, asked, data, merged, of, run

SAMPLES: dict[str, Request] = {
    "norris": {},
    "longley": asked(steps=20_000),
    "misra1a": asked(of("polynomial", degree=2), steps=1000),
    "chwirut2": asked(of("polynomial", degree=3), steps=20_000),
    "penguins": asked(LOGISTIC),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_healthy(name: str) -> None:
    [table] = samples.load(name).blocks()
    assert run(table[:, :-1], table[:, -1], SAMPLES[name] | {"standardize": True}).findings == []


def test_longley_needs_more_steps_than_the_default() -> None:
    [table] = samples.load("longley").blocks()
    x, y = table[:, :-1], table[:, -1]
    done = run(x, y, {"standardize": True})
    assert done.codes == ["ill_conditioned"]
    assert run(x, y, merged({"standardize": True}, done.findings[0].change)).findings == []


def test_more_samples_are_healthy() -> None:
    for name, request in {
        "penguins": asked(of("mlp", task="classification", classes=["female", "male"])),
        "chwirut2": asked(MLP, steps=1000),
        "norris": asked(None, {"loss": "sse"}),
    }.items():
        [table] = samples.load(name).blocks()
        assert run(table[:, :-1], table[:, -1], request | {"standardize": True}).findings == []


def test_four_points_are_healthy() -> None:
    x = np.array([[1.0], [2.0], [3.0], [4.0]])
    assert run(x, np.array([2.0, 4.0, 6.0, 8.0]), {}).findings == []
    assert run(x, np.full(4, 3.0), {"standardize": True}).findings == []


METHODS = [of("gd"), of("momentum"), of("nesterov"), of("momentum", momentum=0.5)]


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(30, 200),
    d=st.integers(1, 4),
    noise=st.sampled_from([0.0, 0.1, 1.0, 10.0]),
    size=st.sampled_from([1e-3, 1.0, 1e4]),
    method=st.sampled_from(METHODS),
    loss=st.sampled_from(["mse", "sse"]),
)
def test_healthy_regressions_have_no_finding(
    seed: int, n: int, d: int, noise: float, size: float, method: Request, loss: str
) -> None:
    random = np.random.default_rng(seed)
    x = random.uniform(-1.0, 1.0, (n, d)) + random.standard_normal(d)
    y = size * (x @ random.standard_normal(d) + random.standard_normal() + noise * random.standard_normal(n))
    request = asked(None, {"loss": loss}, optimizer=method, steps=200) | {"standardize": True}
    assert [finding.sentence for finding in run(x, y, request).findings] == []


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(60, 200),
    d=st.integers(1, 4),
    kind=st.sampled_from(["logistic", "softmax"]),
    strength=st.sampled_from([0.0, 1.0, 2.0]),
)
@example(seed=18795, n=60, d=3, kind="logistic", strength=2.0).via("four of the 15 test rows are mislabelled")
def test_healthy_classifications_have_no_finding(seed: int, n: int, d: int, kind: str, strength: float) -> None:
    random = np.random.default_rng(seed)
    x = random.standard_normal((n, d))
    classes = 2 if kind == "logistic" else 3
    scores = strength * x @ random.standard_normal((d, classes)) + random.gumbel(size=(n, classes))
    y = np.argmax(scores, axis=1).astype(np.float64)
    y[:classes] = np.arange(classes)
    y[classes : 3 * classes] = np.repeat(np.arange(classes), 2)  # labels independent of the features
    done = run(x, y, asked(of(kind), steps=500) | {"standardize": True})
    assert [finding.sentence for finding in done.findings] == []


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), activation=st.sampled_from(["tanh", "relu", "sigmoid"]))
def test_healthy_perceptrons_have_no_finding(seed: int, activation: str) -> None:
    x, y = data(seed, 200)
    request = asked(of("mlp", activation=activation), steps=1000, learning_rate=0.03, seed=seed)
    assert [finding.sentence for finding in run(x, y, request).findings] == []


@pytest.mark.parametrize("batch", [1, 8, 32])
@pytest.mark.parametrize("kind", ["gd", "momentum", "adam"])
def test_the_noise_of_batches_has_no_finding(batch: int, kind: str) -> None:
    request = asked(learning_rate=0.02, batch_size=batch, optimizer=of(kind), steps=1000)
    assert run(X, Y, request).findings == []


@pytest.mark.parametrize("kind", ["adam", "adamw", "adagrad"])
def test_healthy_adaptive_methods_have_no_finding(kind: str) -> None:
    assert run(X, Y, asked(learning_rate=0.3, optimizer=of(kind), steps=300)).findings == []


@pytest.mark.parametrize("target", ["noise", "classes"])
def test_unlearnable_targets_have_no_finding(target: str) -> None:
    y = NOISE if target == "noise" else (NOISE > 0).astype(np.float64)
    model = {} if target == "noise" else LOGISTIC
    assert run(X, y, asked(model)).findings == []
    if target == "noise":
        assert run(X, y, asked(MLP, steps=300, learning_rate=0.03)).findings == []


def test_healthy_schedules_and_stops_have_no_finding() -> None:
    for descent in (
        {"schedule": of("cosine")},
        {"schedule": of("inverse_time", rate=0.1)},
        {"schedule": of("backtracking"), "learning_rate": 10.0},
        {"stop": {"gradient_norm": 1e-3}},
        {"clip_norm": 1.0},
        {"theta0": [1.0, 1.0, -2.0, 0.5]},
    ):
        assert run(X, Y, asked(**descent)).findings == [], descent


def test_a_corrected_divergence_may_be_far_from_the_optimum_where_e_is_flat() -> None:
    [table] = samples.load("norris").blocks()
    x, y = table[:, :-1], table[:, -1]
    request: Request = {"objective": {"loss": "sse"}, "descent": {"steps": 100, "learning_rate": 1.0}}
    [finding] = run(x, y, request).findings
    corrected = run(x, y, merged(request, finding.change))
    assert corrected.findings == []
    constant = float(((y - y.mean()) ** 2).sum())
    assert corrected.columns["optimality_gap"][-1] < max(0.01 * corrected.energy[-1], 1e-3 * constant)
    standardised = run(x, y, merged(request, finding.change | {"standardize": True}))
    assert standardised.columns["optimality_gap"][-1] < 1e-9 * corrected.columns["optimality_gap"][-1]

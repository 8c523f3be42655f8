"""Requests of many kinds with some tenths of a second of work each, and the results of their undisturbed runs."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import httpx2

from tests.acceptance.helpers import finished, trajectory

ROWS = 2_000
X = [[i % 97 / 20 - 2.4, i * i % 89 / 20 - 2.2] for i in range(ROWS)]
LINE = [0.5 + a - 0.7 * b + i % 7 / 10 for i, (a, b) in enumerate(X)]
HALVES = [int(a + b > i % 5 / 5) for i, (a, b) in enumerate(X)]
THIRDS = [int(a > -1) + int(a + b > 1) for a, b in X]
LOGISTIC, SOFTMAX = {"kind": "logistic"}, {"kind": "softmax"}
PERCEPTRON = {"kind": "mlp", "hidden": [6]}
FORMULA = {"kind": "formula", "formula": "a + b*sin(c*x1) + d*cos(e*x2)"}


def _kind(y: Sequence[float], model: Mapping[str, Any], steps: int, **more: Any) -> dict[str, Any]:
    descent = {"steps": steps, "learning_rate": 0.01} | more.pop("descent", {})
    return {"dataset": {"x": X, "y": y}, "model": model, "descent": descent} | more


def _by(kind: str, **more: Any) -> dict[str, Any]:
    return {"optimizer": {"kind": kind, **more}}


LINEAR = {"kind": "linear"}
KINDS: dict[str, dict[str, Any]] = {
    "affine": _kind(LINE, LINEAR, 6_000),
    "affine, momentum": _kind(LINE, LINEAR, 6_000, descent=_by("momentum", momentum=0.5), standardize=True),
    "affine, nesterov": _kind(LINE, LINEAR, 6_000, descent=_by("nesterov", momentum=0.9) | {"learning_rate": "auto"}),
    "batches": _kind(LINE, LINEAR, 3_000, descent={"batch_size": 32, "seed": 3}),
    "batches, adam": _kind(LINE, LINEAR, 3_000, descent=_by("adam") | {"batch_size": 50, "seed": 4}),
    "mae": _kind(LINE, LINEAR, 3_000, objective={"loss": "mae"}),
    "huber, rmsprop": _kind(LINE, LINEAR, 3_000, objective={"loss": "huber"}, descent=_by("rmsprop")),
    "lasso": _kind(LINE, LINEAR, 3_000, objective={"l1": 0.1}, descent=_by("adagrad")),
    "adam, cosine": _kind(LINE, LINEAR, 4_000, descent=_by("adam") | {"schedule": {"kind": "cosine"}}),
    "stairs": _kind(LINE, LINEAR, 4_000, descent={"schedule": {"kind": "step", "every": 700, "factor": 0.5}}),
    "decay": _kind(LINE, LINEAR, 4_000, descent={"schedule": {"kind": "inverse_time", "rate": 0.01}}),
    "line search": _kind(
        LINE,
        {"kind": "polynomial", "degree": 3},
        2_000,
        standardize=True,
        descent={"schedule": {"kind": "backtracking"}},
    ),
    "patience": _kind(
        LINE,
        {"kind": "polynomial", "degree": 2},
        4_000,
        split={"validation_fraction": 0.2},
        descent={"stop": {"patience": 200}, "batch_size": 16, "learning_rate": 0.003},
    ),
    "logistic": _kind(HALVES, LOGISTIC, 3_000),
    "logistic, batches": _kind(HALVES, LOGISTIC, 3_000, descent=_by("momentum") | {"batch_size": 64}),
    "softmax": _kind(THIRDS, SOFTMAX, 2_000, descent=_by("nesterov")),
    "softmax, adamw": _kind(THIRDS, SOFTMAX, 2_000, descent=_by("adamw", weight_decay=0.1)),
    "perceptron": _kind(LINE, PERCEPTRON, 2_000, descent={"seed": 5}),
    "perceptron, batches": _kind(LINE, PERCEPTRON, 2_000, descent=_by("adam") | {"batch_size": 100, "seed": 6}),
    "formula": _kind(LINE, FORMULA, 2_000),
    "formula, clipped": _kind(
        LINE, FORMULA, 2_000, descent=_by("momentum") | {"clip_norm": 0.5, "theta0": {"kind": "normal", "scale": 0.5}}
    ),
    "function": {
        "function": {"name": "rosenbrock"},
        "descent": {"steps": 20_000, "learning_rate": 5e-4, **_by("nesterov", momentum=0.8)},
    },
    "diverges": _kind(LINE, LINEAR, 3_000, descent={"learning_rate": 1.1, "batch_size": 100}),
}

COMPARED = (
    "status",
    "stop_reason",
    "learning_rate",
    "final",
    "best",
    "optimum",
    "diverged_at",
    "steps_done",
)
"""Without the diagnosis: its changes are tried after the end of a run, for a share of the time that it took."""


class Undisturbed(NamedTuple):
    """The result of an undisturbed run, and the digest of its trajectory as CSV, where each double is exact."""

    run: dict[str, Any]
    digest: str
    rows: list[bytes]


def submit(client: httpx2.Client, kind: str, **more: Any) -> str:
    """Queues a run of this kind; its id."""
    return queue(client, KINDS[kind] | {"tags": {"kind": kind}} | more)


def queue(client: httpx2.Client, request: Mapping[str, Any]) -> str:
    """Queues a run; its id."""
    answer = client.post("/fit", json=request)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def undisturbed(client: httpx2.Client, kinds: Sequence[str] = tuple(KINDS)) -> dict[str, Undisturbed]:
    """Runs each kind once without faults."""
    run_ids = {kind: submit(client, kind) for kind in kinds}
    found = {}
    for kind, run_id in run_ids.items():
        run = finished(client, run_id)
        rows = trajectory(client, run_id)
        found[kind] = Undisturbed(
            {name: run[name] for name in COMPARED}, hashlib.sha256(rows).hexdigest(), rows.splitlines()
        )
    return found


def differs(client: httpx2.Client, run: Mapping[str, Any], reference: Mapping[str, Undisturbed]) -> str | None:
    """The differences between a finished run and the undisturbed run of its kind; both must agree bit for bit."""
    known = reference[run["tags"]["kind"]]
    for name in COMPARED:
        if run[name] != known.run[name]:
            return f"{run['id']} ({run['tags']['kind']}): {name} is {run[name]!r}, not {known.run[name]!r}"
    if hashlib.sha256(trajectory(client, run["id"])).hexdigest() != known.digest:
        return f"{run['id']} ({run['tags']['kind']}): its trajectory"
    return None

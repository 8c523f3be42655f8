"""The bundle of a run: its script, with numpy alone, finds every step as it is stored, and each change of it."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from gd_engine import OPTIMIZERS, SCHEDULES
from service.core.settings import Settings
from service.storage.database import Database
from service.worker.process import Worker
from tests.service.helpers import fit_body, problem_of
from tests.service.worker.test_batching import train_all, worker_with

random = np.random.default_rng(5)
X = random.normal([3.0, -1.0], [2.0, 0.5], (40, 2))
SLOPE = X @ [1.5, -2.0] + 0.3 * random.standard_normal(40)
NUMBERS = {"x": X.tolist(), "y": (SLOPE + 4).tolist(), "feature_names": ["a", "b"]}
TWO = {**NUMBERS, "y": (np.median(SLOPE) < SLOPE).astype(int).tolist()}
THREE = {**NUMBERS, "y": [["low", "mid", "high"][each] for each in np.digitize(SLOPE, np.quantile(SLOPE, [0.3, 0.6]))]}
MODELS: dict[str, dict[str, Any]] = {
    "linear": {"dataset": NUMBERS, "model": {"kind": "linear"}},
    "without intercept": {"dataset": NUMBERS, "model": {"kind": "linear", "intercept": False}, "standardize": True},
    "polynomial": {"dataset": NUMBERS, "model": {"kind": "polynomial", "degree": 3}, "standardize": True},
    "powers": {
        "dataset": NUMBERS,
        "model": {"kind": "polynomial", "degree": 2},
        "standardize": {"features": "columns", "target": False},
    },
    "logistic": {"dataset": TWO, "model": {"kind": "logistic"}, "standardize": True},
    "softmax": {"dataset": THREE, "model": {"kind": "softmax"}, "standardize": True},
    "softmax of two": {"dataset": TWO, "model": {"kind": "softmax"}},
    "perceptron": {
        "dataset": NUMBERS,
        "model": {"kind": "mlp", "hidden": [4, 3], "activation": "tanh"},
        "standardize": {"features": True, "target": True},
    },
    "classifying perceptron": {
        "dataset": THREE,
        "model": {"kind": "mlp", "hidden": [3], "activation": "sigmoid", "task": "classification"},
        "standardize": True,
    },
    "formula": {"dataset": NUMBERS, "model": {"kind": "formula", "formula": "p * exp(-q * a**2) + abs(r) * b**3 / 4"}},
    "function": {"function": {"name": "rosenbrock"}},
}
RATE = {"learning_rate": 0.001, "steps": 30}
OTHERS: dict[str, dict[str, Any]] = {
    "batches": {"descent": {**RATE, "batch_size": 7, "seed": 3}},
    "clipped": {"descent": {**RATE, "clip_norm": 0.5}},
    "line search": {"descent": {"learning_rate": 1.0, "steps": 30, "schedule": {"kind": "backtracking"}}},
    "in steps": {"descent": {**RATE, "schedule": {"kind": "step", "every": 4, "factor": 0.5}}},
    "exponential": {"descent": {**RATE, "schedule": {"kind": "exponential", "factor": 0.9}}},
    "inverse time": {"descent": {**RATE, "schedule": {"kind": "inverse_time", "rate": 0.1}}},
    "cosine": {"descent": {**RATE, "schedule": {"kind": "cosine"}}},
    "sums": {"descent": {"learning_rate": 1e-5, "steps": 30}, "objective": {"loss": "sse", "l2": 0.1}},
    "absolute": {"descent": RATE, "objective": {"loss": "mae", "l1": 0.01}},
    "huber": {"descent": RATE, "objective": {"loss": "huber", "delta": 0.7}},
    "validation": {"descent": RATE, "split": {"test_fraction": 0.2, "validation_fraction": 0.25, "seed": 2}},
    "diverging": {"descent": {"learning_rate": 3.0, "steps": 400}},
    "converged": {"descent": {"learning_rate": "auto", "steps": 3_000}},
    "without tests": {"descent": RATE, "split": {"test_fraction": 0}},
}


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


def finished(body: dict[str, Any], api: TestClient, worker: Worker) -> str:
    answer = api.post("/fit", json=body)
    assert answer.status_code == 202, answer.text
    train_all(worker)
    run_id: str = answer.json()["id"]
    return run_id


def unpacked(run_id: str, api: TestClient, folder: Path) -> Path:
    answer = api.get(f"/runs/{run_id}/bundle")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder


def recomputed(*folders: Path) -> dict[str, Any]:
    """What the script finds in each folder, by its name, and the modules that its process imported."""
    code = (
        "import contextlib, io, json, sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "import numpy as np; from recompute import recompute\n"
        "found = {}\n"
        "for folder in map(Path, sys.argv[1:]):\n"
        "    with contextlib.redirect_stdout(io.StringIO()) as text, np.errstate(all='ignore'):\n"
        "        found[folder.name] = [recompute(folder), text.getvalue()]\n"
        "print(json.dumps({'found': found, 'modules': sorted({name.partition('.')[0] for name in sys.modules})}))"
    )
    command = [sys.executable, "-c", code, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert not {"autograd", "scipy", "service", "gd_engine", "orjson"} & set(answer["modules"])
    found: dict[str, Any] = answer["found"]
    return found


@pytest.mark.parametrize("kind", MODELS)
def test_every_step_of_every_optimiser_is_found_again(
    kind: str, api: TestClient, worker: Worker, tmp_path: Path
) -> None:
    folders = []
    for optimizer in OPTIMIZERS:
        descent = {**RATE, "optimizer": {"kind": optimizer}}
        run_id = finished({**MODELS[kind], "descent": descent, "objective": {"l1": 0.003, "l2": 0.01}}, api, worker)
        folders.append(unpacked(run_id, api, tmp_path / optimizer))
    for optimizer, (code, said) in recomputed(*folders).items():
        assert code == 0, (optimizer, said)
        assert "All 31 steps agree" in said


@pytest.mark.parametrize("kind", ["linear", "polynomial", "classifying perceptron"])
def test_other_descents_are_found_again(kind: str, api: TestClient, worker: Worker, tmp_path: Path) -> None:
    folders = []
    for other, asked in OTHERS.items():
        if "classifying" in kind and asked.get("objective", {}).get("loss") in {"mae", "huber"}:
            continue  # no losses of a classification
        folders.append(unpacked(finished({**MODELS[kind], **asked}, api, worker), api, tmp_path / other))
    for other, (code, said) in recomputed(*folders).items():
        assert code == 0, (other, said)
        assert "steps agree" in said


@pytest.mark.parametrize(
    "formula", ["a + b*sqrt(x1)", "a*x1 + b*arccos(x1)", "a*x1 + b*sqrt(0)", "a + b*maximum(sqrt(x1), 0.2)"]
)
def test_an_infinite_derivative_of_the_data_alone_is_none_of_theta(
    formula: str, api: TestClient, worker: Worker, tmp_path: Path
) -> None:
    dataset = {"x": [[row / 10] for row in range(11)], "y": [row * 0.3 for row in range(11)]}
    model = {"kind": "formula", "formula": formula}
    run_id = finished({"dataset": dataset, "model": model, "descent": {**RATE, "learning_rate": 0.1}}, api, worker)
    code, said = recomputed(unpacked(run_id, api, tmp_path / "run"))["run"]
    assert code == 0, said


def test_chosen_columns_a_fork_and_a_stratified_split_are_found_again(
    api: TestClient, worker: Worker, tmp_path: Path
) -> None:
    rows = [f"{10 + row % 7},{'red' if row % 3 else 'blue'},{row * 0.5 + row % 3},{row % 4}" for row in range(40)]
    content = "\n".join(["size,colour,weight,other", *rows])
    given = api.post("/datasets", content=content, headers={"Content-Type": "text/csv"}).json()
    dataset = {"id": given["id"], "features": ["colour=red", "size"], "target": "weight"}
    folders = [unpacked(finished({"dataset": dataset, "descent": RATE}, api, worker), api, tmp_path / "chosen")]
    first = finished({**MODELS["softmax"], "descent": {**RATE, "optimizer": {"kind": "adam"}}}, api, worker)
    fork = api.post(f"/runs/{first}/fork", json={"from_step": 7, "changes": {"descent": {"steps": 9}}}).json()
    train_all(worker)
    folders.append(unpacked(fork["id"], api, tmp_path / "fork"))
    found = recomputed(*folders)
    assert {name: code for name, (code, _) in found.items()} == {"chosen": 0, "fork": 0}, found


def test_the_script_runs_as_it_stands_and_finds_each_change(api: TestClient, worker: Worker, tmp_path: Path) -> None:
    body = {**MODELS["polynomial"], "descent": {**RATE, "optimizer": {"kind": "momentum"}}}
    folder = unpacked(finished(body, api, worker), api, tmp_path / "run")
    steps, rows = np.load(folder / "trajectory.npy"), np.load(folder / "data.npy")
    run = json.loads((folder / "run.json").read_text())

    def script() -> tuple[int, str]:
        command = [sys.executable, str(folder / "recompute.py")]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        return done.returncode, done.stdout + done.stderr

    code, said = script()
    assert (code, "as stored" in said, "NOT" in said) == (0, True, False), said
    changed = steps.copy()
    changed[12, 1] *= 1 + 1e-7
    np.save(folder / "trajectory.npy", changed)
    code, said = script()
    assert code == 1
    assert "NOT as stored" in said
    assert "Step 11: the change to the next theta differs" in said
    np.save(folder / "trajectory.npy", steps)
    other = rows.copy()
    other[np.load(folder / "test.npy")[0], -1] += 0.001
    np.save(folder / "data.npy", other)
    code, said = script()
    assert code == 1
    assert "Step 0: test_mse differs" in said
    assert "train_mse" not in said
    np.save(folder / "data.npy", rows)
    (folder / "run.json").write_text(json.dumps(run | {"final": run["final"] | {"test_mse": 0.0}}))
    assert "NOT the end" in script()[1]
    run["request"]["descent"]["optimizer"]["momentum"] = 0.8
    (folder / "run.json").write_text(json.dumps(run))
    assert "Step 1: the change to the next theta differs" in script()[1]


def test_every_schedule_is_tried() -> None:
    tried = {other.get("descent", {}).get("schedule", {"kind": "constant"})["kind"] for other in OTHERS.values()}
    assert tried == set(SCHEDULES)


@pytest.mark.parametrize(
    ("body", "step", "column", "factor"),
    [
        ({**MODELS["linear"], "descent": {"learning_rate": 3.0, "steps": 400}}, 3, "train_loss", 1.5),
        ({**MODELS["linear"], "descent": {"learning_rate": 3.0, "steps": 400}}, 5, "test_mse", 7.0),
        ({**MODELS["linear"], "descent": {"learning_rate": 3.0, "steps": 400}}, 2, "gradient_norm", 3.0),
        ({**MODELS["linear"], "descent": {"theta0": [1e6, 1e6, 1e6], "steps": 3_000}}, 3_000, "train_loss", 1.0001),
        ({**MODELS["function"], "descent": {**RATE, "theta0": {"a": 1.0, "b": 1.0001}}}, 30, "gradient_norm", 1.001),
    ],
)
def test_a_wrong_number_is_found_beside_far_greater_ones(
    body: dict[str, Any], step: int, column: str, factor: float, api: TestClient, worker: Worker, tmp_path: Path
) -> None:
    folder = unpacked(finished(body, api, worker), api, tmp_path / "run")
    steps, names = np.load(folder / "trajectory.npy"), json.loads((folder / "columns.json").read_text())
    assert recomputed(folder)["run"][0] == 0
    steps[step, names.index(column)] *= factor
    np.save(folder / "trajectory.npy", steps)
    code, said = recomputed(folder)["run"]
    assert code == 1
    assert f"Step {step}: {column} differs" in said


def test_a_run_without_a_digest_and_one_of_a_constant_target_are_found_again(
    api: TestClient, worker: Worker, tmp_path: Path
) -> None:
    constant = {**NUMBERS, "y": [0.1] * 40}
    body = {**MODELS["perceptron"], "dataset": constant, "descent": {**RATE, "theta0": "zeros"}}
    folder = unpacked(finished(body, api, worker), api, tmp_path / "run")
    run = json.loads((folder / "run.json").read_text()) | {"trajectory_sha256": None}
    (folder / "run.json").write_text(json.dumps(run))
    code, said = recomputed(folder)["run"]
    assert (code, "not known" in said) == (0, True), said


def test_a_bundle_has_what_the_api_answers(api: TestClient, worker: Worker, tmp_path: Path) -> None:
    run_id = finished({**MODELS["linear"], "descent": RATE}, api, worker)
    folder = unpacked(run_id, api, tmp_path)
    run, theta = api.get(f"/runs/{run_id}").json(), api.get(f"/runs/{run_id}/trajectory").json()["theta"]
    assert json.loads((folder / "run.json").read_text()) == run
    assert np.load(folder / "trajectory.npy")[:, : len(run["parameters"])].tolist() == theta
    assert np.load(folder / "data.npy").tolist() == [[*x, y] for x, y in zip(NUMBERS["x"], NUMBERS["y"], strict=True)]
    parts = {part: len(np.load(folder / f"{part}.npy")) for part in ("train", "validation", "test")}
    assert parts == {part: run["dataset"][f"{part}_rows"] for part in parts}


def test_a_bundle_is_sent_once_and_is_of_a_finished_run(api: TestClient, worker: Worker) -> None:
    run_id = finished({**MODELS["linear"], "descent": RATE}, api, worker)
    first = api.get("/runs/latest/bundle")
    assert first.headers["content-disposition"] == f'attachment; filename="descent-{run_id}.zip"'
    assert first.content == api.get(f"/runs/{run_id}/bundle").content
    again = api.get(f"/runs/{run_id}/bundle", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    waiting = api.post("/fit", json=fit_body()).json()["id"]
    assert "queued" in problem_of(api.get(f"/runs/{waiting}/bundle"), 409)["detail"]
    api.post(f"/runs/{waiting}/cancel")
    assert "no steps" in problem_of(api.get(f"/runs/{waiting}/bundle"), 409)["detail"]
    problem_of(api.get("/runs/nothing/bundle"), 404)


def test_rows_of_a_damaged_dataset_give_no_bundle(api: TestClient, worker: Worker, database: Database) -> None:
    run_id = finished({**MODELS["linear"], "descent": RATE}, api, worker)
    with database.writing() as connection:
        connection.execute(text("UPDATE dataset_chunks SET data = zeroblob(length(data))"))
    problem_of(api.get(f"/runs/{run_id}/bundle"), 500)

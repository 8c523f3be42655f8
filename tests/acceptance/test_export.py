"""`descent export`: files of a run, and its numbers as TensorBoard and MLflow read them."""

import importlib
import runpy
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from service.client import Descent, Run
from service.server.live_server import Service
from tests.acceptance.commands import descent
from tests.required_programs import missing


@pytest.fixture
def run(service: Service) -> Run:
    with Descent(service.url) as client:
        return client.fit(dataset={"sample": "norris"}, standardize=True, steps=20, learning_rate=0.1, tags={"a": "b"})


def imported_mlflow() -> Any:
    """MLflow, which a user's machine may lack: it is an extra of 100 MB."""
    try:
        return importlib.import_module("mlflow")
    except ImportError:
        return missing("MLflow")


def test_a_model_is_a_program(run: Run, service: Service, tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    done = descent("export", run.id, "-o", str(file), "--url", service.url)
    assert (done.returncode, done.stdout) == (0, f"{file}\n"), done.stderr
    assert file.read_bytes() == httpx2.get(f"{service.url}/runs/{run.id}/model?format=python").content
    assert "predict" in runpy.run_path(str(file))


def test_tensorboard_reads_every_step(run: Run, service: Service, tmp_path: Path) -> None:
    words = ("export", run.id, "--to", "tensorboard", "-o", str(tmp_path), "--url", service.url)
    done = descent(*words)
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / run.id}\n"), done.stderr
    read = EventAccumulator(str(tmp_path / run.id), size_guidance={"scalars": 0})
    read.Reload()
    with Descent(service.url) as client:
        steps = client.runs.get(run.id).trajectory()
    tags = {name for name, column in steps.items() if name not in ("step", "theta") and np.isfinite(column).any()}
    assert set(read.Tags()["scalars"]) == tags | {"theta/intercept", "theta/x"}
    for tag, column in (("test_mse", steps["test_mse"]), ("theta/x", steps["theta"][:, 1])):
        assert [(each.step, each.value) for each in read.Scalars(tag)] == [
            (step, float(np.float32(value))) for step, value in enumerate(column)
        ]
    again = descent(*words)
    assert again.returncode == 1
    assert "has files already" in again.stderr


def test_mlflow_reads_every_step(run: Run, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = imported_mlflow()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file://{tmp_path}/mlruns")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    done = descent("export", run.id, "--to", "mlflow", "--url", service.url)
    assert done.returncode == 0, done.stderr
    client = mlflow.MlflowClient()
    found = client.get_run(done.stdout.strip())
    assert found.info.status == "FINISHED"
    assert (found.data.tags["descent.run"], found.data.tags["a"]) == (run.id, "b")
    assert found.data.params["descent.learning_rate"] == "0.1"
    history = client.get_metric_history(found.info.run_id, "test_mse")
    with Descent(service.url) as descent_client:
        steps = descent_client.runs.get(run.id).trajectory()
    assert {each.step: each.value for each in history} == dict(enumerate(steps["test_mse"].tolist()))


def test_a_refusal_of_mlflow_is_told(run: Run, service: Service) -> None:
    imported_mlflow()
    words = ("export", run.id, "--to", "mlflow", "--url", service.url)
    done = descent(*words, MLFLOW_TRACKING_URI="nonsense://x")
    assert (done.returncode, done.stderr.startswith("MLflow: ")) == (1, True)
    assert "Traceback" not in done.stderr


def test_a_run_that_mlflow_refuses_in_the_middle_has_failed_there(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name of MLflow has 250 characters at most, that of the product has more."""
    mlflow = imported_mlflow()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file://{tmp_path}/mlruns")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    with Descent(service.url) as client:
        data = {"x": [[1, 2], [2, 1], [3, 5]], "y": [1, 2, 4], "feature_names": ["a" * 200, "b" * 200]}
        run = client.fit(dataset=data, model={"kind": "polynomial", "degree": 2}, steps=1)
    done = descent("export", run.id, "--to", "mlflow", "--url", service.url)
    assert (done.returncode, done.stderr.startswith("MLflow: ")) == (1, True), done.stderr
    tracked = mlflow.MlflowClient()
    [found] = tracked.search_runs([tracked.get_experiment_by_name("descent").experiment_id])
    assert found.info.status == "FAILED"


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ((), "Name a file by -o"),
        (("-o", "model.doc"), "the name ends in none of .py"),
        (("-o", "no-such-folder/model.py"), "there is no such folder"),
        (("--to", "mlflow", "-o", "x"), "set MLFLOW_TRACKING_URI"),
        (("-o", "x.csv", "--max-points", "5"), "--max-points is for --to."),
    ],
)
def test_a_refused_export_names_the_cause(words: tuple[str, ...], cause: str, run: Run, service: Service) -> None:
    done = descent("export", run.id, *words, "--url", service.url)
    assert done.returncode == 1
    assert cause in done.stderr

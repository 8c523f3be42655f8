"""Analyses of a run on request: loss landscapes, step breakdowns, time limits, processes."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.analysis import analysis_pool, loss_landscape
from service.api.app import create_app
from service.core.settings import Settings
from service.server.live_server import running_service
from service.storage.database import Database
from tests.service.analysis.blocking_question import read_pipe_of_environment
from tests.service.analysis.failing_question import divide
from tests.service.helpers import WAIT, X, Y, append_steps, fit_body, problem_of, stored_run, strict_json
from tests.waiting import LONGEST, until

SHORT_SECONDS = 0.5
XS, YS = np.array(X)[:, 0], np.array(Y)
TEST_ROWS = [2, 5]
TRAIN = [row for row in range(len(Y)) if row not in TEST_ROWS]
ABC = [[x, x % 3.0, 1.0 / x] for x in XS]
THREE: dict[str, Any] = {"dataset": {"x": ABC, "y": Y, "feature_names": ["a", "b", "c"]}}
CLASSES: dict[str, Any] = {
    "dataset": {"x": [[x, (x * 7) % 5] for x in XS], "y": [3, 3, 5, 3, 5, 9, 9, 9]},
    "split": {"test_fraction": 0},
    "model": {"kind": "softmax"},
}


def fitted(client: httpx2.Client, **changes: Any) -> dict[str, Any]:
    """A finished run of a line; `changes` replace fields of its request."""
    body = fit_body(split={"test_rows": TEST_ROWS}, objective={"loss": "sse"}, descent={"learning_rate": 1e-4})
    answer = client.post("/fit", json=body | changes, headers=WAIT)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def answer_of(client: httpx2.Client, run: dict[str, Any], path: str) -> Any:
    """The answer at a path of the run."""
    answer = client.get(f"/runs/{run['id']}/{path}")
    assert answer.status_code == 200, answer.text
    return strict_json(answer.content)


def trajectory(client: httpx2.Client, run: dict[str, Any]) -> dict[str, Any]:
    """The whole trajectory of the run."""
    return dict(answer_of(client, run, "trajectory"))


def energy(theta: Any) -> float:
    """Σ(f(θ, xᵢ) − yᵢ)² of a line, over the training rows."""
    return float(((theta[0] + theta[1] * XS[TRAIN] - YS[TRAIN]) ** 2).sum())


def test_a_landscape_of_two_parameters_is_exact(client: httpx2.Client) -> None:
    run = fitted(client)
    found, stored = answer_of(client, run, "landscape?resolution=7"), trajectory(client, run)
    assert (found["kind"], found["parameters"], found["explained"]) == ("exact", ["intercept", "x1"], None)
    assert (found["x"]["label"], found["y"]["label"]) == ("intercept", "x1")
    x, y = found["x"]["values"], found["y"]["values"]
    assert (len(x), len(y)) == (7, 7)
    wanted = [[energy((a, b)) for a in x] for b in y]
    np.testing.assert_allclose(found["energy"], wanted, rtol=1e-9)
    path = found["path"]
    assert path["step"] == stored["step"]
    assert path["train_loss"] == stored["train_loss"]
    np.testing.assert_allclose(np.array([path["x"], path["y"]]).T, stored["theta"], rtol=1e-12, atol=1e-12)
    assert min(x) < min(path["x"]) < max(path["x"]) < max(x)


def test_a_landscape_of_several_parameters_is_the_pca_plane_or_a_pair(client: httpx2.Client) -> None:
    run = fitted(client, **THREE, split={"test_fraction": 0})
    design = np.column_stack([np.ones(len(Y)), ABC])
    theta = np.array(trajectory(client, run)["theta"])

    def check(found: dict[str, Any]) -> None:
        origin, axes = np.array(found["plane"]["origin"]), np.array(found["plane"]["axes"])
        np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-12)
        for j, b in enumerate(found["y"]["values"]):
            for i, a in enumerate(found["x"]["values"]):
                there = origin + a * axes[0] + b * axes[1]
                assert found["energy"][j][i] == pytest.approx(((design @ there - YS) ** 2).sum(), rel=1e-9)
        np.testing.assert_allclose(np.array([found["path"]["x"], found["path"]["y"]]).T, (theta - origin) @ axes.T)

    found = answer_of(client, run, "landscape?resolution=5")
    assert (found["kind"], found["x"]["label"], found["y"]["label"]) == ("pca", "PC 1", "PC 2")
    assert 0.9 < sum(found["explained"]) <= 1.0 + 1e-12
    check(found)
    found = answer_of(client, run, "landscape?kind=pair&x=c&y=a&resolution=5")
    assert (found["kind"], found["x"]["label"], found["y"]["label"]) == ("pair", "c", "a")
    check(found)
    assert answer_of(client, run, "landscape?y=intercept&resolution=3")["x"]["label"] == "a"
    assert answer_of(client, run, "landscape?x=c&resolution=3")["y"]["label"] == "intercept"


def test_a_landscape_of_one_parameter_is_a_line(client: httpx2.Client) -> None:
    run = fitted(client, model={"kind": "linear", "intercept": False})
    found = answer_of(client, run, "landscape?resolution=5")
    assert (found["kind"], found["y"]) == ("exact", {"label": None, "values": [0.0]})
    np.testing.assert_allclose(found["energy"], [[energy((0.0, a)) for a in found["x"]["values"]]], rtol=1e-9)
    assert set(found["path"]["y"]) == {0.0}


def test_a_landscape_of_a_part_of_the_path(client: httpx2.Client) -> None:
    run = fitted(client)
    whole, part = answer_of(client, run, "landscape"), answer_of(client, run, "landscape?from_step=1&to_step=3")
    assert part["path"]["step"] == [1, 2, 3]
    assert part["x"]["values"][0] > whole["x"]["values"][0]


def test_a_landscape_of_a_diverged_path_has_its_finite_steps(client: httpx2.Client) -> None:
    run = fitted(client, descent={"learning_rate": 10.0, "steps": 1000})
    assert run["status"] == "diverged"
    found = answer_of(client, run, "landscape?resolution=5")
    assert found["path"]["step"][-1] == run["diverged_at"] - 1
    assert max(value for row in found["energy"] for value in row if value is not None) > 1e100


def test_the_newest_step_of_a_live_run_is_computed_again_when_the_next_is_stored(
    api: TestClient, database: Database
) -> None:
    run = stored_run(database, fit_body(), np.ones((2, 7)), status=None)
    found = [api.get(f"/runs/{run}/steps/1").json()]
    append_steps(database, run, np.full((1, 8), 3.0))
    found.append(api.get(f"/runs/{run}/steps/1").json())
    assert [step["taken"] for step in found] == [False, True]
    assert found[1]["next_theta"] == [3.0, 3.0] != found[0]["next_theta"]


def test_a_landscape_covers_the_new_steps_of_the_live_runs_beside_it(api: TestClient, database: Database) -> None:
    run = stored_run(database, fit_body(), np.eye(2, 7))
    live = stored_run(database, fit_body(), np.ones((2, 7)), status=None)
    path = f"/runs/{run}/landscape?resolution=3&beside={live}"
    before = api.get(path).json()["x"]["values"]
    append_steps(database, live, np.full((1, 8), 9.0))
    after = api.get(path).json()["x"]["values"]
    assert before[-1] < 2.0 < 9.0 < after[-1]


def test_the_selected_steps_have_the_newest_best_step(api: TestClient, database: Database) -> None:
    run = stored_run(database, fit_body(), np.ones((100, 7)), status=None, best=10)
    for best in (41, 43):
        append_steps(database, run, np.empty((0, 8)), best={"step": best, "theta": [], "test_mse": 0.0})
        assert best in api.get(f"/runs/{run}/predictions?max_steps=3").json()["step"]


def test_a_repeated_request_with_the_etag_gets_status_304(client: httpx2.Client) -> None:
    run = fitted(client)
    for path in ("landscape", "steps/2", "predictions"):
        answer = client.get(f"/runs/{run['id']}/{path}")
        again = client.get(f"/runs/{run['id']}/{path}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_arithmetic_of_a_step(client: httpx2.Client) -> None:
    run = fitted(client)
    stored = trajectory(client, run)
    design = np.column_stack([np.ones(len(TRAIN)), XS[TRAIN]])
    for step in range(run["steps_done"] + 1):
        found = answer_of(client, run, f"steps/{step}")
        theta = np.array(found["theta"])
        assert found["theta"] == stored["theta"][step]
        of_rows = 2 * design * (design @ theta - YS[TRAIN])[:, None]
        np.testing.assert_allclose(found["gradient"], of_rows.sum(axis=0), rtol=1e-12)
        np.testing.assert_allclose(found["central_differences"], found["gradient"], rtol=1e-6)
        parts = found["contributions"]
        assert sorted(parts["rows"]) == TRAIN
        assert parts["y"] == [Y[row] for row in parts["rows"]]
        for row, slope, prediction in zip(parts["rows"], parts["gradients"], parts["predictions"], strict=True):
            np.testing.assert_allclose(slope, of_rows[TRAIN.index(row)], rtol=1e-12)
            assert prediction == pytest.approx(theta[0] + theta[1] * XS[row])
        lengths = np.linalg.norm(parts["gradients"], axis=1)
        assert list(lengths) == sorted(lengths, reverse=True)
        assert found["rest"]["rows"] == 0
        total = np.sum(parts["gradients"], axis=0) + found["rest"]["gradient"] + found["penalty"]
        np.testing.assert_allclose(total, found["gradient"], rtol=1e-9, atol=1e-9)
        assert found["taken"] is (step < run["steps_done"])
        after = theta - 1e-4 * np.array(found["gradient"])
        np.testing.assert_allclose(found["next_theta"], after, rtol=1e-12)
        if found["taken"]:
            assert found["next_theta"] == stored["theta"][step + 1]
    assert answer_of(client, run, "steps/0")["update"][0] == "intercept: 0 − 0.0001 × (−111) = 0.0111"


@pytest.mark.parametrize("optimizer", ["momentum", "adam", "adamw", "rmsprop", "adagrad", "nesterov"])
def test_a_step_of_an_optimizer_with_state(optimizer: str, client: httpx2.Client) -> None:
    run = fitted(client, descent={"learning_rate": 0.01, "steps": 8, "optimizer": {"kind": optimizer}})
    stored = trajectory(client, run)["theta"]
    for step in (0, 3, 7):
        found = answer_of(client, run, f"steps/{step}")
        np.testing.assert_allclose(np.add(found["theta"], found["change"]), stored[step + 1], rtol=1e-9)
        assert " + " in found["update"][0]


@pytest.mark.parametrize("optimizer", ["ista", "fista"])
def test_the_soft_threshold_of_a_step_is_shown(optimizer: str, client: httpx2.Client) -> None:
    descent = {"learning_rate": 0.01, "steps": 8, "optimizer": {"kind": optimizer}}
    run = fitted(client, descent=descent, objective={"l1": 0.5})
    stored = trajectory(client, run)["theta"]
    for step in (0, 3, 7):
        found = answer_of(client, run, f"steps/{step}")
        assert found["threshold"] == [0.0] + [0.005] * (len(run["parameters"]) - 1)
        moved = np.array(found["point"]) - 0.01 * np.array(found["used"])
        after = np.where(np.abs(moved) <= found["threshold"], 0.0, moved - np.sign(moved) * found["threshold"])
        np.testing.assert_allclose(after, stored[step + 1], rtol=1e-9)
        assert (found["point"] == found["theta"]) == (optimizer == "ista" or step == 0)
        assert "soft" not in found["update"][0]  # the intercept has no penalty
        assert found["update"][1].endswith(f", 0.005) = {found['next_theta'][1]:.6g}".replace("-", "−"))
    plain = fitted(client, descent=descent | {"optimizer": {"kind": "gd"}})
    assert answer_of(client, plain, "steps/0")["threshold"] is None


def test_the_arithmetic_of_a_classification_has_the_labels(client: httpx2.Client) -> None:
    run = fitted(client, **CLASSES, objective={})
    found = answer_of(client, run, "steps/1")
    assert {*found["contributions"]["y"]} <= {3, 5, 9}
    np.testing.assert_allclose(np.sum(found["contributions"]["predictions"], axis=1), 1.0)


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("landscape?x=z", "x"),
        ("landscape?kind=pair&x=x1&y=x1", "y"),
        ("landscape?kind=pca&x=x1", "x"),
        ("landscape?to_step=3", "to_step"),
        ("landscape?from_step=2&to_step=1", "from_step"),
        ("landscape?resolution=9999", "resolution"),
        ("steps/3", "step"),
        ("steps/-1", "step"),
        ("predictions?step=3", "step"),
        ("predictions?max_steps=100000", "max_steps"),
    ],
)
def test_invalid_parameters_of_an_analysis_are_refused(
    path: str, parameter: str, api: TestClient, database: Database
) -> None:
    run = stored_run(database, fit_body(), np.ones((3, 2)))
    [error] = problem_of(api.get(f"/runs/{run}/{path}"), 422)["errors"]
    assert error["parameter"] == parameter


def test_a_run_without_a_step_has_no_analysis(api: TestClient) -> None:
    run = api.post("/fit", json=fit_body()).json()["id"]
    for path in ("landscape", "steps/0", "predictions"):
        assert problem_of(api.get(f"/runs/{run}/{path}"), 409)["run_status"] == "queued"
    problem_of(api.post(f"/runs/{run}/predict", json={"x": [[1.0]]}), 409)


def test_a_long_analysis_times_out(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis_pool, "WAIT_FACTOR", 1_000)  # on a busy machine, ending the process takes long
    short = settings.model_copy(update={"max_inquiry_seconds": SHORT_SECONDS})
    source = np.random.default_rng(0)
    body = fit_body(
        dataset={"x": source.normal(size=(4000, 2)).tolist(), "y": source.normal(size=4000).tolist()},
        model={"kind": "mlp", "hidden": [64]},
    )
    run = stored_run(database, body, source.normal(size=(3, 257)))
    quick = stored_run(database, fit_body(), np.ones((3, 2)))
    with TestClient(create_app(short, database)) as api:
        # The start of the process takes longer than the limit.
        until(lambda: api.get(f"/runs/{quick}/predictions").status_code == 200)
        answer = api.get(f"/runs/{run}/landscape?resolution=201")
    assert "Ask for less" in problem_of(answer, 413)["detail"]
    assert "Retry-After" not in answer.headers  # a retry would take as long


def test_the_time_of_an_analysis_is_that_of_its_process(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that waits, as for a core of a busy machine, computes nothing meanwhile."""
    pipe, blocked = tmp_path / "pipe", tmp_path / "blocked"
    os.mkfifo(pipe)
    monkeypatch.setenv("PIPE", str(pipe))
    monkeypatch.setenv("BLOCKED", str(blocked))
    monkeypatch.setattr(loss_landscape, "around", read_pipe_of_environment)
    monkeypatch.setattr(analysis_pool, "WAIT_FACTOR", 1_000)
    run = stored_run(database, fit_body(), np.ones((3, 2)))
    short = settings.model_copy(update={"max_inquiry_seconds": SHORT_SECONDS})
    with TestClient(create_app(short, database)) as api, ThreadPoolExecutor(1) as thread:
        answer = thread.submit(api.get, f"/runs/{run}/landscape")
        until(blocked.exists)
        time.sleep(3 * SHORT_SECONDS)
        pipe.write_bytes(b"{}")
        assert answer.result().status_code == 200


def test_an_analysis_that_cannot_be_computed_is_a_conflict(
    api: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loss_landscape, "around", divide)
    run = stored_run(database, fit_body(), np.ones((3, 2)))
    assert "no such answer" in problem_of(api.get(f"/runs/{run}/landscape"), 409)["detail"]


def test_an_analysis_that_waits_too_long_for_a_process_may_be_retried(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis_pool, "WAIT_FACTOR", 1e-6)
    run = stored_run(database, fit_body(), np.ones((3, 2)))
    with TestClient(create_app(settings, database)) as api:
        answer = api.get(f"/runs/{run}/landscape")
    assert "The service is busy" in problem_of(answer, 503)["detail"]
    assert answer.headers["Retry-After"]


@pytest.fixture
def separate_service(tmp_path: Path) -> Iterator[Any]:
    """A service whose processes a test may kill, and its client."""
    with (
        (tmp_path / "log").open("w") as log,
        running_service("--database", f"sqlite:///{tmp_path}/descent.db", "--workers", "1", log=log) as service,
        httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
    ):
        yield service, client


def analysis_processes(process: int) -> list[int]:
    """The ids of the processes that compute analyses."""
    found = subprocess.run(["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process)], capture_output=True, text=True)
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "spawn_main" in line]


def test_a_killed_process_is_replaced_and_none_outlives_the_service(separate_service: Any) -> None:
    service, client = separate_service
    run = fitted(client)
    assert analysis_processes(service.process.pid) == []  # no analysis so far
    answer_of(client, run, "landscape")
    [process] = analysis_processes(service.process.pid)
    os.kill(process, signal.SIGKILL)
    answer = client.get(f"/runs/{run['id']}/steps/0")
    if answer.status_code == 503:  # the signal came after the request
        answer = client.get(f"/runs/{run['id']}/steps/0")
    assert answer.status_code == 200
    remaining = analysis_processes(service.process.pid)
    service.process.kill()
    until(lambda: not any(Path(f"/proc/{each}").exists() for each in remaining))

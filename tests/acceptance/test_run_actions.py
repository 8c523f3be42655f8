"""Pause, resume, cancel, deadlines, forks and verifications on a real service with real workers."""

import hashlib
import zlib
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from sqlalchemy import text

from service.server.live_server import Service
from service.storage.database import Database
from tests.acceptance.helpers import finished, long_run, run_of, trajectory
from tests.service.helpers import WAIT, fit_body, problem_of
from tests.waiting import LONGEST, until

STEPS = 8_000


def changed(client: httpx2.Client, run_id: str, action: str) -> str:
    answer = client.post(f"/runs/{run_id}/{action}")
    assert answer.status_code == 202, answer.text
    return str(answer.json()["status"])


def fitted(client: httpx2.Client, **changes: Any) -> dict[str, Any]:
    answer = client.post("/fit", json=fit_body(**changes), headers=WAIT)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def steps(client: httpx2.Client, run_id: str) -> dict[str, Any]:
    return dict(client.get(f"/runs/{run_id}/trajectory").json())


def test_a_run_paused_in_the_middle_goes_on_to_the_same_numbers(client: httpx2.Client) -> None:
    undisturbed = long_run(client, STEPS)
    finished(client, undisturbed)
    run_id = long_run(client, STEPS)
    until(lambda: run_of(client, run_id)["steps_done"] > 0)
    assert changed(client, run_id, "pause") == "paused"
    at_pause = run_of(client, run_id)
    assert 0 < at_pause["steps_done"] < STEPS
    other = fitted(client)  # a paused run occupies no worker
    assert other["status"] == "succeeded"
    assert run_of(client, run_id) == at_pause
    assert changed(client, run_id, "resume") in {"queued", "running"}
    assert finished(client, run_id)["status"] == "succeeded"
    assert trajectory(client, run_id) == trajectory(client, undisturbed)
    assert run_of(client, run_id)["trajectory_sha256"] == run_of(client, undisturbed)["trajectory_sha256"]


def test_a_paused_run_is_cancelled_with_the_steps_it_has(client: httpx2.Client) -> None:
    run_id = long_run(client, 1_000_000)
    until(lambda: run_of(client, run_id)["steps_done"] > 0)
    changed(client, run_id, "pause")
    done = run_of(client, run_id)["steps_done"]
    assert changed(client, run_id, "cancel") == "cancelled"
    assert len(trajectory(client, run_id).splitlines()) == done + 2


@pytest.mark.parametrize(
    ("action", "status"), [("pause", "succeeded"), ("resume", "succeeded"), ("cancel", "succeeded")]
)
def test_an_action_on_a_finished_run_is_a_conflict(action: str, status: str, client: httpx2.Client) -> None:
    run_id = fitted(client)["id"]
    problem = problem_of(client.post(f"/runs/{run_id}/{action}"), 409)
    assert problem["run_status"] == status
    problem_of(client.post(f"/runs/none/{action}"), 404)


def test_a_deadline_ends_a_run_with_the_steps_it_has(client: httpx2.Client) -> None:
    for seconds in (0.5, 4.0, 30.0):  # the first deadline that leaves time for a step on this machine
        run_id = long_run(client, 1_000_000, deadline_seconds=seconds)
        run = finished(client, run_id)
        if run["status"] == "succeeded":
            break
    assert (run["status"], run["stop_reason"]) == ("succeeded", "deadline")
    assert 0 < run["steps_done"] < 1_000_000
    assert run["final"]["step"] == run["steps_done"]
    assert len(trajectory(client, run_id).splitlines()) == run["steps_done"] + 2


def test_a_deadline_that_nothing_can_keep_fails_with_the_reason(client: httpx2.Client) -> None:
    run = finished(client, long_run(client, deadline_seconds=1e-9))
    assert (run["status"], run["stop_reason"], run["error"]["code"]) == ("failed", "deadline", "deadline")


def test_the_digest_is_of_the_numbers_that_are_served(client: httpx2.Client) -> None:
    run = fitted(client, split={"test_fraction": 0})
    names = ["train_loss", "train_mse", "test_mse", "gradient_norm", "learning_rate", "optimality_gap"]
    answer = client.get(f"/runs/{run['id']}/trajectory?fields=theta,{','.join(names)}").json()
    table = np.column_stack([answer["theta"], *(np.array(answer[name], dtype=float) for name in names)])
    assert hashlib.sha256(table.astype("<f8").tobytes()).hexdigest() == run["trajectory_sha256"]


def test_a_fork_begins_at_the_step_with_what_was_changed(client: httpx2.Client) -> None:
    parent = fitted(client, descent={"steps": 50, "learning_rate": "auto"}, name="parent", tags={"a": "1"})
    answer = client.post(
        f"/runs/{parent['id']}/fork",
        json={
            "from_step": 20,
            "changes": {"descent": {"steps": 30, "optimizer": {"kind": "momentum"}}, "tags": {"b": "2"}},
        },
    )
    assert answer.status_code == 202, answer.text
    fork = finished(client, answer.json()["id"])
    assert answer.headers["Location"] == f"/runs/{fork['id']}"
    assert fork["forked_from"] == {"run_id": parent["id"], "step": 20}
    assert fork["dataset"] == parent["dataset"]
    assert fork["learning_rate"] == parent["learning_rate"]
    assert (fork["name"], fork["tags"]) == ("parent", {"a": "1", "b": "2"})
    assert fork["request"]["descent"]["optimizer"] == {"kind": "momentum", "momentum": 0.9}
    before, after = steps(client, parent["id"]), steps(client, fork["id"])
    assert after["theta"][0] == before["theta"][20]
    for column in ("train_loss", "train_mse", "test_mse"):
        assert after[column][0] == before[column][20]
    assert after["theta"][2] != before["theta"][22]


def test_a_fork_with_nothing_changed_goes_the_same_way(client: httpx2.Client) -> None:
    parent = fitted(client, descent={"steps": 50, "learning_rate": 0.01}, split={"shuffle": False})
    fork = client.post(f"/runs/{parent['id']}/fork", json={"from_step": 20}).json()
    finished(client, fork["id"])
    before, after = steps(client, parent["id"]), steps(client, fork["id"])
    assert np.allclose(after["theta"][:31], before["theta"][20:], rtol=1e-12)


def test_a_fork_outlives_its_parent_and_can_be_repeated_safely(client: httpx2.Client) -> None:
    parent = fitted(client)

    def fork(step: int) -> httpx2.Response:
        headers = {"Idempotency-Key": parent["id"]}
        return client.post(f"/runs/{parent['id']}/fork", json={"from_step": step}, headers=headers)

    first, second = fork(2), fork(2)
    assert first.json()["id"] == second.json()["id"] != parent["id"]
    problem_of(fork(3), 422)
    assert client.delete(f"/runs/{parent['id']}").status_code == 204
    assert finished(client, first.json()["id"])["status"] == "succeeded"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/from_step"),
        ({"from_step": -1}, "/from_step"),
        ({"from_step": 6}, "/from_step"),
        ({"from_step": 2, "changes": {"split": {"seed": 1}}}, "/changes/split"),
        ({"from_step": 2, "changes": {"descent": {"theta0": "zeros"}}}, "/changes/descent/theta0"),
        ({"from_step": 2, "changes": {"descent": {"learning_rat": 1}}}, "/changes/descent/learning_rat"),
        ({"from_step": 2, "changes": {"descent": {"steps": 10**12}}}, "/changes/descent/steps"),
        ({"from_step": 2, "changes": {"descent": {"optimizer": {"kind": "adam", "beta1": 2}}}}, None),
        ({"from_step": 2, "changes": {"objective": {"loss": "log_loss"}}}, "/changes/objective/loss"),
        ({"from_step": 2, "changes": {"objective": 3}}, "/changes/objective"),
    ],
)
def test_a_fork_that_cannot_be_names_the_field(body: Any, pointer: str | None, client: httpx2.Client) -> None:
    parent = fitted(client)
    [error] = problem_of(client.post(f"/runs/{parent['id']}/fork", json=body), 422)["errors"]
    assert error["pointer"] == (pointer or "/changes/descent/optimizer/beta1")


def test_a_verified_run_is_identical_and_says_so(client: httpx2.Client) -> None:
    for changes in (
        {},
        {"descent": {"steps": 3_000, "batch_size": 4, "optimizer": {"kind": "adam"}}},
        {"preset": "course"},
    ):
        run = fitted(client, **changes)
        answer = client.post(f"/runs/{run['id']}/verify")
        assert answer.status_code == 200, answer.text
        assert answer.json()["identical"] is True
        assert run_of(client, run["id"])["verification"] == answer.json()
    assert all(entry["forked_from"] is None for entry in client.get("/runs").json()["data"][:1])


def test_a_run_cut_short_is_verified_as_far_as_it_came(client: httpx2.Client) -> None:
    run_id = long_run(client, 1_000_000)
    until(lambda: run_of(client, run_id)["steps_done"] > 0)
    problem_of(client.post(f"/runs/{run_id}/verify"), 409)
    changed(client, run_id, "cancel")
    finished(client, run_id)
    assert client.post(f"/runs/{run_id}/verify").json()["identical"] is True


def test_verifying_names_the_first_step_that_differs(new_service: Service, tmp_path: Path) -> None:
    with httpx2.Client(base_url=new_service.url, timeout=LONGEST) as client:
        run = fitted(client, descent={"steps": 20})
        database = Database(f"sqlite:///{tmp_path}/descent.db")
        _plant(database, step=7)
        answer = client.post(f"/runs/{run['id']}/verify").json()
        database.dispose()
        assert (answer["identical"], answer["step"]) == (False, 7)
        [difference] = answer["differences"]
        assert difference["column"] == "theta.intercept"
        assert difference["stored"] == pytest.approx(difference["recomputed"] + 1)
        assert client.get("/runs").json()["data"][0]["id"] == run["id"], "a verification is not in the list of runs"
        assert len(client.get("/runs").json()["data"]) == 1


def _plant(database: Database, step: int) -> None:
    """Adds one to a stored number and corrects the checksum."""
    with database.writing() as connection:
        [(rows, data)] = connection.execute(text("SELECT rows, data FROM trajectory_chunks")).all()
        table = np.frombuffer(data, dtype="<f8").reshape(-1, rows).copy()
        table[0, step] += 1.0
        values = {"data": table.tobytes(), "checksum": zlib.crc32(table.tobytes())}
        connection.execute(text("UPDATE trajectory_chunks SET data = :data, checksum = :checksum"), values)

"""GET /runs/{id}/trajectory: selection of steps and columns, and the fields about the selection."""

from typing import Any
from urllib.parse import parse_qsl

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text

from service.core.run_status import RunStatus
from service.schemas.responses.trajectories import Trajectory
from service.storage.database import Database
from tests.service.helpers import WAIT, check_answer, fit_body, problem_of, stored_run, strict_json

HEAD = {"run_id", "status", "parameters", "total_steps", "complete", "sampled"}
COLUMNS = ["step", "theta", "train_loss", "train_mse", "test_mse", "gradient_norm", "learning_rate"]
ROWS = np.arange(101 * 7, dtype=np.float64).reshape(101, 7)


@pytest.fixture
def path(database: Database) -> str:
    """The path of a trajectory of 101 steps, in chunks of unequal lengths; step 37 is the best."""
    run_id = stored_run(database, fit_body(descent={"steps": 100}), ROWS, chunks=[1, 30, 9, 50], best=37)
    return f"/runs/{run_id}/trajectory"


def steps(api: TestClient, path: str, query: str) -> list[int]:
    answer = api.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = strict_json(answer.content)
    check_answer(Trajectory, given)
    columns = {name: given[name] for name in given.keys() - HEAD}
    assert {len(column) for column in columns.values()} == {len(given["step"])}
    assert given["theta"] == ROWS[given["step"], :2].tolist()
    assert given["learning_rate"] == ROWS[given["step"], 6].tolist()
    assert given["total_steps"] == 101
    found: list[int] = given["step"]
    asked = dict(parse_qsl(query))
    whole = range(int(asked.get("from_step", 0)), min(100, int(asked.get("to_step", 100))) + 1)
    assert given["sampled"] is not (found == [*whole])
    return found


def test_all_steps_and_columns_are_the_default(api: TestClient, path: str) -> None:
    given = api.get(path).json()
    assert list(given) == ["run_id", "status", "parameters", "total_steps", "complete", "sampled", *COLUMNS]
    assert given["parameters"] == ["intercept", "x1"]
    assert (given["complete"], given["status"]) == (True, "succeeded")
    assert steps(api, path, "") == list(range(101))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from_step=0&to_step=0", range(1)),
        ("from_step=50&every=60", range(50, 51)),
        ("from_step=30&to_step=41", range(30, 42)),
        ("from_step=100", range(100, 101)),
        ("to_step=1", range(2)),
        ("from_step=90&to_step=5000", range(90, 101)),
        ("from_step=101", range(0)),
        ("from_step=" + "9" * 40, range(0)),
        ("to_step=" + "9" * 40, range(101)),
        ("every=1", range(101)),
        ("every=10", range(0, 101, 10)),
        ("every=7", range(0, 101, 7)),
        ("every=1000", range(1)),
        ("every=" + "9" * 40, range(1)),
        ("from_step=5&every=10&to_step=35", range(5, 36, 10)),
        ("from_step=31&every=9", range(31, 101, 9)),
        ("max_points=101", range(101)),
        ("max_points=" + "9" * 40, range(101)),
        ("from_step=60&to_step=64&max_points=5", range(60, 65)),
        ("every=25&max_points=5", range(0, 101, 25)),
    ],
)
def test_requested_steps(query: str, expected: range, api: TestClient, path: str) -> None:
    assert steps(api, path, query) == list(expected)


@pytest.mark.parametrize("most", [3, 4, 5, 10, 50, 99, 100])
def test_thinned_steps_keep_the_ends_and_the_best(most: int, api: TestClient, path: str) -> None:
    found = steps(api, path, f"max_points={most}")
    assert len(found) <= most
    assert found == sorted(set(found))
    assert {0, 37, 100} <= set(found)
    if most > 5:
        assert max(np.diff(found)) < 2.6 * 100 / (most - 1)  # evenly spaced, except for the best step


def test_very_many_points_are_bounded(api: TestClient, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.routes.trajectory.MOST_POINTS", 10)
    assert len(steps(api, path, "max_points=50")) == 10
    assert steps(api, path, "max_points=101") == list(range(101))


@pytest.mark.parametrize("query", ["every=20000", "max_points=3"])
def test_steps_between_distant_ones_are_not_read(query: str, api: TestClient, database: Database) -> None:
    """Damage between the requested steps is not noticed."""
    table = np.arange(40_001 * 7, dtype=np.float64).reshape(40_001, 7)
    run_id = stored_run(database, fit_body(), table)
    with database.writing() as connection:
        connection.execute(text("UPDATE trajectory_chunks SET checksum = 0 WHERE first_step BETWEEN 2000 AND 18000"))
    given = api.get(f"/runs/{run_id}/trajectory?{query}").json()
    assert given["step"] == [0, 20_000, 40_000]
    assert given["theta"] == table[given["step"], :2].tolist()
    problem_of(api.get(f"/runs/{run_id}/trajectory?max_points=30"), 500)


def test_a_trajectory_takes_its_slot_before_it_is_read(api: TestClient, path: str, database: Database) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    streams = api.app.state.descent.streams  # type: ignore[attr-defined]
    taken = [streams.take("testclient") for _ in range(32)]
    problem_of(api.get(path), 429)
    assert statements
    assert not any("FROM trajectory_chunks" in statement for statement in statements)
    streams.leave(taken[0])
    assert api.get(path).status_code == 200
    assert streams.use("testclient") == 31


@pytest.mark.parametrize("best", [0, 1, 2, 49, 50, 51, 98, 99, 100])
def test_the_best_step_is_always_kept(best: int, api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(descent={"steps": 100}), ROWS, best=best)
    for most in (3, 4, 11):
        found = steps(api, f"/runs/{run_id}/trajectory", f"max_points={most}")
        assert {0, best, 100} <= set(found)
        assert len(found) <= most


def test_a_range_that_ends_before_its_start_is_refused(api: TestClient, path: str) -> None:
    [error] = problem_of(api.get(f"{path}?from_step=50&to_step=49"), 422)["errors"]
    assert error["parameter"] == "from_step"


def test_thinning_a_range_of_steps(api: TestClient, path: str) -> None:
    found = steps(api, path, "from_step=20&to_step=60&max_points=4")
    assert {20, 37, 60} <= set(found)
    assert len(found) <= 4
    strided = steps(api, path, "from_step=1&every=3&max_points=6")
    assert {1, 37, 100} <= set(strided)
    assert all(step % 3 == 1 for step in strided)
    assert 37 not in steps(api, path, "from_step=40&max_points=5")


@pytest.mark.parametrize(
    "fields",
    [
        ["step"],
        ["theta"],
        ["step", "theta", "test_mse"],
        ["test_mse", "step"],
        ["learning_rate", "theta", "step", "train_loss"],
        ["gradient_norm", "gradient_norm", "step", "gradient_norm"],
        COLUMNS[::-1],
    ],
)
def test_requested_fields_keep_their_order(fields: list[str], api: TestClient, path: str) -> None:
    wanted = list(dict.fromkeys(fields))
    everything = api.get(path).json()
    given = api.get(path, params={"fields": ",".join(fields)}).json()
    assert list(given)[len(HEAD) :] == wanted
    assert {name: given[name] for name in wanted} == {name: everything[name] for name in wanted}
    spaced = api.get(path, params={"fields": " , ".join(fields)}).json()
    assert spaced == given
    [first, *_] = api.get(path, params={"fields": ",".join(fields), "format": "ndjson"}).text.splitlines()
    assert list(strict_json(first)) == wanted


def test_only_a_finished_run_has_an_etag(api: TestClient, path: str, database: Database) -> None:
    first = api.get(path)
    etag = first.headers["ETag"]
    assert etag.startswith('"')
    same = api.get(path, headers={"If-None-Match": etag})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    others = {
        api.get(f"{path}?{query}").headers["ETag"]
        for query in ("format=csv", "format=ndjson", "every=2", "fields=step", "from_step=1", "max_points=3")
    }
    assert len(others | {etag}) == 7
    assert api.get(f"{path}?every=2", headers={"If-None-Match": etag}).status_code == 200
    assert api.get(path, headers={"Accept": "text/csv", "If-None-Match": etag}).status_code == 200
    assert "accept" in first.headers["Vary"].lower()
    live = stored_run(database, fit_body(), ROWS[:3], status=None)
    assert "ETag" not in api.get(f"/runs/{live}/trajectory").headers
    assert api.get(f"/runs/{live}/trajectory", headers={"If-None-Match": "*"}).status_code == 200


def test_a_live_trajectory_has_the_steps_so_far(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(descent={"steps": 100}), ROWS[:40], status=None)
    given = api.get(f"/runs/{run_id}/trajectory").json()
    assert (given["status"], given["complete"], given["total_steps"]) == ("running", False, 40)
    assert given["step"] == list(range(40))
    assert api.get(f"/runs/{run_id}").json()["steps_done"] == 39
    queued = api.post("/fit", json=fit_body()).json()["id"]
    given = api.get(f"/runs/{queued}/trajectory").json()
    assert (given["status"], given["complete"], given["total_steps"], given["sampled"]) == ("queued", False, 0, False)
    assert {name: given[name] for name in COLUMNS} == {name: [] for name in COLUMNS}


@pytest.mark.parametrize("query", ["", "every=3", "max_points=3", "from_step=5", "fields=step"])
def test_a_trajectory_without_a_step(query: str, api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), status=RunStatus.DIVERGED, diverged_at=0)
    path = f"/runs/{run_id}/trajectory?{query}"
    given = strict_json(api.get(path).content)
    assert (given["step"], given["total_steps"], given["complete"], given["sampled"]) == ([], 0, True, False)
    assert api.get(path, headers={"Accept": "application/x-ndjson"}).content == b""
    csv = api.get(path, headers={"Accept": "text/csv"}).text.splitlines()
    assert len(csv) == 1
    assert csv[0].startswith("step")


@pytest.mark.parametrize("kind", ["linear", "logistic"])
def test_a_real_trajectory_agrees_with_its_run(kind: str, client: httpx2.Client) -> None:
    body = fit_body(
        dataset={"y": [0, 1, 0, 0, 1, 0, 1, 1]},
        model={"kind": kind},
        split={"test_rows": [1, 2]},
        descent={"steps": 2500, "learning_rate": "auto"},
    )
    run = client.post("/fit", json=body, headers=WAIT).json()
    given = client.get(f"/runs/{run['id']}/trajectory").json()
    assert given["step"] == list(range(run["steps_done"] + 1)) == list(range(2501))
    for column in ("theta", "train_loss", "train_mse", "test_mse"):
        assert given[column][-1] == run["final"][column]
    best = int(np.argmin(given["test_mse"]))
    assert run["best"] == {"step": best, "theta": given["theta"][best], "test_mse": given["test_mse"][best]}
    assert set(given["learning_rate"]) == {run["learning_rate"]}
    metrics = {f"{part}_{name}" for part in ("train", "test") for name in ("accuracy", "precision", "recall", "f1")}
    assert (metrics <= set(given)) == (kind == "logistic")
    assert {len(given[name]) for name in given.keys() - HEAD} == {2501}
    # One step of the recursion, from its own columns: θ₁ = θ₀ − η∇E(θ₀).
    change = np.subtract(given["theta"][1], given["theta"][0])
    assert np.linalg.norm(change) == pytest.approx(given["learning_rate"][0] * given["gradient_norm"][0], rel=1e-12)

"""Runs over HTTP: list, pages, ETags, cancellation, deletion."""

from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.core.run_status import RunStatus
from service.schemas.responses.runs import Run, Runs
from service.storage.database import Database
from tests.service.helpers import (
    LINE,
    NOTHING,
    WAIT,
    check_answer,
    counts,
    fit_body,
    problem_of,
    stored_run,
    strict_json,
    until_finished,
)
from tests.waiting import until

LONG = fit_body(descent={"steps": 5_000_000, "learning_rate": 1e-6})
DIVERGING = fit_body(descent={"steps": 1000, "learning_rate": 1e3})


def queued(api: TestClient, count: int, **changes: Any) -> list[str]:
    """The ids of new runs, the newest first."""
    made = [api.post("/fit", json=fit_body(**changes)) for _ in range(count)]
    return [answer.json()["id"] for answer in reversed(made)]


def pages(api: TestClient, query: str) -> list[list[str]]:
    found, after = [], ""
    while True:
        page = api.get(f"/runs?{query}{after}").json()
        check_answer(Runs, page)
        found.append([run["id"] for run in page["data"]])
        assert page["has_more"] == (page["next"] is not None)
        if not page["has_more"]:
            return found
        after = f"&after={page['next']}"


def listed(api: TestClient, query: str) -> list[str]:
    return [run_id for page in pages(api, query) for run_id in page]


def test_the_answer_for_a_queued_run_has_its_place_and_a_list_has_none(api: TestClient) -> None:
    first = api.post("/fit", json=fit_body()).json()
    second = api.post("/fit", json=fit_body(), headers={"Prefer": "wait=0"}).json()
    path = f"/runs/{second['id']}"
    assert [run["queue"]["position"] for run in (first, second, api.get(path).json())] == [1, 2, 2]
    assert api.post(f"{path}/pause").json()["queue"] is None
    assert api.get(path).json()["queue"] is None
    assert api.post(f"{path}/resume").json()["queue"]["position"] == 2
    assert all("queue" not in run for run in api.get("/runs").json()["data"])


@pytest.mark.parametrize(("limit", "lengths"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (200, [5])])
def test_pages_hold_each_run_once_newest_first(limit: int, lengths: list[int], api: TestClient) -> None:
    ids = queued(api, 5)
    found = pages(api, f"limit={limit}")
    assert [len(page) for page in found] == lengths
    assert [run_id for page in found for run_id in page] == ids


def test_an_empty_page(api: TestClient) -> None:
    assert api.get("/runs").json() == {"data": [], "has_more": False, "next": None}


def test_a_page_holds_fifty_by_default(api: TestClient) -> None:
    queued(api, 51)
    assert len(api.get("/runs").json()["data"]) == 50


def test_new_and_deleted_runs_do_not_disturb_the_pages(api: TestClient) -> None:
    ids = queued(api, 6)
    first = api.get("/runs?limit=2").json()
    queued(api, 3)
    api.delete(f"/runs/{ids[1]}")  # the last run of the first page
    api.delete(f"/runs/{ids[3]}")
    rest = api.get(f"/runs?limit=10&after={first['next']}").json()
    assert [run["id"] for run in rest["data"]] == [ids[2], ids[4], ids[5]]


def test_filters_by_status_and_tag(api: TestClient) -> None:
    tagged = queued(api, 3, tags={"course": "ml:2024", "team": "a b&c"})
    queued(api, 1, tags={"course": "other"})
    queued(api, 1)
    api.post(f"/runs/{tagged[0]}/cancel")
    assert listed(api, "limit=2&tag=course:ml:2024") == tagged
    assert listed(api, "tag=team:a%20b%26c&status=queued") == tagged[1:]
    assert listed(api, "status=cancelled") == tagged[:1]
    assert listed(api, "status=succeeded") == []
    assert listed(api, "tag=course:") == []
    assert listed(api, "tag=course:ml") == []


def test_an_etag_holds_until_the_run_changes(api: TestClient) -> None:
    [run_id] = queued(api, 1)
    first = api.get(f"/runs/{run_id}")
    etag = first.headers["ETag"]
    assert etag.startswith('"')
    for given in (etag, f"W/{etag}", f'"other", {etag}'):
        same = api.get(f"/runs/{run_id}", headers={"If-None-Match": given})
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    assert api.get(f"/runs/{run_id}", headers={"If-None-Match": "*"}).status_code == 304
    api.post(f"/runs/{run_id}/cancel")
    changed = api.get(f"/runs/{run_id}", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag
    assert changed.json()["status"] == "cancelled"


def test_latest_is_the_newest_run(api: TestClient) -> None:
    older, newer = reversed(queued(api, 2))
    assert api.get("/runs/latest").json()["id"] == newer
    assert api.get("/runs/latest/trajectory").json()["run_id"] == newer
    assert api.delete(f"/runs/{newer}").status_code == 204
    assert api.get("/runs/latest").json()["id"] == older


@pytest.mark.parametrize(
    "request_line",
    [
        "DELETE /runs/{run}",
        "POST /runs/{run}/cancel",
        "POST /runs/{run}/pause",
        "POST /runs/{run}/resume",
        "DELETE /sweeps/{sweep}",
        "POST /sweeps/{sweep}/cancel",
        "DELETE /datasets/{dataset}",
    ],
)
def test_latest_is_for_reading_only(request_line: str, api: TestClient, database: Database) -> None:
    method, path = request_line.split()
    sweep = api.post("/sweeps", json={"base": fit_body(), "grid": {"/split/seed": [1]}}).json()["id"]
    dataset = api.post("/datasets", json={"x": [[1], [2]], "y": [1, 2]}).json()["id"]
    run = api.post("/fit", json=fit_body()).json()["id"]
    if path.endswith("/resume"):
        api.post(f"/runs/{run}/pause")
    before, listed = counts(database), api.get("/runs").json()
    answer = api.request(method, path.format(run="latest", sweep="latest", dataset="latest"))
    named = {"run": run, "sweep": sweep, "dataset": dataset}
    by_id = path.format(**named)
    [error] = problem_of(answer, 422)["errors"]
    assert error["parameter"] in {f"{kind}_id" for kind in named}
    assert error["hint"].split()[1].rstrip(",") == by_id.removesuffix(
        f"/{path.split('/')[3]}" if path.count("/") > 2 else ""
    )
    assert (counts(database), api.get("/runs").json()) == (before, listed)
    assert api.request(method, by_id).status_code in {202, 204}


def test_a_queued_run_is_cancelled_at_once(api: TestClient) -> None:
    [run_id] = queued(api, 1)
    answer = api.post(f"/runs/{run_id}/cancel")
    assert answer.status_code == 202
    check_answer(Run, answer.json())
    assert (answer.json()["status"], answer.json()["stop_reason"]) == ("cancelled", "cancelled")
    assert answer.json()["finished_at"]
    assert api.get(f"/runs/{run_id}").json() == answer.json()


@pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.DIVERGED, RunStatus.FAILED])
def test_a_finished_run_cannot_be_cancelled(status: RunStatus, api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), status=status)
    before = api.get(f"/runs/{run_id}").json()
    problem = problem_of(api.post(f"/runs/{run_id}/cancel"), 409)
    assert problem["run_status"] == status
    assert status.words in problem["detail"]
    assert api.get(f"/runs/{run_id}").json() == before


def test_a_cancelled_run_cannot_be_cancelled_again(api: TestClient) -> None:
    [run_id] = queued(api, 1)
    api.post(f"/runs/{run_id}/cancel")
    assert problem_of(api.post(f"/runs/{run_id}/cancel"), 409)["run_status"] == "cancelled"


def test_a_cancelled_running_run_stops_and_keeps_its_steps(client: httpx2.Client) -> None:
    run_id = client.post("/fit", json=LONG).json()["id"]
    until_running(client, run_id)
    answer = client.post(f"/runs/{run_id}/cancel")
    assert answer.status_code == 202
    assert answer.json()["status"] in {"cancelling", "cancelled"}
    run = until_finished(client, run_id)
    assert (run["status"], run["stop_reason"]) == ("cancelled", "cancelled")
    assert 0 < run["steps_done"] < 5_000_000
    trajectory = client.get(f"/runs/{run_id}/trajectory?fields=step&max_points=3").json()
    assert trajectory["step"][-1] == run["steps_done"] == run["final"]["step"]


def test_deleting_a_run_deletes_its_data(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(tags={"a": "b"}), [[0.0] * 7, [1.0] * 7])
    assert counts(database)["trajectory_chunks"] == 1
    answer = api.delete(f"/runs/{run_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    problem_of(api.get(f"/runs/{run_id}"), 404)
    problem_of(api.get(f"/runs/{run_id}/trajectory"), 404)
    problem_of(api.delete(f"/runs/{run_id}"), 404)
    assert counts(database) == NOTHING


def test_data_of_other_runs_and_of_uploads_stays(api: TestClient, database: Database) -> None:
    uploaded = api.post("/datasets", json=LINE["dataset"]).json()["id"]
    first, second = queued(api, 2)
    of_upload = api.post("/fit", json=LINE).json()
    assert of_upload["dataset"]["id"] == uploaded
    for run_id in (of_upload["id"], first):
        assert api.delete(f"/runs/{run_id}").status_code == 204
    assert api.get(f"/datasets/{uploaded}").status_code == 200
    assert api.get(f"/runs/{second}").status_code == 200
    assert counts(database)["datasets"] == 2
    api.delete(f"/runs/{second}")
    assert counts(database)["datasets"] == 1


def test_a_live_run_can_be_deleted(client: httpx2.Client) -> None:
    run_id = client.post("/fit", json=LONG).json()["id"]
    until_running(client, run_id)
    assert client.delete(f"/runs/{run_id}").status_code == 204
    problem_of(client.get(f"/runs/{run_id}"), 404)
    # Its worker detects the deletion and takes the next run.
    assert client.post("/fit", json=LINE, headers=WAIT).status_code == 200
    problem_of(client.get(f"/runs/{run_id}"), 404)


def test_a_diverged_run_has_its_finite_steps_without_nan(client: httpx2.Client) -> None:
    answer = client.post("/fit", json=DIVERGING, headers=WAIT)
    run = strict_json(answer.content)
    check_answer(Run, run)
    assert (run["status"], run["stop_reason"]) == ("diverged", "diverged")
    assert run["diverged_at"] == run["steps_done"] + 1 == run["final"]["step"] + 1
    trajectory = strict_json(client.get(f"/runs/{run['id']}/trajectory").content)
    assert len(trajectory["step"]) == run["diverged_at"]
    assert all(value is not None for row in trajectory["theta"] for value in row)
    assert None not in trajectory["train_loss"]
    assert trajectory["complete"] is True


def test_a_run_that_diverges_at_step_0(client: httpx2.Client) -> None:
    body = fit_body(dataset={"x": [[1e200 * row[0]] for row in LONG["dataset"]["x"]]}, descent={"theta0": [0, 1e200]})
    run = strict_json(client.post("/fit", json=body, headers=WAIT).content)
    check_answer(Run, run)
    assert (run["status"], run["diverged_at"], run["steps_done"]) == ("diverged", 0, 0)
    assert (run["final"], run["best"]) == (None, None)
    trajectory = strict_json(client.get(f"/runs/{run['id']}/trajectory").content)
    assert (trajectory["total_steps"], trajectory["step"], trajectory["theta"]) == (0, [], [])


def until_running(client: httpx2.Client, run_id: str) -> None:
    until(lambda: client.get(f"/runs/{run_id}").json()["steps_done"] > 0)


def test_a_fork_may_have_a_whole_number_beyond_64_bits(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(), [[1.0, 2.0]] * 3)
    fork = {"from_step": 1, "changes": {"descent": {"learning_rate": 2**70}}}
    answer = api.post(f"/runs/{run_id}/fork", json=fork, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 202, answer.text
    assert answer.json()["request"]["descent"]["learning_rate"] == 2.0**70
    assert answer.json()["queue"]["position"] == 1


def test_a_run_tells_the_bytes_that_its_deletion_frees(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(descent={"steps": 2_999}), np.zeros((3_000, 3)))
    with database.reading() as connection:
        stored = connection.exec_driver_sql("SELECT sum(length(data)) FROM trajectory_chunks").scalar_one()
    assert api.get(f"/runs/{run_id}").json()["bytes"] == stored > 0

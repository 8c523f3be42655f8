"""The ranking of a sweep as CSV."""

import csv
import json
from collections.abc import Callable
from io import StringIO

import httpx2
from fastapi.testclient import TestClient

from tests.service.helpers import fit_body, problem_of


def test_the_ranking_is_a_table_too(api: TestClient, work: Callable[[], None]) -> None:
    body = {"base": fit_body(), "grid": {"/descent/learning_rate": [0.5, 0.01], "/standardize": [True, False]}}
    body["base"]["name"] = "a, b"
    path = api.post("/sweeps", json=body).raise_for_status().headers["Location"]
    [first, *_] = rows_of(api.get(f"{path}?format=csv"))
    assert (first["rank"], first["status"], first["value"]) == ("", "queued", "")
    work()
    ranking = api.get(path).json()["ranking"]
    answer = api.get(path, headers={"Accept": "text/csv"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content == api.get(f"{path}?format=csv", headers={"Accept": "image/png"}).content
    for row, member in zip(rows_of(answer), ranking, strict=True):
        assert row["rank"] == ("" if member["rank"] is None else str(member["rank"]))
        assert (row["run_id"], row["name"], row["status"]) == (member["run_id"], member["name"], member["status"])
        assert {name: json.loads(row[name]) for name in body["grid"]} == member["values"]
        for name in ("value", "train_mse", "test_mse", "best_test_mse", "diverged_at", "steps_done"):
            assert (json.loads(row[name]) if row[name] else None) == member[name]
    assert api.get(path, headers={"If-None-Match": answer.headers["ETag"], "Accept": "text/csv"}).status_code == 304
    assert api.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


def rows_of(answer: httpx2.Response) -> list[dict[str, str]]:
    """The lines of CSV."""
    return list(csv.DictReader(StringIO(answer.raise_for_status().text)))


def test_a_ranking_has_no_other_form(api: TestClient) -> None:
    problem_of(api.get("/sweeps/latest", headers={"Accept": "image/png"}), 406)
    [error] = problem_of(api.get("/sweeps/latest?format=xlsx"), 422)["errors"]
    assert error["hint"] == "Write json or csv."

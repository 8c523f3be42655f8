"""If-Match of PATCH and DELETE: a resource that has changed since it was read stays as it is."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.service.api.routes.test_names import ROWS, SWEEP
from tests.service.helpers import fit_body, problem_of

PLAIN = {"Accept-Encoding": "identity"}
MADE = {"/fit": fit_body(name="first"), "/sweeps": SWEEP, "/datasets": ROWS}
PATHS = {"/fit": "/runs", "/sweeps": "/sweeps", "/datasets": "/datasets"}


@pytest.fixture(params=MADE, ids=["run", "sweep", "dataset"])
def path(request: pytest.FixtureRequest, api: TestClient) -> str:
    made = api.post(request.param, json=MADE[request.param])
    return f"{PATHS[request.param]}/{made.json()['id']}"


def refused(answer: Any) -> None:
    problem = problem_of(answer, 412)
    [entry] = problem["errors"]
    assert (problem["title"], entry["header"]) == ("Changed since", "If-Match")


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_change_needs_the_present_etag(path: str, coding: str, api: TestClient) -> None:
    headers = {"Accept-Encoding": coding}
    first = api.get(path, headers=headers).headers["ETag"]
    renamed = api.patch(path, json={"name": "second"}, headers={**headers, "If-Match": first})
    assert renamed.status_code == 200
    assert renamed.headers["ETag"] == api.get(path, headers=headers).headers["ETag"] != first
    refused(api.patch(path, json={"name": "third"}, headers={"If-Match": first}))
    refused(api.delete(path, headers={"If-Match": first}))
    assert api.get(path).json() == renamed.json()
    assert api.delete(path, headers={"If-Match": f'"other", {renamed.headers["ETag"]}'}).status_code == 204
    assert api.get(path).status_code == 404


def test_a_weak_etag_matches_nothing(path: str, api: TestClient) -> None:
    etag = api.get(path, headers=PLAIN).headers["ETag"]
    for wrong in (f"W/{etag}", '""', "", etag[:-2], etag.strip('"')):
        refused(api.delete(path, headers={"If-Match": wrong}))
    assert api.get(path, headers=PLAIN).headers["ETag"] == etag


def test_a_star_matches_what_exists(path: str, api: TestClient) -> None:
    assert api.patch(path, json={"name": "second"}, headers={"If-Match": "*"}).status_code == 200
    assert api.delete(path, headers={"If-Match": "*"}).status_code == 204
    for call in (
        api.delete(path, headers={"If-Match": "*"}),
        api.patch(path, json={"name": "a"}, headers={"If-Match": "*"}),
    ):
        problem_of(call, 404)


def test_a_run_that_went_on_is_another_one(api: TestClient) -> None:
    path = f"/runs/{api.post('/fit', json=fit_body()).json()['id']}"
    etag = api.get(path, headers=PLAIN).headers["ETag"]
    assert api.post(f"{path}/cancel").status_code == 202
    refused(api.delete(path, headers={"If-Match": etag}))

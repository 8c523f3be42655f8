"""Pages of lists: the header Link, and ETags."""

import re

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.core.settings import Settings
from service.storage.database import Database
from tests.service.helpers import fit_body, problem_of

FILTERS = "limit=2&status=queued&status=running&name=a%26b*"


@pytest.fixture
def filled(api: TestClient) -> TestClient:
    """A service with five runs, sweeps and datasets."""
    for number in range(5):
        api.post("/fit", json=fit_body(name=f"a&b {number}")).raise_for_status()
        api.post("/datasets", json={"x": [[number], [1], [2]], "y": [1, 2, 3]}).raise_for_status()
        api.post("/sweeps", json={"base": fit_body(), "grid": {"/split/seed": [number]}}).raise_for_status()
    return api


def followed(api: TestClient, path: str) -> list[httpx2.Response]:
    """The pages that the header Link leads to."""
    found = [api.get(path).raise_for_status()]
    while "Link" in found[-1].headers:
        link = re.fullmatch('<(/.*)>; rel="next"', found[-1].headers["Link"])
        assert link is not None
        found.append(api.get(link[1]).raise_for_status())
    return found


@pytest.mark.parametrize("path", [f"/runs?{FILTERS}", "/datasets?limit=2", "/sweeps?limit=2&after=9"])
def test_links_lead_through_all_pages(path: str, filled: TestClient) -> None:
    pages = [page.json() for page in followed(filled, path)]
    assert [len(page["data"]) for page in pages] == [2, 2, 1]
    assert len({entry["id"] for page in pages for entry in page["data"]}) == 5
    assert [page["has_more"] for page in pages] == [True, True, False]


def test_the_runs_of_a_dataset_have_links(api: TestClient) -> None:
    dataset = api.post("/datasets", json={"x": [[0], [1], [2]], "y": [1, 2, 3]}).json()["id"]
    for _ in range(3):
        api.post("/fit", json={"dataset": {"id": dataset}}).raise_for_status()
    assert [len(page.json()["data"]) for page in followed(api, f"/datasets/{dataset}/runs?limit=2")] == [2, 1]


def test_links_lead_through_all_rows(settings: Settings, database: Database) -> None:
    rows = [[number] for number in range(7)]
    with TestClient(create_app(settings.model_copy(update={"max_row_page": 3}), database)) as api:
        api.post("/datasets", json={"x": rows, "y": [1.0] * 7}).raise_for_status()
        pages = [page.json() for page in followed(api, "/datasets/latest/rows?from=0")]
        assert [(page["from"], page["to"]) for page in pages] == [(0, 2), (3, 5), (6, 6)]
        assert [row for page in pages for row in page["x"]] == rows
        assert "Link" not in api.get("/datasets/latest/rows?from=0&to=2").headers


def test_a_link_begins_with_the_prefix_of_the_proxy(settings: Settings, database: Database) -> None:
    with TestClient(create_app(settings.model_copy(update={"root_path": "/lab"}), database)) as api:
        for _ in range(2):
            api.post("/fit", json=fit_body()).raise_for_status()
        for path in ("/runs?limit=1", "/lab/runs?limit=1"):
            assert api.get(path).headers["Link"] == '</lab/runs?limit=1&after=2>; rel="next"'


@pytest.mark.parametrize(
    "path", ["/runs", f"/runs?{FILTERS}", "/datasets", "/datasets/latest/rows", "/sweeps", "/samples", "/functions"]
)
def test_a_list_that_the_client_has_is_not_sent_again(path: str, filled: TestClient) -> None:
    first = filled.get(path)
    headers = {"If-None-Match": first.headers["ETag"]}
    again = filled.get(path, headers=headers)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert filled.head(path, headers=headers).status_code == 304
    assert filled.get(path, headers={"If-None-Match": '"another"'}).content == first.content


@pytest.mark.parametrize("path", ["/runs", "/runs?fields=name", "/datasets", "/datasets/latest/rows", "/sweeps"])
def test_a_list_that_has_changed_has_another_etag(path: str, filled: TestClient) -> None:
    tag = filled.get(path).headers["ETag"]
    filled.post("/fit", json=fit_body(name="a&b new")).raise_for_status()
    filled.post("/datasets", json={"x": [[7], [8], [9]], "y": [1, 2, 3]}).raise_for_status()
    filled.post("/sweeps", json={"base": fit_body(), "grid": {"/split/seed": [7]}}).raise_for_status()
    answer = filled.get(path, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != tag


def test_lists_in_two_languages_have_two_etags(api: TestClient) -> None:
    english, french = (api.get("/samples", headers={"Accept-Language": each}).headers["ETag"] for each in ("en", "fr"))
    assert english != french


def test_other_rows_have_another_etag(filled: TestClient) -> None:
    tags = {filled.get(f"/datasets/latest/rows?{query}").headers["ETag"] for query in ("", "from=1", "from=1&to=1")}
    assert len(tags) == 3


def test_one_fault_of_a_page_is_named(api: TestClient) -> None:
    [error] = problem_of(api.get("/sweeps?limit=9999"), 422)["errors"]
    assert error["parameter"] == "limit"

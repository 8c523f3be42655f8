"""The root path: a service below a prefix names paths with it, and answers with and without it."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from service.api.app import create_app
from service.api.middleware.security_headers import IMPORT_MAP
from service.core.settings import Settings
from service.storage.database import Database
from tests.service.helpers import CSV, fit_body

SWEEP = {"base": fit_body(), "grid": {"/descent/learning_rate": [0.001, 0.002]}}


@pytest.fixture
def below(settings: Settings, database: Database) -> Iterator[TestClient]:
    below = settings.model_copy(update={"root_path": "/lab/descent"})
    with TestClient(create_app(below, database), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("prefix", ["", "/lab/descent"])
def test_paths_in_answers_begin_with_the_prefix_and_lead_back(prefix: str, below: TestClient) -> None:
    run = below.post(f"{prefix}/fit", json=fit_body())
    sweep = below.post(f"{prefix}/sweeps", json=SWEEP)
    csv = {"Content-Type": "text/csv"}
    dataset = below.post(f"{prefix}/datasets?target=height", content=CSV, headers=csv)
    for answer, kind in ((run, "runs"), (sweep, "sweeps"), (dataset, "datasets")):
        location = f"/lab/descent/{kind}/{answer.json()['id']}"
        assert answer.headers["Location"] == answer.json()["links"]["self"] == location
        assert all(link.startswith("/lab/descent/") for link in answer.json()["links"].values())
        assert below.get(location).json()["links"] == answer.json()["links"]
    assert run.json()["links"]["page"] == f"/lab/descent/#/runs/{run.json()['id']}"


def test_without_a_proxy_paths_have_no_prefix(api: TestClient) -> None:
    run = api.post("/fit", json=fit_body())
    assert run.headers["Location"] == f"/runs/{run.json()['id']}"
    assert api.get("/lab/descent/runs").status_code == 404


@pytest.mark.parametrize("path", ["/lab/descents/runs", "/lab/runs", "/lab/descent/lab/descent/runs"])
def test_another_prefix_is_not_taken_off(path: str, below: TestClient) -> None:
    assert below.get(path).status_code == 404


def test_the_description_names_the_service_beside_it(below: TestClient) -> None:
    assert below.get("/openapi.json").json()["servers"][0]["url"] == "."


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_names_no_path_of_the_host_but_in_its_import_map(path: str, api: TestClient) -> None:
    content = api.get(path).content
    assert content.count(b'<script type="importmap">' + IMPORT_MAP + b"</script>") == 1
    assert b'="/' not in content


@pytest.mark.parametrize("wrong", ["descent", "/", "/descent/", "//elsewhere", "/a b", "/%2e", "/λ", "/..", "/a/.b"])
def test_a_malformed_prefix_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Settings(root_path=wrong)


@pytest.mark.parametrize("root_path", ["/runs", "/datasets/below", "/static", "/docs"])
def test_a_prefix_like_an_own_path_is_refused(root_path: str, database: Database) -> None:
    with pytest.raises(ValueError, match=f"DESCENT_ROOT_PATH: /{root_path.split('/')[1]} is a path of the service"):
        create_app(Settings(root_path=root_path), database)

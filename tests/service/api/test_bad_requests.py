"""Invalid query parameters, ids, paths and methods."""

import pytest
from fastapi.testclient import TestClient

from tests.service.helpers import fit_body, problem_of

MISSING_RUN = "/runs/0123456789abcdef"
MISSING_DATASET = "/datasets/0123456789abcdef"


@pytest.fixture
def run_path(api: TestClient) -> str:
    """The path of a queued run."""
    return str(api.post("/fit", json=fit_body()).headers["Location"])


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=100000",
        "limit=ten",
        "limit=1.5",
        "limit=",
        "limit=" + "9" * 5000,
        "after=nonsense",
        "after=",
        "after=-1",
        "after=1.5",
        "after=٣",
        "after=" + "9" * 30,
    ],
)
@pytest.mark.parametrize("path", ["/runs", "/datasets"])
def test_bad_pages(query: str, path: str, api: TestClient) -> None:
    [error] = problem_of(api.get(f"{path}?{query}"), 422)["errors"]
    assert error["parameter"] == query.partition("=")[0]


@pytest.mark.parametrize("query", ["tag=colour", "tag=", "status=done", "status=", "status=QUEUED"])
def test_bad_filters(query: str, api: TestClient) -> None:
    [error] = problem_of(api.get(f"/runs?{query}"), 422)["errors"]
    assert error["parameter"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/runs/latest/trajectory?format=xml", "Write json, ndjson, csv, npz or parquet."),
        ("/runs/latest/curves.svg?theme=blue", "Write light or dark."),
        ("/runs/latest/curves.gif", "Write svg or png."),
        ("/runs?status=done", "Write queued, running, paused, cancelling, succeeded, diverged, failed or cancelled."),
    ],
)
def test_a_wrong_choice_gets_the_possible_ones(path: str, hint: str, api: TestClient, run_path: str) -> None:
    [error] = problem_of(api.get(path), 422)["errors"]
    assert error["hint"] == hint


@pytest.mark.parametrize(
    "query",
    [
        "fields=nope",
        "fields=",
        "fields=step,,theta",
        "fields=step,Theta",
        "fields=theta.x1",
        "max_points=1",
        "max_points=2",
        "max_points=0",
        "max_points=many",
        "from_step=-1",
        "from_step=1.5",
        "to_step=-1",
        "to_step=x",
        "every=0",
        "every=-1",
        "every=",
        "format=xml",
        "format=",
    ],
)
def test_bad_parts_of_a_trajectory(query: str, api: TestClient, run_path: str) -> None:
    [error] = problem_of(api.get(f"{run_path}/trajectory?{query}"), 422)["errors"]
    assert error["parameter"] == query.partition("=")[0]


@pytest.mark.parametrize("query", ["from=-1", "from=x", "to=-1", "to=x"])
def test_bad_parts_of_a_dataset(query: str, api: TestClient) -> None:
    path = api.post("/datasets", json=fit_body()["dataset"]).headers["Location"]
    [error] = problem_of(api.get(f"{path}/rows?{query}"), 422)["errors"]
    assert error["parameter"] == query.partition("=")[0]


@pytest.mark.parametrize("query", ["validate_only=maybe", "validate_only=", "validate_only=2"])
def test_bad_parameters_of_fit(query: str, api: TestClient) -> None:
    [error] = problem_of(api.post(f"/fit?{query}", json=fit_body()), 422)["errors"]
    assert error["parameter"] == "validate_only"


@pytest.mark.parametrize(
    "request_line",
    [
        "POST /fit",
        "GET /runs",
        "GET /runs/latest",
        "DELETE /runs/latest",
        "POST /runs/latest/cancel",
        "GET /runs/latest/trajectory",
        "POST /datasets",
        "GET /datasets",
        "GET /datasets/latest",
        "GET /datasets/latest/rows",
        "DELETE /datasets/latest",
        "GET /samples",
        "GET /livez",
        "GET /readyz",
    ],
)
def test_an_unknown_parameter_is_refused(request_line: str, api: TestClient, run_path: str) -> None:
    method, path = request_line.split()
    answer = api.request(method, f"{path}?Limit=1&colour=red", json=fit_body() if method == "POST" else None)
    assert [error["parameter"] for error in problem_of(answer, 422)["errors"]] == ["Limit", "colour"]
    assert api.get(run_path).json()["status"] == "queued"


def test_a_repeated_parameter_is_refused(api: TestClient) -> None:
    """One of the two values would be ignored."""
    answer = api.post("/datasets?target=y&target=a&name=n", json=fit_body()["dataset"])
    [error] = problem_of(answer, 422)["errors"]
    assert (error["parameter"], error["hint"]) == ("target", "Give it once.")


@pytest.mark.parametrize(
    "request_line",
    [
        f"GET {MISSING_RUN}",
        f"DELETE {MISSING_RUN}",
        f"POST {MISSING_RUN}/cancel",
        f"GET {MISSING_RUN}/trajectory",
        f"GET {MISSING_RUN}/trajectory?format=csv",
        "GET /runs/latest",
        "DELETE /runs/latest",
        "POST /runs/latest/cancel",
        "GET /runs/latest/trajectory",
        "GET /runs/%00",
        "GET /runs/%ff%fe",
        "GET /runs/'%20OR%201=1",
        "GET /runs/" + "a" * 5000,
        f"GET {MISSING_DATASET}",
        f"GET {MISSING_DATASET}/rows",
        f"DELETE {MISSING_DATASET}",
        "GET /datasets/latest",
        "GET /datasets/latest/rows",
        "DELETE /datasets/latest",
        "GET /nowhere",
        "GET /static/nowhere.js",
        "GET /static/../app.py",
        "GET /static/%2e%2e/app.py",
        "GET /runs/a/b/c",
        "POST /nowhere",
    ],
)
def test_missing_objects_and_paths_are_not_found(request_line: str, api: TestClient) -> None:
    method, path = request_line.split()
    answer = api.request(method, path)
    problem = problem_of(answer, 404)
    assert len(problem["detail"]) < 300


@pytest.mark.parametrize(
    ("request_line", "allowed"),
    [
        ("GET /fit", {"POST"}),
        ("PUT /runs/latest", {"GET", "PATCH", "DELETE"}),
        ("POST /runs", {"GET", "DELETE"}),
        ("GET /runs/latest/cancel", {"POST"}),
        ("POST /runs/latest/trajectory", {"GET"}),
        ("PUT /datasets/latest", {"GET", "PATCH", "DELETE"}),
        ("DELETE /datasets", {"GET", "POST"}),
        ("DELETE /samples", {"GET"}),
        ("POST /docs", {"GET"}),
        ("POST /", {"GET"}),
        ("POST /livez", {"GET"}),
    ],
)
def test_the_answer_to_an_unsupported_method_lists_the_allowed_ones(
    request_line: str, allowed: set[str], api: TestClient
) -> None:
    method, path = request_line.split()
    answer = api.request(method, path)
    problem_of(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == allowed | {"OPTIONS"} | ({"HEAD"} if "GET" in allowed else set())


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/runs", "GET, HEAD, DELETE, OPTIONS"),
        ("/datasets", "GET, HEAD, POST, OPTIONS"),
        ("/runs/latest", "GET, HEAD, PATCH, DELETE, OPTIONS"),
        ("/static/main.js", "GET, HEAD, OPTIONS"),
    ],
)
def test_options_lists_the_methods(path: str, allowed: str, api: TestClient) -> None:
    answer = api.options(path)
    assert (answer.status_code, answer.content, answer.headers["Allow"]) == (204, b"", allowed)


def test_a_method_of_no_resource_is_not_implemented(api: TestClient) -> None:
    for path in ("/runs", "/nothing", "/"):
        problem_of(api.request("BREW", path), 501)


@pytest.mark.parametrize(
    "accept", ["image/png", "text/html", "application/json;q=0", "*/*;q=0", "text/csv;q=0, text/html", "json", ",", ";"]
)
def test_an_unsupported_media_type_is_not_acceptable(accept: str, api: TestClient, run_path: str) -> None:
    problem = problem_of(api.get(f"{run_path}/trajectory", headers={"Accept": accept}), 406)
    assert "text/csv" in problem["detail"]


@pytest.mark.parametrize("path", ["/runs/", "/docs/", "/fit/", "/livez/"])
def test_a_path_with_a_slash_at_its_end_is_not_redirected(path: str, api: TestClient) -> None:
    """A redirect would lead to the host that the client named."""
    answer = api.get(path, headers={"Host": "localhost"}, follow_redirects=False)
    problem_of(answer, 404)
    assert "Location" not in answer.headers


def test_one_answer_names_all_wrong_parameters(api: TestClient) -> None:
    query = "colour=red&decimal=x&thousands=y&missing=z&categories=w&header=m&sheet=Data&target=y"
    for kind, body in (("text/csv", "x,y\n1,2\n2,4\n"), ("application/json", '{"x": [[1], [2]], "y": [1, 2]}')):
        answer = api.post(f"/datasets?{query}", content=body, headers={"Content-Type": kind})
        wrong = {error["parameter"] for error in problem_of(answer, 422)["errors"]}
        assert wrong == {"colour", "decimal", "thousands", "missing", "categories", "header"}
    answer = api.post("/datasets?decimal=.&sheet=Data&target=y", json={"x": [[1], [2]], "y": [1, 2]})
    assert {error["parameter"] for error in problem_of(answer, 422)["errors"]} == {"decimal", "sheet", "target"}

"""The OpenAPI description and the Swagger UI: complete, local, and consistent with the service."""

import asyncio
import re
from pathlib import Path
from typing import Any, get_args

import httpx2
import numpy as np
import pytest
from fastapi import Request, Response
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

import gd_engine
from gd_engine.optim.early_stopping import Reason
from service.api.app import create_app
from service.api.openapi import Description
from service.api.openapi_examples import CSV_EXAMPLES, DATASET_EXAMPLES, FIT_EXAMPLES, SWEEP_EXAMPLES
from service.core.settings import Settings
from service.schemas.responses.datasets import Dataset, DatasetRows, Datasets, Samples
from service.schemas.responses.runs import Run, Runs
from service.schemas.responses.service import Health
from service.schemas.responses.sweeps import Sweep, Sweeps
from service.schemas.responses.trajectories import Trajectory
from service.storage.database import Database
from tests.service.helpers import LINE, check_answer, fit_body, stored_run, strict_json
from tests.waiting import result_of

MEDIA_TYPES = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml", "html": "text/html"}


@pytest.fixture
def described(api: TestClient) -> dict[str, Any]:
    """The OpenAPI description."""
    answer = api.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = strict_json(answer.content)
    return found


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, each) for path, item in described["paths"].items() for method, each in item.items()]


@pytest.mark.parametrize("accepted", [b"identity", b"gzip"])
def test_the_description_is_encoded_once(accepted: bytes, settings: Settings, database: Database) -> None:
    """Anybody may ask for it, without a key, and encoding takes some milliseconds."""
    description = Description(create_app(settings, database))
    request = Request({"type": "http", "headers": [(b"accept-encoding", accepted)]})

    async def answers() -> list[Response]:
        return await asyncio.gather(*(description.answer(request) for _ in range(3)))

    first, *others = result_of(answers())
    assert len(first.body) > 10_000
    assert all(other.body is first.body for other in others)


def test_every_operation_is_described(described: dict[str, Any]) -> None:
    found = operations(described)
    assert len(found) == 43
    for method, path, operation in found:
        name = f"{method} {path}"
        assert len(operation["summary"]) > 5, name
        assert len(operation["description"]) > 15, name
        assert len(operation["tags"]) == 1, name
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), f"{name} {parameter['name']}"
    assert len({operation["operationId"] for _, _, operation in found}) == len(found)


def test_every_error_that_a_route_can_give_is_described(described: dict[str, Any]) -> None:
    for method, path, operation in operations(described):
        wanted = {"422", "500", "503"}
        wanted |= {"404"} if "{" in path or (path in {"/fit", "/sweeps"} and method == "post") else set()
        wanted |= {"400", "413", "415", "507"} if "requestBody" in operation else set()
        wanted |= {"409"} if path.endswith("/cancel") or (method, path.count("dataset_id")) == ("delete", 1) else set()
        wanted |= {"406"} if path.endswith("/trajectory") else set()
        given = {status for status in operation["responses"] if status >= "400"}
        assert wanted <= given, f"{method} {path}"
        for status in given:
            content = operation["responses"][status]["content"]
            assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


OTHER_TYPES = {
    ".{form}": {"image/svg+xml", "image/png"},
    "/metrics": {"text/plain"},
    "/page.html": {"text/html"},
    "/bundle": {"application/zip"},
    "/events": {"text/event-stream"},
}
"""The media types of the operations that answer no JSON, by the endings of their paths."""


def test_every_answer_has_a_schema(described: dict[str, Any]) -> None:
    for method, path, operation in operations(described):
        for status, response in operation["responses"].items():
            assert response["description"], f"{method} {path} {status}"
            if status < "300" and status != "204":
                only = next((types for ending, types in OTHER_TYPES.items() if path.endswith(ending)), None)
                if only is not None:
                    assert set(response["content"]) == only
                    continue
                schema = response["content"]["application/json"]["schema"]
                assert "$ref" in str(schema), f"{method} {path} {status}"


def test_all_references_resolve(described: dict[str, Any]) -> None:
    references = set(re.findall(r"#/components/schemas/(\w+)", str(described)))
    assert references <= set(described["components"]["schemas"])
    assert {"FitRequest", "Run", "Trajectory", "Problem", "InlineDataset"} <= references


def test_the_request_has_the_fields_of_the_contract(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    assert set(schemas["FitRequest"]["properties"]) == {
        *("function", "dataset", "split", "standardize", "model", "objective", "descent"),
        *("preset", "name", "tags", "deadline_seconds"),
    }
    assert "required" not in schemas["FitRequest"]  # either a dataset or a function
    assert schemas["FitRequest"]["additionalProperties"] is False
    assert {"request", "diagnosis", "diverged_at", "links"} <= set(schemas["Run"]["properties"])


def test_the_description_has_the_tested_examples(described: dict[str, Any]) -> None:
    content = described["paths"]["/fit"]["post"]["requestBody"]["content"]
    assert content["application/json"]["examples"] == FIT_EXAMPLES
    content = described["paths"]["/sweeps"]["post"]["requestBody"]["content"]
    assert content["application/json"]["examples"] == SWEEP_EXAMPLES
    content = described["paths"]["/datasets"]["post"]["requestBody"]["content"]
    assert content["application/json"]["examples"] == DATASET_EXAMPLES
    assert content["text/csv"]["examples"] == CSV_EXAMPLES


@pytest.mark.parametrize("example", DATASET_EXAMPLES)
def test_examples_of_json_datasets_are_accepted(example: str, api: TestClient) -> None:
    assert api.post("/datasets", json=DATASET_EXAMPLES[example]["value"]).status_code == 201


@pytest.mark.parametrize("example", CSV_EXAMPLES)
def test_examples_of_csv_datasets_are_accepted(example: str, api: TestClient) -> None:
    answer = api.post("/datasets", content=CSV_EXAMPLES[example]["value"], headers={"Content-Type": "text/csv"})
    assert answer.status_code == 201


def test_the_examples_of_path_parameters_name_existing_objects(
    described: dict[str, Any], api: TestClient, database: Database
) -> None:
    sweep = api.post("/sweeps", json={"base": fit_body(), "grid": {"/split/seed": [1]}}).json()
    api.post(f"/sweeps/{sweep['id']}/cancel")  # `stored_run` would claim its run first
    stored_run(database, fit_body(), np.ones((2, 2)))  # finished: the events of a queued run never end
    api.post("/datasets", json=LINE["dataset"])
    for method, path, operation in operations(described):
        filled = path
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path" and parameter["schema"].get("not") != {"const": "latest"}:
                [example] = parameter["examples"].values()  # Swagger UI ignores examples of the schema
                filled = filled.replace(f"{{{parameter['name']}}}", str(example["value"]))
        if method == "get":
            assert api.get(filled).status_code == 200, filled


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/runs", Runs),
        ("/runs/latest", Run),
        ("/runs/latest/trajectory", Trajectory),
        ("/runs/latest/trajectory?max_points=3", Trajectory),
        ("/datasets", Datasets),
        ("/datasets/latest", Dataset),
        ("/datasets/latest/rows", DatasetRows),
        ("/sweeps", Sweeps),
        ("/sweeps/latest", Sweep),
        ("/samples", Samples),
        ("/livez", Health),
        ("/readyz", Health),
    ],
)
def test_answers_have_exactly_the_described_fields(path: str, model: Any, api: TestClient, database: Database) -> None:
    classes = {"x": [[1.0], [2.0], [3.0], [4.0]], "y": ["a", "b", "a", "b"]}
    body = fit_body(dataset=classes, model={"kind": "logistic"}, tags={"a": "b"}, name="n")
    stored_run(database, body, [[0.5] * 15] * 6)
    api.post("/datasets", json=classes)
    api.post("/sweeps", json={"base": body, "grid": {"/split/seed": [1]}})
    given = api.get(path).json()
    check_answer(model, given)
    assert set(TypeAdapter(model).json_schema().get("required", ())) <= set(given)


def test_the_answer_of_a_finished_run_has_the_described_fields(client: httpx2.Client) -> None:
    for changes in ({}, {"model": {"kind": "logistic"}, "dataset": {"y": [0, 1, 1, 0, 1, 0, 1, 1]}}):
        body = fit_body(**changes)
        run = client.post("/fit", json=body, headers={"Prefer": "wait=60"}).json()
        check_answer(Run, run)
        assert run["final"]
        assert run["best"]


def test_the_swagger_ui_and_its_files_are_local(api: TestClient) -> None:
    waiting, seen = ["/docs"], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = api.get(path)
        assert answer.status_code == 200, path
        assert answer.content, path
        kind = MEDIA_TYPES[path.rpartition(".")[2] if "." in path else "html"]
        assert answer.headers["content-type"].partition(";")[0] == kind, path
        if "/vendor/" not in path:
            assert not re.findall(r"""(?:src|href|from|import|url)\W{1,3}(?:https?:)?//""", answer.text), path
            named = re.findall(r"""(?:src|href)="(static/[^"]+)"|(?:from|import) "(/static/[^"]+)\"""", answer.text)
            waiting += {f"/{(one or other).removeprefix('/')}" for one, other in named} - seen
    assert any("swagger-ui-bundle" in path for path in seen)
    assert len(seen) >= 6
    policy = api.get("/docs").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy


CODE = re.compile(r'Finding\(\s*"(\w+)"')


def test_codes_are_those_of_the_code(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    sources = [path.read_text() for path in (Path(gd_engine.__file__).parent).rglob("*.py")]
    written = {code for text in sources for code in CODE.findall(text)}
    assert len(written) > 10
    assert written <= set(schemas["Finding"]["properties"]["code"]["enum"])
    assert "halved_rate" in schemas["Mistake"]["properties"]["code"]["enum"]
    [reasons, null] = schemas["Run"]["properties"]["stop_reason"]["anyOf"]
    assert ({*get_args(Reason)} < set(reasons["enum"]), null) == (True, {"type": "null"})


def test_times_and_kinds_are_described(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    for name, schema in schemas.items():
        for field, each in schema.get("properties", {}).items():
            if field.endswith("_at") and field != "diverged_at":
                assert "'format': 'date-time'" in str(each), f"{name}.{field}"
            if "discriminator" in each:
                mapping = each["discriminator"]["mapping"]
                assert each["discriminator"]["propertyName"] == "kind"
                assert [{"$ref": reference} for reference in mapping.values()] == each["oneOf"]
    for name, field, kind, model in (
        ("FitRequest", "model", "mlp", "MlpModel"),
        ("Descent", "optimizer", "adam", "Adam"),
        ("Descent", "schedule", "cosine", "Cosine"),
    ):
        mapping = schemas[name]["properties"][field]["discriminator"]["mapping"]
        assert mapping[kind] == f"#/components/schemas/{model}"

"""Request bodies and headers: media types, malformed JSON, duplicate fields, sizes, invalid headers."""

import json
from collections.abc import Iterator

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.core.settings import Settings
from service.server.live_server import Service
from service.storage.database import Database
from tests.service.helpers import NOTHING, X, Y, counts, fit_body, problem_of, served
from tests.time_bounds import takes_at_most
from tests.waiting import LONGEST

JSON = {"Content-Type": "application/json"}
GOOD = json.dumps(fit_body()).encode()
NOT_JSON = {
    "empty": b"",
    "blank": b"  \n",
    "word": b"hello",
    "cut off": GOOD[:-3],
    "something after": GOOD + b" x",
    "single quotes": b"{'dataset': 1}",
    "comma at the end": GOOD[:-1] + b",}",
    "comment": b"{/* nothing */}",
    "invalid UTF-8": GOOD[:-1] + b', "name": "\xff\xfe"}',
    "UTF-16": GOOD.decode().encode("utf-16"),
    "lone surrogate": GOOD[:-1] + b', "name": "\\ud800"}',
    "control character": GOOD[:-1] + b', "name": "a\x00b"}',
    "deep list": b"[" * 100_000,
    "deep closed list": b"[" * 100_000 + b"]" * 100_000,
    "deep object": b'{"dataset":' * 100_000,
    "deep list in its place": b'{"dataset": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b', "y": [1]}}',
}


@pytest.mark.parametrize("name", NOT_JSON)
@pytest.mark.parametrize("path", ["/fit", "/datasets"])
def test_a_body_that_is_no_json_is_malformed(name: str, path: str, api: TestClient, database: Database) -> None:
    problem = problem_of(api.post(path, content=NOT_JSON[name], headers=JSON), 400)
    assert "not JSON" in problem["detail"]
    assert problem["errors"][0]["pointer"] == ""
    assert counts(database) == NOTHING


@pytest.mark.parametrize("body", [b"[]", b"[1, 2]", b"null", b"5", b'"text"', b"true", b"[[[[[[1]]]]]]"])
@pytest.mark.parametrize("path", ["/fit", "/datasets"])
def test_json_that_is_no_object_is_invalid(body: bytes, path: str, api: TestClient, database: Database) -> None:
    [error] = problem_of(api.post(path, content=body, headers=JSON), 422)["errors"]
    assert error["pointer"] == ""
    assert counts(database) == NOTHING


REPEATED = {
    b'{"dataset": {"x": [[1],[2],[3]], "y": [1,2,4]}, "name": "a", "name": "b"}': "/name",
    b'{"dataset": {"x": [[1],[2],[3]], "y": [1,2,4], "y": [1,2,3]}}': "/dataset/y",
    b'{"dataset": {"x": [[1],[2],[3]], "y": ["a:b","c:d","a:b"], "y": ["a","b","a"]}, "model": {"kind": "logistic"}}': (
        "/dataset/y"
    ),
    b'{"dataset": {"sample": "norris"}, "descent": {"steps": 5, "st\\u0065ps": 6}}': "/descent/steps",
    b'{"dataset": {"sample": "norris"}, "descent": {"optimizer": {"kind": "gd", "kind": "gd"}}}': (
        "/descent/optimizer/kind"
    ),
    b'{"dataset": {"sample": "norris"}, "descent": {"theta0": {"x": 1, "intercept": 2, "x": 3}}}': "/descent/theta0/x",
    b'{"dataset": {"sample": "norris"}, "tags": {"a": "b", "a": "b"}}': "/tags/a",
    b'{"dataset": {"sample": "norris"}, "descent": {"steps": 1, "steps": 2}, "descent": {}}': "/descent",
}


@pytest.mark.parametrize("body", REPEATED)
def test_a_field_given_twice_is_refused(body: bytes, api: TestClient, database: Database) -> None:
    [error] = problem_of(api.post("/fit", content=body, headers=JSON), 422)["errors"]
    assert error["pointer"] == REPEATED[body]
    assert counts(database) == NOTHING


def test_colons_in_texts_make_no_fields(api: TestClient) -> None:
    body = fit_body(
        dataset={"x": X, "y": ["a:b", "c:"] * 4, "feature_names": ['{"x": 1, "x": 2}']},
        model={"kind": "logistic"},
        tags={"at": "12:30"},
    )
    assert api.post("/fit", json=body).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        fit_body(dataset={f"a{n}": 1 for n in range(60_000)}),
        fit_body(descent={"theta0": {f"a{n}": None for n in range(60_000)}}),
        fit_body(**{"a" * 2_000_000: 1}),
        fit_body(descent={"theta0": {"a" * 2_000_000: None}}),
        fit_body(descent={"theta0": {"a" * 2_000_000: 1}}),
        fit_body(dataset={"feature_names": ["a" * 2_000_000]}),
        fit_body(objective={"loss": "a" * 2_000_000}),
        fit_body(model={"kind": "a" * 2_000_000}),
    ],
    ids=["fields", "values", "field", "name", "parameter", "feature", "loss", "kind"],
)
def test_an_excessive_body_takes_little_time(body: dict[str, object], api: TestClient, database: Database) -> None:
    api.post("/fit", json={})  # the first request initializes the application
    assert takes_at_most(0.6, lambda: api.post("/fit", json=body))
    answer = api.post("/fit", json=body)
    problem_of(answer, 422)
    assert len(answer.content) < 10_000
    assert counts(database) == NOTHING


def test_an_object_of_very_many_fields_gets_one_error(api: TestClient) -> None:
    body = fit_body(dataset={f"a{n}": 1 for n in range(60_000)})
    [error] = problem_of(api.post("/fit", json=body), 422)["errors"]
    assert "60002 fields" in error["message"]


@pytest.mark.parametrize("path", ["/fit", "/datasets"])
@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "image/png"]
)
def test_another_media_type_is_refused(kind: str | None, path: str, api: TestClient, database: Database) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    [error] = problem_of(api.post(path, content=GOOD, headers=headers), 415)["errors"]
    assert error["header"] == "Content-Type"
    assert "application/json" in error["hint"]
    assert counts(database) == NOTHING


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json ;a=b"])
def test_parameters_and_case_of_the_media_type_do_not_matter(kind: str, api: TestClient) -> None:
    assert api.post("/fit", content=GOOD, headers={"Content-Type": kind}).status_code == 202


@pytest.mark.parametrize(
    "prefer",
    [
        *("wait=soon", "wait=-1", "wait=1.5", "wait=", "wait=1e3", "wait=99999999999", "Wait=x", 'wait="1'),
        *("respond-async", "return=minimal", "handling=strict; wait-for=x", "", "await=1", 'note="wait=1"'),
    ],
)
def test_other_preferences_and_a_wait_without_a_number_are_ignored(prefer: str, api: TestClient) -> None:
    path = api.post("/fit", json=fit_body(), headers={"Prefer": prefer}).headers["Location"]
    answer = api.get(path, headers={"Prefer": prefer})
    assert answer.status_code == 200
    assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize("prefer", ["wait=1", "respond-async, WAIT = 1", 'wait="1"', "wait=soon, wait=1; a=b"])
def test_a_wait_is_found_among_preferences(prefer: str, api: TestClient) -> None:
    path = api.post("/fit", json=fit_body()).headers["Location"]
    assert api.get(path, headers={"Prefer": prefer}).headers["Preference-Applied"] == "wait=1"


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_the_length_of_an_idempotency_key_is_limited(key: str, api: TestClient, database: Database) -> None:
    [error] = problem_of(api.post("/fit", json=fit_body(), headers={"Idempotency-Key": key}), 422)["errors"]
    assert error["header"].lower() == "idempotency-key"
    assert counts(database) == NOTHING


def test_a_key_used_for_another_body_is_refused(api: TestClient, database: Database) -> None:
    assert api.post("/fit", json=fit_body(), headers={"Idempotency-Key": "k"}).status_code == 202
    before = counts(database)
    other = fit_body(descent={"steps": 6})
    [error] = problem_of(api.post("/fit", json=other, headers={"Idempotency-Key": "k"}), 422)["errors"]
    assert error["header"] == "Idempotency-Key"
    assert counts(database) == before


@pytest.mark.parametrize(
    ("path", "kind", "setting"),
    [
        ("/fit", "application/json", "max_body_bytes"),
        ("/datasets", "application/json", "max_body_bytes"),
        ("/datasets", "text/csv", "max_upload_bytes"),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_too_large_is_refused(
    path: str, kind: str, setting: str, chunked: bool, settings: Settings, database: Database
) -> None:
    small = settings.model_copy(update={setting: 1000})
    content = b"a,y\n" + b"1,2\n" * 1000

    def pieces() -> Iterator[bytes]:
        for first in range(0, len(content), 100):
            yield content[first : first + 100]

    with served(create_app(small, database)) as url:
        body = pieces() if chunked else content
        problem = problem_of(
            httpx2.post(url + path, content=body, headers={"Content-Type": kind}, timeout=LONGEST), 413
        )
    assert problem["max_bytes"] == 1000
    assert counts(database) == NOTHING


@pytest.mark.parametrize("chunked", [False, True])
def test_an_oversized_body_is_refused_before_its_end(chunked: bool, service: Service) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 400 * 2**20:
            sent += 2**20
            yield b"[" + b" " * (2**20 - 1)

    headers = JSON if chunked else JSON | {"Content-Length": str(400 * 2**20)}
    problem_of(httpx2.post(f"{service.url}/fit", content=endless(), headers=headers, timeout=LONGEST), 413)
    assert sent < 100 * 2**20


def test_a_body_of_the_largest_size_is_accepted(settings: Settings, database: Database) -> None:
    exact = settings.model_copy(update={"max_body_bytes": len(GOOD)})
    with TestClient(create_app(exact, database)) as client:
        assert client.post("/fit", content=GOOD, headers=JSON).status_code == 202
        problem_of(client.post("/fit", content=GOOD + b" ", headers=JSON), 413)


def test_an_indented_body_is_accepted(api: TestClient) -> None:
    body = json.dumps({"dataset": {"x": X, "y": Y}}, indent=4).encode() + b"\n\n"
    assert api.post("/fit", content=body, headers=JSON).status_code == 202

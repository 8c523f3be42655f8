"""POST /fit refuses invalid requests: the error has the pointer of the field, and nothing is stored."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.core.settings import Settings
from service.schemas.fit import FitRequest
from service.storage.connect import open_database
from service.storage.database import Database
from tests.service.helpers import NOTHING, X, Y, counts, fit_body, problem_of, resolves

HUGE = 10**400
TWO = [[1.0, 1.0], [2.0, 3.0], [3.0, 2.0]]


def data(x: Any = X, y: Any = Y, **more: Any) -> dict[str, Any]:
    return {"dataset": {"x": x, "y": y, **more}}


def raw(value: str) -> dict[str, Any]:
    """A body with this text in place of a number of x."""
    return {"raw": json.dumps(fit_body(**data([[12345.0], *X[1:]]))).replace("12345.0", value)}


def with_(**changes: Any) -> dict[str, Any]:
    return fit_body(**changes)


def classes(y: list[Any], **more: Any) -> dict[str, Any]:
    return with_(dataset={"x": X[: len(y)], "y": y}, model={"kind": "logistic"}, **more)


# The request, and the pointer of its first error.
DATA = {
    "no dataset": (with_(dataset=...), "/dataset"),
    "empty object": ({}, "/dataset"),
    "dataset null": (with_(dataset=None), "/dataset"),
    "dataset a list": (with_(dataset=[[1, 2]]), "/dataset"),
    "dataset without x": ({"dataset": {"y": Y}}, "/dataset/x"),
    "dataset without y": ({"dataset": {"x": X}}, "/dataset/y"),
    "ragged row": (data([[1.0, 2.0], [3.0]], [1, 2]), "/dataset/x/1"),
    "empty row": (data([[1.0], [], *X[2:]]), "/dataset/x/1"),
    "all rows empty": (data([[], []], [1, 2]), "/dataset/x/0"),
    "zero rows": (data([], []), "/dataset/x"),
    "one row": (data([[1.0]], [1.0]), "/dataset/x"),
    "x longer than y": (data(X, Y[:-1]), "/dataset/y"),
    "y longer than x": (data(X[:-1], Y), "/dataset/y"),
    "x not nested": (data([1.0, 2.0], [1, 2]), "/dataset/x/0"),
    "x a number": (data(5), "/dataset/x"),
    "y nested": (data(X, [[v] for v in Y]), "/dataset/y/0"),
    "y null": (data(X, None), "/dataset/y"),
    "string in x": (data([["1.0"], *X[1:]]), "/dataset/x/0/0"),
    "null in x": (data([[1.0], [None], *X[2:]]), "/dataset/x/1/0"),
    "boolean in x": (data([[True], *X[1:]]), "/dataset/x/0/0"),
    "list in x": (data([[[1.0]], *X[1:]]), "/dataset/x/0/0"),
    "null in y": (data(X, [*Y[:-1], None]), "/dataset/y/7"),
    "boolean in y": (data(X, [*Y[:-1], False]), "/dataset/y/7"),
    "string among numbers in y": (data(X, [*Y[:-1], "16"]), "/dataset/y/7"),
    "number among labels in y": (data(X, ["a", *Y[1:]]), "/dataset/y/1"),
    "empty label": (classes(["a", "", "a", "b"]), "/dataset/y/1"),
    "NaN": (raw("NaN"), "/dataset/x/0/0"),
    "Infinity": (raw("Infinity"), "/dataset/x/0/0"),
    "-Infinity": (raw("-Infinity"), "/dataset/x/0/0"),
    "1e999": (raw("1e999"), "/dataset/x/0/0"),
    "huge integer": (raw(str(HUGE)), "/dataset/x/0/0"),
    "huge integer in y": (data(X, [HUGE, *Y[1:]]), "/dataset/y/0"),
    "too few names": (data(TWO, [1, 2, 3], feature_names=["a"]), "/dataset/feature_names"),
    "name twice": (data(TWO, [1, 2, 3], feature_names=["a", "a"]), "/dataset/feature_names"),
    "name is the target's": (data(TWO, [1, 2, 3], feature_names=["a", "y"]), "/dataset/feature_names"),
    "empty name": (data(TWO, [1, 2, 3], feature_names=["a", ""]), "/dataset/feature_names/1"),
    "name a number": (data(TWO, [1, 2, 3], feature_names=["a", 5]), "/dataset/feature_names/1"),
    "feature called intercept": (data(X, Y, feature_names=["intercept"]), "/dataset/x"),
    "feature called as a monomial": (
        with_(
            dataset={"x": TWO, "y": [1, 2, 3], "feature_names": ["a", "a^2"]},
            model={"kind": "polynomial", "degree": 2},
        ),
        "/dataset/x",
    ),
    "power beyond finite": (with_(dataset={"x": [[1e200], *X[1:]]}, model={"kind": "polynomial"}), "/dataset/x"),
    "too large to be standardised": (
        with_(dataset={"x": [[1e155 * v] for v in Y]}, standardize=True),
        "/dataset/x",
    ),
    "too small to be standardised": (
        with_(dataset={"x": [[1e-300 * v] for v in Y]}, standardize=True),
        "/dataset/x",
    ),
    "unknown sample": ({"dataset": {"sample": "iris"}}, "/dataset/sample"),
    "sample a number": ({"dataset": {"sample": 5}}, "/dataset/sample"),
    "id a number": ({"dataset": {"id": 5}}, "/dataset/id"),
    "id and rows": ({"dataset": {"id": "latest", "x": X}}, "/dataset/x"),
    "one class": (classes(["a"] * 6), "/dataset/y"),
    "three classes": (classes(["a", "b", "c", "a", "b", "c"]), "/dataset/y"),
    "three integer classes": (classes([0, 1, 2, 0, 1, 2]), "/dataset/y"),
    "fractions as classes": (classes([0.5, 1.5, 0.5, 1.5]), "/dataset/y"),
    "labels for a linear model": (data(X[:4], ["a", "b", "a", "b"]), "/dataset/y"),
}
SPLIT = {
    "test_fraction 1": ({"test_fraction": 1}, "/split/test_fraction"),
    "test_fraction -0.1": ({"test_fraction": -0.1}, "/split/test_fraction"),
    "test_fraction a string": ({"test_fraction": "0.25"}, "/split/test_fraction"),
    "no training row": ({"test_fraction": 0.99}, "/split/test_fraction"),
    "seed negative": ({"seed": -1}, "/split/seed"),
    "seed beyond 64 bits": ({"seed": 2**64}, "/split/seed"),
    "seed fractional": ({"seed": 0.5}, "/split/seed"),
    "shuffle a number": ({"shuffle": 1}, "/split/shuffle"),
    "test row out of range": ({"test_rows": [0, 8]}, "/split/test_rows/1"),
    "test row huge": ({"test_rows": [HUGE]}, "/split/test_rows/0"),
    "test row negative": ({"test_rows": [-1]}, "/split/test_rows/0"),
    "test row fractional": ({"test_rows": [1.5]}, "/split/test_rows/0"),
    "test row twice": ({"test_rows": [1, 1]}, "/split/test_rows"),
    "all rows for testing": ({"test_rows": list(range(8))}, "/split/test_rows"),
    "test_rows empty": ({"test_rows": []}, "/split/test_rows"),
    "both kinds of split": ({"test_rows": [1], "test_fraction": 0.5}, "/split/test_fraction"),
    "split null": (None, "/split"),
}
MODEL = {
    "unknown kind": ({"kind": "forest"}, "/model/kind"),
    "kind a list": ({"kind": ["linear"]}, "/model/kind"),
    "kind null": ({"kind": None}, "/model/kind"),
    "degree 0": ({"kind": "polynomial", "degree": 0}, "/model/degree"),
    "degree huge": ({"kind": "polynomial", "degree": HUGE}, "/model/degree"),
    "degree of a linear model": ({"kind": "linear", "degree": 2}, "/model/degree"),
    "intercept a number": ({"intercept": 1}, "/model/intercept"),
    "model a string": ("linear", "/model"),
}
DESCENT = {
    "steps 0": ({"steps": 0}, "/descent/steps"),
    "steps negative": ({"steps": -5}, "/descent/steps"),
    "steps fractional": ({"steps": 10.5}, "/descent/steps"),
    "steps a string": ({"steps": "10"}, "/descent/steps"),
    "steps true": ({"steps": True}, "/descent/steps"),
    "steps huge": ({"steps": HUGE}, "/descent/steps"),
    "learning_rate 0": ({"learning_rate": 0}, "/descent/learning_rate"),
    "learning_rate negative": ({"learning_rate": -0.1}, "/descent/learning_rate"),
    "learning_rate a word": ({"learning_rate": "fast"}, "/descent/learning_rate"),
    "learning_rate a string": ({"learning_rate": "0.1"}, "/descent/learning_rate"),
    "learning_rate null": ({"learning_rate": None}, "/descent/learning_rate"),
    "learning_rate NaN": ({"learning_rate": float("nan")}, "/descent/learning_rate"),
    "learning_rate infinite": ({"learning_rate": float("inf")}, "/descent/learning_rate"),
    "theta0 too short": ({"theta0": [0.0]}, "/descent/theta0"),
    "theta0 too long": ({"theta0": [0.0, 0.0, 0.0]}, "/descent/theta0"),
    "theta0 with a string": ({"theta0": [0.0, "0"]}, "/descent/theta0/1"),
    "theta0 with NaN": ({"theta0": [0.0, float("nan")]}, "/descent/theta0/1"),
    "theta0 lacks a name": ({"theta0": {"intercept": 1}}, "/descent/theta0"),
    "theta0 with a wrong name": ({"theta0": {"intercept": 1, "age": 1}}, "/descent/theta0"),
    "theta0 with one name more": ({"theta0": {"intercept": 1, "x1": 1, "x2": 1}}, "/descent/theta0"),
    "theta0 by name with null": ({"theta0": {"intercept": 1, "x1": None}}, "/descent/theta0/x1"),
    "theta0 a word": ({"theta0": "ones"}, "/descent/theta0"),
    "theta0 a number": ({"theta0": 0}, "/descent/theta0"),
    "optimizer unknown": ({"optimizer": {"kind": "magic"}}, "/descent/optimizer/kind"),
    "schedule unknown": ({"schedule": {"kind": "magic"}}, "/descent/schedule/kind"),
    "batch_size 0": ({"batch_size": 0}, "/descent/batch_size"),
    "seed a string": ({"seed": "0"}, "/descent/seed"),
}
REST: dict[str, tuple[dict[str, Any], str]] = {
    "log_loss with linear": ({"objective": {"loss": "log_loss"}}, "/objective/loss"),
    "loss unknown": ({"objective": {"loss": "hinge"}}, "/objective/loss"),
    "l2 negative": ({"objective": {"l2": -1}}, "/objective/l2"),
    "l2 a string": ({"objective": {"l2": "1"}}, "/objective/l2"),
    "preset unknown": ({"preset": "exam"}, "/preset"),
    "standardize a word": ({"standardize": "yes"}, "/standardize"),
    "name a number": ({"name": 5}, "/name"),
    "name too long": ({"name": "a" * 201}, "/name"),
    "tags a list": ({"tags": ["a"]}, "/tags"),
    "tag a number": ({"tags": {"a": 5}}, "/tags/a"),
    "tag name empty": ({"tags": {"": "a"}}, "/tags/"),
    "tag name with a colon": ({"tags": {"a:b": "c"}}, "/tags/a:b"),
    "too many tags": ({"tags": {str(n): "" for n in range(21)}}, "/tags"),
    "deadline a string": ({"deadline_seconds": "soon"}, "/deadline_seconds"),
}
UNKNOWN = ["", "/dataset", "/split", "/model", "/objective", "/descent", "/descent/optimizer", "/descent/schedule"]
CASES = {
    **DATA,
    **{name: (with_(split=value), pointer) for name, (value, pointer) in SPLIT.items()},
    **{name: (with_(model=value), pointer) for name, (value, pointer) in MODEL.items()},
    **{name: (with_(descent=value), pointer) for name, (value, pointer) in DESCENT.items()},
    **{name: (with_(**value), pointer) for name, (value, pointer) in REST.items()},
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for all tests: no test stores anything in it."""
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('refused')}/descent.db", 5)
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def api(database: Database) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), database), raise_server_exceptions=False) as client:
        yield client


def send(api: TestClient, body: dict[str, Any]) -> Any:
    content = body["raw"] if "raw" in body else json.dumps(body)
    return api.post("/fit", content=content, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("name", CASES)
def test_the_error_of_a_bad_request_has_its_pointer_and_nothing_is_stored(
    name: str, api: TestClient, database: Database
) -> None:
    body, pointer = CASES[name]
    problem = problem_of(send(api, body), 422)
    assert problem["errors"][0]["pointer"] == pointer
    if "raw" not in body:
        assert all(resolves(error["pointer"], body) for error in problem["errors"])
    assert counts(database) == NOTHING


@pytest.mark.parametrize("place", UNKNOWN)
def test_an_unknown_field_is_refused_at_each_level(place: str, api: TestClient, database: Database) -> None:
    body = fit_body(split={}, model={}, objective={}, descent={"optimizer": {}, "schedule": {}})
    at: Any = body
    for step in place.split("/")[1:]:
        at = at[step]
    at["colour/~"] = 1
    [error] = problem_of(send(api, body), 422)["errors"]
    assert error["pointer"] == f"{place}/colour~1~0"
    assert error["hint"]
    assert counts(database) == NOTHING


def test_several_errors_are_reported_together(api: TestClient) -> None:
    body = fit_body(descent={"steps": 0, "learning_rate": -1}, colour=1)
    problem = problem_of(send(api, body), 422)
    assert {error["pointer"] for error in problem["errors"]} == {"/descent/steps", "/descent/learning_rate", "/colour"}
    assert "2 more" in problem["detail"]


def test_an_unknown_dataset_is_not_found(api: TestClient, database: Database) -> None:
    problem = problem_of(api.post("/fit", json={"dataset": {"id": "0" * 16}}), 404)
    assert problem["errors"][0]["pointer"] == "/dataset/id"
    assert counts(database) == NOTHING


@pytest.mark.parametrize("value", ["big", None, True, [0.1], {"kind": "auto"}])
def test_a_wrong_learning_rate_names_both_alternatives(value: Any, api: TestClient) -> None:
    [error] = problem_of(api.post("/fit", json=fit_body(descent={"learning_rate": value})), 422)["errors"]
    assert error["message"] == "This is neither a number nor 'auto'."
    assert error["hint"] == "Write a number above 0, or 'auto'."


@pytest.mark.parametrize("value", ["ones", 5, True])
def test_a_wrong_theta0_names_all_alternatives(value: Any, api: TestClient) -> None:
    [error] = problem_of(api.post("/fit", json=fit_body(descent={"theta0": value})), 422)["errors"]
    assert error["message"] == "This is neither 'zeros' nor a list nor an object."


WRONG = [None, True, 5, 1.5, "text", [], [5], {}, {"a": 5}]


@pytest.mark.parametrize("part", ["", "dataset", "split", "model", "objective", "descent"])
def test_a_wrong_type_of_any_field_gets_sentences(part: str, api: TestClient) -> None:
    """Whatever a field has, the message and the hint are sentences without the validator's own words."""
    names = _fields_of(part)
    for name, value in ((name, value) for name in names for value in WRONG):
        change = {name: value}
        answer = api.post("/fit?validate_only=true", json=fit_body(**({part: change} if part else change)))
        if answer.status_code == 200:
            continue
        for error in problem_of(answer, 422 if answer.status_code != 404 else 404)["errors"]:
            for text in (error["message"], error.get("hint", "It.")):
                assert text[-1] == ".", (change, error)
                assert not {"Input", "input", "pydantic", "tag"} & set(text.split()), (change, error)


def _fields_of(part: str) -> list[str]:
    schemas = FitRequest.model_json_schema()
    names = {"": "FitRequest", "dataset": "InlineDataset", "split": "RowsSplit", "model": "MlpModel"}
    name = names.get(part, part.capitalize())
    return list((schemas if name == "FitRequest" else schemas["$defs"][name])["properties"])


def test_a_number_of_one_has_a_singular(api: TestClient) -> None:
    [error] = problem_of(api.post("/fit", json=fit_body(**data([[1.0]], [1.0]))), 422)["errors"]
    assert error["message"] == "1 entry; the minimum is 2."
    [error] = problem_of(api.post("/fit", json=fit_body(**data([[1.0, 2.0], [1.0]], [1.0, 2.0]))), 422)["errors"]
    assert error["message"] == "This row has 1 value, row 0 has 2."

"""The hint for an unknown field names the field that was meant."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.service.helpers import fit_body, problem_of

MOMENTUM = {"optimizer": {"kind": "momentum", "beta1": 0.3}}
HINTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "/colour": ("/fit", fit_body() | {"colour": 5}, "Remove it, or look up its name at /docs."),
    "/setps": ("/fit", fit_body() | {"setps": 5}, "Did you mean /descent/steps?"),
    "/descent/setps": ("/fit", fit_body(descent={"setps": 5}), "Did you mean steps?"),
    "/descent/stop/patince": ("/fit", fit_body(descent={"stop": {"patince": 5}}), "Did you mean patience?"),
    "/objective/L2": ("/fit", fit_body(objective={"L2": 1.0}), "Did you mean l2?"),
    "/learning_rate": ("/fit", fit_body() | {"learning_rate": 0.1}, "Did you mean /descent/learning_rate?"),
    "/momentum": ("/fit", fit_body() | {"momentum": 0.9}, "Did you mean /descent/optimizer/momentum?"),
    "/descent/optimizer/beta1": (
        "/fit",
        fit_body(descent=MOMENTUM),
        "It belongs to another kind of optimizer. Remove it, or choose that kind.",
    ),
    "/base/steps": (
        "/sweeps",
        {"base": fit_body() | {"steps": 5}, "list": [{}]},
        "Did you mean /base/descent/steps?",
    ),
    "/gird": ("/sweeps", {"base": fit_body(), "gird": {}}, "Did you mean grid?"),
    "/list/1/descent/setps": (
        "/sweeps",
        {"base": fit_body(), "list": [{}, {"descent": {"setps": 5}}]},
        "Did you mean steps?",
    ),
}


@pytest.mark.parametrize("pointer", HINTS)
def test_an_unknown_field_has_the_nearest_name(pointer: str, api: TestClient) -> None:
    path, body, hint = HINTS[pointer]
    errors = problem_of(api.post(path, json=body), 422)["errors"]
    assert [(each["pointer"], each.get("hint")) for each in errors if each["message"] == "Unknown field."] == [
        (pointer, hint)
    ]


SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "/descent/optimizer": (fit_body(descent={"optimizer": "adam"}), 'Write {"kind": "adam"}.'),
    "/descent/schedule": (fit_body(descent={"schedule": "cosine"}), 'Write {"kind": "cosine"}.'),
    "/model": (fit_body(model="linear"), 'Write {"kind": "linear"}.'),
    "/dataset": ({"dataset": "norris"}, 'Write {"sample": "norris"}.'),
    "/function": ({"function": "bowl"}, 'Write {"name": "bowl"}.'),
    "/dataset/x/0": ({"dataset": {"x": [1, 2, 3, 4], "y": [1, 2, 3, 4]}}, "Each row is a list: [[1], [2], …]."),
    "/objective": (fit_body(objective="mse"), "Write a JSON object, {...}."),
}


@pytest.mark.parametrize("pointer", SHAPES)
def test_a_name_or_a_number_without_its_brackets_has_them_in_the_hint(pointer: str, api: TestClient) -> None:
    body, hint = SHAPES[pointer]
    [error] = problem_of(api.post("/fit", json=body), 422)["errors"]
    assert (error["pointer"], error["hint"]) == (pointer, hint)


def test_the_hint_with_a_name_is_french_too(api: TestClient) -> None:
    answer = api.post("/fit", json=SHAPES["/model"][0], headers={"Accept-Language": "fr"})
    assert problem_of(answer, 422)["errors"][0]["hint"] == 'Écrivez {"kind": "linear"}.'

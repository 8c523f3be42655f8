"""POST /fit chooses features and target among the columns of a stored dataset; all answers of the run use them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.core.settings import Settings
from service.storage import runs
from service.storage.database import Database
from tests.service.helpers import problem_of
from tests.service.people import (
    AGES,
    HEIGHTS,
    SEX,
    SEXES,
    TOWN,
    TOWNS,
    inline,
    is_text,
    people,
    stored,
)

Work = Callable[[], None]
OSLO, NARVIK, MALE = is_text(TOWNS, 2), is_text(TOWNS, 1), is_text(SEXES, 1)
DESCENT = {"steps": 20, "learning_rate": 0.05}
TOWNS_OF_AGE = {"features": ["height", "town"], "target": "age"}
EQUAL: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "the choice of the upload": ({}, inline([AGES, MALE], HEIGHTS, ["age", "sex=male"], "height"), {}),
    "features": ({"features": ["age"]}, inline([AGES], HEIGHTS, ["age"], "height"), {}),
    "another order": (
        {"features": ["sex=male", "age"]},
        inline([MALE, AGES], HEIGHTS, ["sex=male", "age"], "height"),
        {"model": {"kind": "polynomial", "degree": 2}},
    ),
    "a target": ({"target": "age"}, inline([MALE], AGES, ["sex=male"], "age"), {}),
    "a whole category": (
        TOWNS_OF_AGE,
        inline([HEIGHTS, NARVIK, OSLO], AGES, ["height", "town=Narvik", "town=Oslo"], "age"),
        {},
    ),
    "one text": (
        {"features": ["town=Bergen", "age"]},
        inline([is_text(TOWNS, 0), AGES], HEIGHTS, ["town=Bergen", "age"], "height"),
        {"descent": {**DESCENT, "batch_size": 3}},
    ),
    "texts as classes": (
        {"features": ["age", "height"], "target": "sex"},
        inline([AGES, HEIGHTS], [SEX[int(code)] for code in SEXES], ["age", "height"], "sex"),
        {"model": {"kind": "logistic"}},
    ),
    "three classes": (
        {"features": ["age", "height"], "target": "town"},
        inline([AGES, HEIGHTS], [TOWN[int(code)] for code in TOWNS], ["age", "height"], "town"),
        {"model": {"kind": "softmax"}},
    ),
    "columns side by side": ({"features": ["height"], "target": "age"}, inline([HEIGHTS], AGES, ["height"], "age"), {}),
    "numbers as classes": (
        {"features": ["height"], "target": "age"},
        inline([HEIGHTS], AGES, ["height"], "age"),
        {"model": {"kind": "softmax"}},
    ),
}


def fitted(api: TestClient, dataset: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = api.post("/fit", json={"dataset": dataset, "standardize": True, "descent": DESCENT} | changes)
    assert answer.status_code == 202, answer.text
    run: dict[str, Any] = answer.json()
    return run


@pytest.mark.parametrize("name", EQUAL)
def test_a_choice_gives_the_numbers_of_the_same_inline_data(
    name: str, api: TestClient, people_id: str, work: Work
) -> None:
    chosen, same, changes = EQUAL[name]
    both = [fitted(api, data, **changes)["id"] for data in ({"id": people_id, **chosen}, same)]
    work()
    first, second = (api.get(f"/runs/{run}").json() for run in both)
    assert first["status"] == second["status"] == "succeeded"
    for field in ("parameters", "classes", "final", "best", "optimum", "diagnosis", "trajectory_sha256"):
        assert first[field] == second[field], field
    assert first["dataset"] == second["dataset"] | {"id": people_id}


def test_a_run_stores_its_columns(api: TestClient, people_id: str) -> None:
    assert fitted(api, {"id": people_id})["request"]["dataset"] == {"id": people_id}
    run = fitted(api, {"id": "latest", **TOWNS_OF_AGE})
    features = ["height", "town=Narvik", "town=Oslo"]
    assert run["request"]["dataset"] == {"id": people_id, "features": features, "target": "age"}
    assert (run["dataset"]["features"], run["dataset"]["target"]) == (features, "age")
    assert run["parameters"] == ["intercept", *features]
    assert fitted(api, {"id": people_id, "target": "height"})["request"]["dataset"]["features"] == ["age", "sex=male"]
    listed = api.get("/runs").json()["data"]
    assert [each["dataset"]["target"] for each in listed] == ["height", "age", "height"]
    assert fitted(api, run["request"]["dataset"])["request"] == run["request"]


def test_the_answers_of_a_run_use_its_columns(api: TestClient, people_id: str, work: Work) -> None:
    run = fitted(api, {"id": people_id, **TOWNS_OF_AGE})["id"]
    work()
    final = api.get(f"/runs/{run}").json()["final"]
    assert list(final["coefficients"]) == ["intercept", "height", "town=Narvik", "town=Oslo"]
    rows = [[1.6, 0, 1], [1.8, 1, 0]]
    predicted = api.post(f"/runs/{run}/predict", json={"x": rows}).json()["y"]
    constant, *weights = final["coefficients"].values()
    np.testing.assert_allclose(predicted, constant + np.array(rows) @ weights)
    found = api.get(f"/runs/{run}/predictions?points=3&step=20").json()
    assert found["features"] == ["height", "town=Narvik", "town=Oslo"]
    assert (found["x"]["feature"], found["y"]["feature"], found["held"]) == (
        "height",
        "town=Narvik",
        {"town=Oslo": 3 / 8},
    )
    assert found["points"]["x"] == np.column_stack([HEIGHTS, NARVIK, OSLO]).tolist()
    assert found["points"]["y"] == AGES
    assert api.get(f"/runs/{run}/landscape?resolution=3").status_code == 200
    assert api.get(f"/runs/{run}/steps/3").status_code == 200
    assert api.get(f"/runs/{run}/curves.svg").status_code == 200


def test_forks_and_sweeps_of_a_run_use_its_columns(api: TestClient, people_id: str, work: Work) -> None:
    run = fitted(api, {"id": people_id, "features": ["age", "height"], "target": "sex"}, model={"kind": "logistic"})
    work()
    fork = api.post(f"/runs/{run['id']}/fork", json={"from_step": 5, "changes": {"descent": {"steps": 15}}}).json()
    sweep = api.post("/sweeps", json={"run": run["id"], "grid": {"/descent/learning_rate": [0.05, 0.01]}}).json()
    base = {"dataset": {"id": people_id, "features": ["age"]}, "descent": DESCENT}
    other = api.post("/sweeps", json={"base": base, "grid": {"/standardize": [True, False]}}).json()
    work()
    fork = api.get(f"/runs/{fork['id']}").json()
    original = api.get(f"/runs/{run['id']}").json()
    assert fork["final"]["theta"] == original["final"]["theta"]
    members = api.get(f"/runs?sweep={sweep['id']}").json()["data"]
    assert original["trajectory_sha256"] in {member["trajectory_sha256"] for member in members}
    assert {tuple(member["dataset"]["features"]) for member in members} == {("age", "height")}
    [first, second] = api.get(f"/runs?sweep={other['id']}").json()["data"]
    assert (
        first["request"]["dataset"]
        == second["request"]["dataset"]
        == {
            "id": people_id,
            "features": ["age"],
            "target": "height",
        }
    )


def test_a_worker_that_keeps_a_problem_reads_other_columns_anew(api: TestClient, people_id: str, work: Work) -> None:
    grid = {"/descent/learning_rate": [0.05, 0.01]}
    for features in (["age"], ["sex"]):
        base = {"dataset": {"id": people_id, "features": features}, "standardize": True, "descent": DESCENT}
        assert api.post("/sweeps", json={"base": base, "grid": grid}).status_code == 202
    work()
    listed = api.get("/runs").json()["data"]
    assert len({run["trajectory_sha256"] for run in listed}) == 4
    assert [run["parameters"][1] for run in listed] == ["sex=male", "sex=male", "age", "age"]


def test_a_run_with_chosen_columns_is_verified(api: TestClient, database: Database, people_id: str, work: Work) -> None:
    run = fitted(api, {"id": people_id, **TOWNS_OF_AGE})["id"]
    work()
    with database.writing() as connection:  # the route would wait for a worker
        found = runs.find(connection, run)
        assert found is not None
        runs.create_verification(connection, found)
    work()
    assert api.get(f"/runs/{run}").json()["verification"]["identical"] is True


def test_a_check_uses_the_chosen_columns(api: TestClient, people_id: str, work: Work) -> None:
    chosen = {"dataset": {"id": people_id, **TOWNS_OF_AGE}, "standardize": True, "split": {"test_fraction": 0}}
    run = api.post("/fit", json=chosen | {"descent": DESCENT}).json()["id"]
    work()
    path = api.get(f"/runs/{run}/trajectory").json()["theta"]
    assert api.post("/check", json=chosen | {"descent": DESCENT, "trajectory": {"theta": path}}).json()["right"] is True


def test_a_sample_has_columns_too(api: TestClient, work: Work) -> None:
    [longley] = [sample for sample in api.get("/samples").json()["data"] if sample["name"] == "longley"]
    assert [column["name"] for column in longley["columns"]] == ["x1", "x2", "x3", "x4", "x5", "x6", "y"]
    run = fitted(api, {"sample": "longley", "features": ["y", "x6"], "target": "x1"})
    assert run["request"]["dataset"] == {"sample": "longley", "features": ["y", "x6"], "target": "x1"}
    work()
    assert list(api.get(f"/runs/{run['id']}").json()["final"]["coefficients"]) == ["intercept", "y", "x6"]


ERRORS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"features": ["age", "sex", "heigt"], "target": "one"}, "/features/2", "There is no column heigt; ", "height?"),
    ({"features": ["AGE"]}, "/features/0", "the columns are age, sex, height, town, one.", "Did you mean age?"),
    ({"features": ["qqqq"]}, "/features/0", "There is no column qqqq", "GET /datasets/{id}"),
    ({"features": ["age", "sex=mal"]}, "/features/1", "sex has no text mal; it has female, male.", "sex=male?"),
    ({"features": ["age=20"]}, "/features/0", "There is no column age=20", "Did you mean age?"),
    ({"features": ["age", "age"]}, "/features/1", "The feature age is named twice.", "once"),
    ({"features": ["sex", "sex=male"]}, "/features/1", "The feature sex=male is named twice.", "once"),
    ({"features": ["age", "height"]}, "/features/1", "height is the target", "another target"),
    ({"features": ["age"], "target": "heigth"}, "/target", "There is no column heigth", "Did you mean height?"),
    ({"features": ["town=Oslo"], "target": "town"}, "/features/0", "town is the target", "another target"),
    ({"features": []}, "/features", "0 entries", ""),
    ({"features": "age"}, "/features", "This is not a list.", ""),
    ({"feature": ["age"]}, "/feature", "Unknown field.", "Did you mean features?"),
]


@pytest.mark.parametrize(("chosen", "pointer", "message", "hint"), ERRORS)
@pytest.mark.parametrize("path", ["/fit", "/fit?validate_only=true"])
def test_the_error_of_a_choice_names_the_columns(
    path: str, chosen: dict[str, Any], pointer: str, message: str, hint: str, api: TestClient, people_id: str
) -> None:
    [error] = problem_of(api.post(path, json={"dataset": {"id": people_id, **chosen}}), 422)["errors"]
    assert error["pointer"] == f"/dataset{pointer}"
    assert message in error["message"]
    assert hint in error.get("hint", "")


def test_a_target_of_texts_needs_a_classifier(api: TestClient, people_id: str) -> None:
    body = {"dataset": {"id": people_id, "features": ["age"], "target": "sex"}}
    [error] = problem_of(api.post("/fit", json=body), 422)["errors"]
    assert (error["pointer"], error["message"]) == (
        "/dataset/target",
        "sex holds class labels, and linear predicts numbers.",
    )
    [error] = problem_of(
        api.post(
            "/fit",
            json={"dataset": {"id": people_id, "target": "sex", "features": ["height"]}}
            | {"model": {"kind": "logistic"}, "split": {"test_rows": [99]}},
        ),
        422,
    )["errors"]
    assert error["pointer"] == "/split/test_rows/0"
    body = {"dataset": {"id": people_id, "features": ["age"], "target": "height"}, "model": {"kind": "logistic"}}
    [error] = problem_of(api.post("/fit", json=body), 422)["errors"]
    assert error["message"] == "height holds numbers that are no classes; logistic needs exactly two."


def test_too_many_features_are_refused(settings: Settings, database: Database, people_id: str) -> None:
    app = create_app(settings.model_copy(update={"max_features": 2}), database)
    for features, pointer in ((["age", "sex", "one"], "/dataset/features/2"), (["age", "town"], "/dataset/features/1")):
        answer = TestClient(app).post("/fit", json={"dataset": {"id": people_id, "features": features}})
        [error] = problem_of(answer, 422)["errors"]
        assert (error["pointer"], error["message"]) == (pointer, "These are more than 2 features.")


def test_a_dataset_without_default_features_needs_them_named(database: Database, api: TestClient) -> None:
    dataset = stored(database, people("bare", features=[]))
    [error] = problem_of(api.post("/fit", json={"dataset": {"id": dataset}}), 422)["errors"]
    assert error["message"] == "The upload chose no feature besides height."
    assert api.get(f"/datasets/{dataset}/rows").json()["x"] == [[]] * 8
    assert fitted(api, {"id": dataset, "features": ["age"]})["dataset"]["features"] == ["age"]


def test_a_target_leaves_no_feature(api: TestClient, database: Database) -> None:
    dataset = api.post("/datasets", json={"x": [[1], [2], [3]], "y": [1, 2, 4]}).json()["id"]
    [error] = problem_of(api.post("/fit", json={"dataset": {"id": dataset, "target": "x1"}}), 422)["errors"]
    assert error["pointer"] == "/dataset/target"
    assert error["hint"] == "Name the features too; the columns are x1, y."


@pytest.mark.parametrize("way", ["inline", "earlier"])
def test_classes_without_a_count_are_counted_in_the_rows(
    way: str, api: TestClient, database: Database, work: Work
) -> None:
    data = {"x": [[0, 5.5], [1, 6.5], [0, 7.5], [1, 8.5]], "y": [1, 2, 3, 4]}
    if way == "inline":
        dataset = fitted(api, data)["dataset"]["id"]
    else:
        dataset = api.post("/datasets", json=data).json()["id"]
        with database.writing() as connection:  # as the migration leaves it
            connection.exec_driver_sql("UPDATE datasets SET columns = replace(columns, ',\"labels\":[0,1]', '')")
    assert "labels" not in api.get(f"/datasets/{dataset}").json()["columns"][0]
    run = fitted(api, {"id": dataset, "features": ["x2"], "target": "x1"}, model={"kind": "logistic"})
    assert run["classes"] == [0, 1]
    body = {"dataset": {"id": dataset, "features": ["x1"], "target": "x2"}, "model": {"kind": "logistic"}}
    [error] = problem_of(api.post("/fit", json=body), 422)["errors"]
    assert "numbers that are no classes" in error["message"]
    work()
    assert api.get(f"/runs/{run['id']}").json()["status"] == "succeeded"


def test_the_price_is_that_of_the_chosen_columns(api: TestClient, people_id: str) -> None:
    body = {"dataset": {"id": people_id, "features": ["age", "height", "town"], "target": "sex"}}
    price = api.post("/fit?validate_only=true", json=body | {"model": {"kind": "logistic"}}).json()
    assert price["parameters"] == 5
    run = fitted(api, body["dataset"], model={"kind": "logistic"}, standardize=False, descent={})
    assert len(run["parameters"]) == 5


def test_a_constant_column_is_a_finding(api: TestClient, people_id: str, work: Work) -> None:
    run = fitted(api, {"id": people_id, "features": ["age", "one"]})["id"]
    work()
    found = api.get(f"/runs/{run}").json()
    assert found["final"]["coefficients"]["one"] == 0.0
    assert [finding["evidence"] for finding in found["diagnosis"] if finding["code"] == "constant_column"] == [
        {"columns": ["one"], "values": [1.0]}
    ]

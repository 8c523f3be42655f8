"""The columns of a stored dataset: their description, their rows, the content id, and the check of the file."""

import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.schemas.fit import FitRequest
from service.schemas.responses.datasets import Dataset, DatasetRows
from service.storage.database import Database
from service.storage.integrity.fsck import check
from tests.service.api.routes.test_chosen_columns import fitted
from tests.service.helpers import check_answer, counts
from tests.service.people import AGES, HEIGHTS, NAMES, REPORT, SEX, TABLE, TOWN, people, stored


def test_a_dataset_describes_its_columns(api: TestClient, people_id: str) -> None:
    dataset = api.get(f"/datasets/{people_id}").json()
    check_answer(Dataset, dataset)
    assert (dataset["features"], dataset["target"], dataset["classes"]) == (["age", "sex=male"], "height", None)
    age, sex, height, town, one = dataset["columns"]
    assert (age["kind"], age["min"], age["max"], age["labels"]) == ("number", 20.0, 64.0, sorted(map(int, AGES)))
    assert height["labels"] is None
    assert height["mean"] == pytest.approx(np.mean(HEIGHTS))
    assert (sex["kind"], sex["categories"], sex["counts"], sex["missing"]) == ("category", SEX, [4, 4], 1)
    assert (sex["min"], sex["mean"]) == (None, None)
    assert (town["categories"], town["counts"]) == (TOWN, [2, 3, 3])
    assert one["min"] == one["max"] == 1.0
    assert dataset["report"] == [{"code": "missing_dropped", "message": REPORT, "columns": ["sex"]}]


def test_rows_show_all_columns(api: TestClient, people_id: str) -> None:
    given = api.get(f"/datasets/{people_id}/rows?from=1&to=3").json()
    check_answer(DatasetRows, given)
    assert given["columns"] == NAMES
    assert given["rows"] == [
        [age, SEX[int(sex)], height, TOWN[int(town)], one] for age, sex, height, town, one in TABLE[1:4].tolist()
    ]
    assert given["feature_names"] == ["age", "sex=male"]
    assert given["x"] == [[35, 1], [50, 1], [27, 0]]
    assert given["y"] == HEIGHTS[1:4]


def test_another_choice_of_the_upload_is_another_dataset(database: Database, api: TestClient) -> None:
    first = stored(database, people("first"))
    second = stored(database, people("second", ["height"], "sex"))
    assert stored(database, people("again")) == first != second
    assert counts(database)["datasets"] == 2
    described = [api.get(f"/datasets/{each}").json() for each in (first, second)]
    assert [each["target"] for each in described] == ["height", "sex"]
    assert [each["name"] for each in described] == ["first", "second"]
    assert described[0]["columns"] == described[1]["columns"]
    assert described[1]["classes"] == SEX
    run = fitted(api, {"id": second}, model={"kind": "logistic"})
    assert (run["dataset"]["features"], run["classes"]) == (["height"], SEX)


def test_a_stored_dataset_with_categories_is_sound(database: Database, people_id: str, settings: Settings) -> None:
    assert settings.database_file is not None
    assert list(check(settings.database_file, lambda *_: None)) == []
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE datasets SET columns = replace(columns, 'male', 'mole')")
    [finding] = check(settings.database_file, lambda *_: None)
    assert finding.message == "The content does not match its SHA-256."
    assert finding.where == people_id


def test_a_request_without_a_choice_has_the_digest_of_earlier_versions() -> None:
    for dataset in ({"id": "d"}, {"sample": "norris"}):
        asked = FitRequest.model_validate({"dataset": dataset})
        assert asked.dataset is not None
        assert asked.model_dump(mode="json")["dataset"] == asked.dataset.model_dump() == dataset

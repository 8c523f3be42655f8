"""Hostile formulas: each is refused at once, and none is executed."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.core.settings import Settings
from service.storage.connect import open_database
from tests.gd_engine.formula.hostile_formulas import HOSTILE
from tests.service.helpers import problem_of
from tests.time_bounds import takes_at_most

DATASET = {
    "x": [[1.0, 2.0], [2.0, 3.0], [3.0, 5.0]],
    "y": [1.0, 2.0, 4.0],
    "feature_names": ["x", "y"],
    "target_name": "z",
}

MOST_SECONDS = 0.05
"""CPU seconds for one answer; wall time would include other work of the machine."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One service for all tests: no test stores anything in it."""
    settings = Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('hostile')}/descent.db")
    database = open_database(settings.database_url, settings.busy_seconds)
    with TestClient(create_app(settings, database), raise_server_exceptions=False) as client:
        yield client
    database.dispose()


OF_MODELS = {"b", "b + c", "x", "x + y", "2*pi*x", "b*z", "b*у", "inf", "nan"}
"""They lack a feature or a parameter; as functions, whose names are all parameters, they are harmless."""
KINDS = {
    "/model/formula": lambda text: {"dataset": DATASET, "model": {"kind": "formula", "formula": text}},
    "/function/formula": lambda text: {"function": {"formula": text}},
}
CASES = [
    pytest.param(pointer, text, id=f"{pointer} {number}")
    for pointer in KINDS
    for number, text in enumerate(HOSTILE)
    if pointer == "/model/formula" or text not in OF_MODELS
]


@pytest.mark.parametrize(("pointer", "formula"), CASES)
def test_a_hostile_formula_is_refused_at_once(
    pointer: str, formula: str, api: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)  # a written file would appear here
    # A lone surrogate is invalid JSON: only an escape can send it, and the parser of formulas never sees it. Other text
    # is sent without escapes: a million escaped letters are 6 MB, and the measured time would be that of JSON.
    text = json.loads(json.dumps(formula))  # joins surrogate pairs
    is_json = not any("\ud800" <= character <= "\udfff" for character in text)
    body = json.dumps(KINDS[pointer](text), ensure_ascii=not is_json).encode()
    submit = partial(api.post, "/fit", content=body, headers={"Content-Type": "application/json"})
    assert takes_at_most(MOST_SECONDS, submit)
    answer = submit()
    [error] = problem_of(answer, 422 if is_json else 400)["errors"]
    assert error["pointer"] == (pointer if is_json else "")
    assert error["message"]
    assert list(here.iterdir()) == []
    assert api.get("/runs").json()["data"] == []

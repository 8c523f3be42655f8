"""The quota counts what the file stores: names, labels, tags, results and values in UTF-8, not the numbers alone."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from service.core.settings import Settings
from service.storage import usage
from service.storage.database import Database
from service.worker.process import Worker

LEAST, MOST = 0.7, 1.5
WIDE = "\N{GRINNING FACE}" * 190
NAMES = [f"{WIDE}{number:05d}" for number in range(200)]
LINE: dict[str, Any] = {"dataset": {"x": [[1], [2], [3]], "y": [1, 2, 4]}, "split": {"test_fraction": 0}}
NAMED = {"x": [[i * j % 7 for j in range(200)] for i in range(3)], "y": [1, 2, 3], "feature_names": NAMES}
LABELLED = {"x": [[i] for i in range(100)], "y": [f"{WIDE}{i:05d}" for i in range(100)]}
FITS: dict[str, tuple[int, dict[str, Any]]] = {
    "short": (20, LINE),
    "tags": (20, {**LINE, "tags": {f"k{j}" * 8: "v" * 100 for j in range(10)}}),
    "short tags": (20, {**LINE, "tags": {f"k{j}": "v" for j in range(10)}}),
    "names": (2, {**LINE, "dataset": NAMED, "model": {"kind": "linear", "intercept": False}}),
    "labels": (2, {**LINE, "dataset": LABELLED, "model": {"kind": "softmax"}}),
    "parameters": (4, {**LINE, "model": {"kind": "mlp", "hidden": [300]}}),
}


@pytest.fixture
def growth(
    settings: Settings, database: Database, share_statements: Callable[[Engine], None]
) -> Callable[[Callable[[], Any]], tuple[int, int]]:
    """The growth of the counted bytes and of the file by some requests and the training of their runs."""

    def sizes() -> tuple[int, int]:
        with database.reading() as connection:
            pages = connection.exec_driver_sql("SELECT * FROM pragma_page_count").scalar_one()
            free = connection.exec_driver_sql("SELECT * FROM pragma_freelist_count").scalar_one()
            return usage.stored_bytes(connection, None), 4096 * (pages - free)

    def grown(work: Callable[[], Any]) -> tuple[int, int]:
        before = sizes()
        work()
        worker = Worker(settings.model_copy(update={"workers": 1}), "here")
        share_statements(worker._database.engine)
        while (claim := worker._claim()) is not None:
            worker._train(claim)
        worker._database.dispose()
        counted, stored = (after - first for after, first in zip(sizes(), before, strict=True))
        return counted, stored

    return grown


@pytest.mark.parametrize("name", FITS)
def test_a_run_counts_what_it_stores(name: str, api: TestClient, growth: Any) -> None:
    times, body = FITS[name]
    body = {**body, "descent": {"steps": 1, "learning_rate": 1e-9}}

    def submit() -> None:
        for _ in range(times):
            assert api.post("/fit", json=body).status_code == 202

    growth(lambda: api.post("/fit", json=body))  # the data
    counted, stored = growth(submit)
    assert LEAST < counted / stored < MOST


def test_a_sweep_counts_its_values(api: TestClient, growth: Any) -> None:
    thetas = [[0.123456789 * j] * 200 for j in range(7)]
    base = {**FITS["names"][1], "descent": {"steps": 1, "learning_rate": 1e-9}}
    growth(lambda: api.post("/fit", json=base))  # the data
    counted, stored = growth(lambda: api.post("/sweeps", json={"base": base, "grid": {"/descent/theta0": thetas}}))
    assert LEAST < counted / stored < MOST


@pytest.mark.parametrize("data", [NAMED, LABELLED], ids=["names", "labels"])
def test_a_dataset_counts_its_names_and_labels(data: dict[str, Any], api: TestClient, growth: Any) -> None:
    def upload() -> None:
        assert api.post("/datasets", json=data).status_code == 201

    counted, stored = growth(upload)
    assert LEAST < counted / stored < MOST

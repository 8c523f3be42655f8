"""Migration 0013: the columns of earlier datasets; damage from before an upgrade is still found after it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from service.core.dataset_record import Dataset
from service.datasets.ingest import from_body
from service.storage import datasets, usage
from service.storage.connect import open_database
from service.storage.damaged_rows import Remains
from service.storage.database import Database
from service.storage.integrity.fsck import check
from tests.service.storage.migrations.old_versions import make_version

SOUND = (
    "row_checksum(seq, CAST(id AS BLOB), CAST(sha256 AS BLOB), name, rows, CAST(features AS BLOB),"
    " CAST(target AS BLOB), CAST(labels AS BLOB), text_target, CAST(summary AS BLOB), uploaded, owner, stored_bytes,"
    " created_at)"
)
"""The checksum of a row of version 0011, whose name and owner are null."""
BODIES: dict[str, dict[str, Any]] = {
    "numbers": {"x": [[1.0, 0.5], [2.0, 0.25], [4.0, 8.0]], "y": [0.0, 1.0, 1.0], "features": ["a", "é"]},
    "texts": {"x": [[1.0], [2.0], [4.0]], "y": ["u", "ü", "u"]},
    "damaged": {"x": [[1.0], [2.0], [4.0]], "y": [3.5, 2.5, 1.5]},
    "unreadable": {"x": [[1.0], [2.0], [4.0]], "y": [3.5, 2.5, 9.5]},
}
DAMAGE = {"damaged": "target = 'z'", "unreadable": "summary = '[{', name = CAST(x'ff' AS TEXT)"}


def insert_old(database: Database, body: dict[str, Any], name: str) -> None:
    """Inserts the dataset as version 0011 stores an upload."""
    new = from_body(**body).described
    statistics = ("name", "min", "max", "mean", "standard_deviation")
    codes = {"min": 0.0, "max": 1.0, "mean": 0.5, "standard_deviation": 0.5}
    summary = [
        {
            each: column.get(each) if column["kind"] == "number" else codes.get(each, column["name"])
            for each in statistics
        }
        for column in new.columns
    ]
    values: dict[str, Any] = {
        "id": new.id,
        "sha256": new.sha256,
        "rows": new.rows,
        "features": json.dumps(new.features, ensure_ascii=False),
        "target": new.target,
        "labels": json.dumps(new.labels, ensure_ascii=False),
        "text_target": new.text_target,
        "summary": json.dumps(summary, ensure_ascii=False),
    }
    [block] = from_body(**body).blocks()
    with database.writing() as connection:
        connection.execute(
            text(
                f"INSERT INTO datasets ({', '.join(values)}, uploaded, stored_bytes, created_at)"
                f" VALUES ({', '.join(f':{each}' for each in values)}, 1, 1000, 1.0)"
            ),
            values,
        )
        seq = connection.exec_driver_sql("SELECT max(seq) FROM datasets").scalar_one()
        for chunk in datasets.batches([block]):
            datasets.add_chunk(connection, seq, chunk[0])
        connection.exec_driver_sql(f"UPDATE datasets SET checksum = {SOUND} WHERE seq = {seq}")
        if name in DAMAGE:
            connection.exec_driver_sql(f"UPDATE datasets SET {DAMAGE[name]} WHERE seq = {seq}")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of version 0011 with two sound uploads and two damaged ones."""
    file = tmp_path / "descent.db"
    make_version(file, "0011")
    database = Database(f"sqlite:///{file}")
    with database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM runs")
        connection.exec_driver_sql("DELETE FROM datasets")
    for name, body in BODIES.items():
        insert_old(database, body, name)
    database.dispose()
    return file


@pytest.fixture
def upgraded(old: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{old}", 5.0)
    yield database
    database.dispose()


def found(database: Database) -> list[Dataset | Remains]:
    with database.reading() as connection:
        return list(datasets.page(connection, limit=9, before=None))[::-1]


def test_an_earlier_dataset_has_its_features_and_its_target_as_columns(upgraded: Database) -> None:
    numbers, texts, *_ = found(upgraded)
    assert isinstance(numbers, Dataset)
    assert isinstance(texts, Dataset)
    expected = from_body(**BODIES["numbers"]).described
    assert numbers.columns == expected.columns
    assert (numbers.features, numbers.target, numbers.labels, numbers.report) == (["a", "é"], "y", [0, 1], [])
    x1, y = texts.columns
    assert x1 == from_body(**BODIES["texts"]).described.columns[0]
    assert y == {
        **dict.fromkeys(("min", "max", "mean", "standard_deviation")),
        "name": "y",
        "kind": "label",
        "missing": 0,
        "categories": ["u", "ü"],
    }
    with upgraded.reading() as connection:
        assert np.vstack(list(datasets.read(connection, texts))).tolist() == [[1, 0], [2, 1], [4, 0]]


def test_an_upload_of_the_same_content_has_the_same_id(upgraded: Database) -> None:
    new = from_body(**BODIES["texts"])
    with upgraded.writing() as connection:
        datasets.add(connection, new.described, new.blocks(), uploaded=True)
    assert len(found(upgraded)) == len(BODIES)


def test_damage_from_before_an_upgrade_is_found_after_it(old: Path, upgraded: Database) -> None:
    assert [type(each) for each in found(upgraded)] == [Dataset, Dataset, Remains, Remains]
    upgraded.dispose()
    assert [finding.kind for finding in check(old, lambda *_: None)] == ["dataset", "dataset"]


def test_a_check_of_an_earlier_file_finds_its_damage(old: Path) -> None:
    findings = list(check(old, lambda *_: None))
    assert [finding.kind for finding in findings] == ["dataset", "dataset"]


def test_the_sizes_count_the_longer_descriptions(old: Path, upgraded: Database) -> None:
    with upgraded.reading() as connection:
        longer = connection.exec_driver_sql("SELECT stored_bytes - 1000 FROM datasets ORDER BY seq").scalars().all()
        assert usage.stored_bytes(connection, None) == 4000 + sum(longer)
    columns = [each.columns for each in found(upgraded) if isinstance(each, Dataset)]
    assert 0 < longer[0] < len(json.dumps(columns[0], separators=(",", ":")))
    assert longer[3] == 0

"""A stored dataset with numbers, two categories and a default choice, and the same rows as inline data."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np

from service.core.dataset_record import ReportEntry
from service.core.settings import Settings
from service.datasets.file_reader import FileTable, TableColumn
from service.datasets.ingest import Incoming, from_table
from service.jobs.quotas import Quotas
from service.jobs.upload import store_upload
from service.storage.database import Database

AGES = [20.0, 35.0, 50.0, 27.0, 64.0, 41.0, 33.0, 58.0]
SEXES = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]
HEIGHTS = [1.61, 1.82, 1.75, 1.68, 1.59, 1.9, 1.7, 1.77]
TOWNS = [2.0, 0.0, 1.0, 1.0, 2.0, 0.0, 1.0, 2.0]
ONES = [1.0] * 8
TABLE = np.column_stack([AGES, SEXES, HEIGHTS, TOWNS, ONES])
SEX, TOWN = ["female", "male"], ["Bergen", "Narvik", "Oslo"]
NAMES = ["age", "sex", "height", "town", "one"]
REPORT = "1 row with missing values left out."


COLUMNS = [
    TableColumn("age", "number", None),
    TableColumn("sex", "category", SEX, 1),
    TableColumn("height", "number", None),
    TableColumn("town", "category", TOWN),
    TableColumn("one", "number", None),
]


def table(
    features: list[str],
    target: str,
    columns: list[TableColumn],
    report: Sequence[ReportEntry] = (),
    data: Any = TABLE,
) -> FileTable:
    """A table as the reader of a file gives it."""
    rows, width = data.shape
    return FileTable(columns, features, target, [], list(report), rows, BytesIO(data.tobytes()), width, range(width))


def people(name: str | None = None, features: list[str] | None = None, target: str = "height") -> Incoming:
    """The dataset with this default choice."""
    chosen = ["age", "sex=male"] if features is None else features
    report: list[ReportEntry] = [{"code": "missing_dropped", "message": REPORT, "columns": ["sex"]}]
    return from_table(table(chosen, target, COLUMNS, report), name)


def stored(database: Database, incoming: Incoming | None = None) -> str:
    """The id of the dataset, stored as an upload."""
    return store_upload(incoming or people("people"), database, Quotas(Settings())).id


def inline(x: list[Any], y: list[Any], names: list[str], target: str) -> dict[str, Any]:
    """The columns as inline data."""
    return {"x": np.column_stack(x).tolist(), "y": y, "feature_names": names, "target_name": target}


def is_text(codes: list[float], code: int) -> list[float]:
    """The one-hot column of a text."""
    return [float(each == code) for each in codes]

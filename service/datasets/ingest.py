"""Ingest: turns rows of JSON, a file or a sample into a dataset with a content id and a description of each column."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from service.core.dataset_record import Column, ColumnKind, ReportEntry, Rows
from service.datasets.column_statistics import Columns, ColumnStatistics
from service.datasets.file_reader import FileTable
from service.datasets.file_reader.column_report import NOTES
from service.datasets.file_reader.options import Missing
from service.datasets.file_reader.report import MOST_PLACES, named
from service.datasets.missing_values import Whole, without_missing
from service.storage.datasets import NewDataset, begun_digest

ID_LENGTH = 16


@dataclass(frozen=True)
class Incoming:
    """A dataset before it is stored. `blocks()` yields its rows, all columns in their order, and is repeatable.

    That of a JSON body can be pickled: a process may read the body.
    """

    described: NewDataset
    blocks: Callable[[], Iterable[Rows]]

    def owned_by(self, owner: str | None) -> "Incoming":
        """The same dataset with an id of this owner, so that equal datasets of two owners are separate."""
        if owner is None:
            return self
        content = self.described.sha256
        own_id = hashlib.sha256(f"{content} {owner}".encode()).hexdigest()[:ID_LENGTH]
        return replace(self, described=replace(self.described, id=own_id, owner=owner))


class Head(NamedTuple):
    """The columns of a table, the default choice of features and target, and the report of the reader.

    `labelled` are the columns whose different whole numbers are counted, since they may be a target of classes.
    """

    columns: Columns
    features: list[str]
    target: str
    labelled: Collection[int]
    report: list[ReportEntry]


def from_body(
    x: Sequence[Sequence[float]], y: Sequence[str | float], features: list[str] | None = None, target: str = "y"
) -> Incoming:
    """The dataset of a JSON body. Its columns are numbers; the target may have class labels."""
    width = len(x[0])
    whole = Whole(np.array(x, dtype=np.float64), y, [0] * (width + 1), [0] * (width + 1), [])
    return _of_arrays(None, whole, features or _numbered(width), target, [width])


def from_upload(
    x: Sequence[Sequence[float | None]],
    y: Sequence[str | float | None],
    features: list[str] | None,
    target: str,
    *,
    missing: Missing,
    name: str | None,
) -> Incoming:
    """The dataset of an uploaded JSON body, in which None is a missing value. Raises InvalidError."""
    width = len(x[0])
    features = features or _numbered(width)
    made = _of_arrays(name, without_missing(x, y, features, target, missing), features, target, range(width + 1))
    if long := [column["name"] for column in made.described.columns if _has_long_integers(column)]:
        message = NOTES["rounded_integers"].format(named(long))
        made.described.report.append({"code": "rounded_integers", "message": message, "columns": long[:MOST_PLACES]})
    return made


def _has_long_integers(column: Column) -> bool:
    """Whether the column has numbers that float64 may have rounded: whole ones of more than 53 bits, up to 64."""
    least, greatest = column["min"], column["max"]
    return least is not None and greatest is not None and 2.0**53 <= max(-least, greatest) < 2.0**64


def _of_arrays(name: str | None, data: Whole, features: list[str], target: str, labelled: Collection[int]) -> Incoming:
    labels = sorted({label for label in data.y if isinstance(label, str)}) or None
    codes = {label: float(code) for code, label in enumerate(labels or [])}
    numbers = [codes[entry] if isinstance(entry, str) else entry for entry in data.y]
    table = np.column_stack([data.x, np.array(numbers, dtype=np.float64)])
    kinds: list[ColumnKind] = ["number"] * len(data.missing)
    if labels is not None:
        kinds[-1] = "label"
        labelled = [column for column in labelled if column < len(features)]
    categories: list[list[str] | None] = [*[None] * len(features), labels]
    columns = Columns([*features, target], kinds, categories, data.missing, data.filled)
    return described(name, Head(columns, features, target, labelled, data.report), partial(list, [table]))


def _numbered(width: int) -> list[str]:
    return [f"x{number}" for number in range(1, width + 1)]


def from_table(table: FileTable, name: str | None = None) -> Incoming:
    """The dataset of a file.

    Its columns are in the order of the file. If they are the features and the target alone, the target is the last one,
    as in earlier versions, so that the id stays the same.
    """
    order = _earlier_order(table)
    read = list(table.columns) if order is None else [table.columns[place] for place in order]
    columns = Columns(*map(list, zip(*read, strict=True)))
    labelled = [index for index, texts in enumerate(columns.categories) if texts is None]
    blocks = table.blocks if order is None else partial(_reordered, table.blocks, order)
    return described(name, Head(columns, table.features, table.target, labelled, table.report), blocks)


def _earlier_order(table: FileTable) -> list[int] | None:
    """The places of the features and of the target, if the table has nothing else; None also without a change."""
    names = [column.name for column in table.columns]
    wanted = [*table.features, table.target]
    if names == wanted or sorted(names) != sorted(wanted) or any(column.missing for column in table.columns):
        return None
    return [names.index(name) for name in wanted]


def _reordered(blocks: Callable[[], Iterable[Rows]], order: list[int]) -> Iterator[Rows]:
    for block in blocks():
        yield np.ascontiguousarray(block[:, order])


def described(name: str | None, head: Head, blocks: Callable[[], Iterable[Rows]]) -> Incoming:
    """The dataset of a table. `blocks()` yields its rows as arrays of shape (k, columns)."""
    columns, statistics = head.columns, ColumnStatistics(head.columns, head.labelled)
    digest = begun_digest(head.features, head.target, *columns[:4])
    for block in blocks():
        digest.update(np.ascontiguousarray(block, dtype="<f8").data)
        statistics.add(block)
    sha256 = digest.hexdigest()
    place = columns.names.index(head.target)
    texts, found = columns.categories[place], statistics.result()
    new = NewDataset(
        id=sha256[:ID_LENGTH],
        sha256=sha256,
        name=name,
        rows=statistics.rows,
        features=head.features,
        target=head.target,
        labels=found[place].get("labels") if texts is None else texts,
        text_target=texts is not None,
        columns=found,
        report=head.report,
    )
    return Incoming(new, blocks)

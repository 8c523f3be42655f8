"""A dataset as the database holds it, and the types of its rows and columns."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, NotRequired, Protocol, Required, Self

import numpy as np
from typing_extensions import TypedDict

from service.core.run_record import SENT

Rows = np.ndarray[Any, np.dtype[np.float64]]
"""Rows of shape (k, columns), or columns of them."""
Labels = list[str] | list[int]
ColumnKind = Literal["number", "category", "label"]


@SENT
class Column(TypedDict):
    """Description of a stored column.

    A text column, of kind category or label, has codes in the rows: 0, 1, … in the order of `categories`. `counts` has
    the number of rows of each. Its statistics are null, like a mean or a deviation that is not finite. `labels` are the
    different numbers of a column of few whole numbers, which can be classes; null for other numbers. Both are absent
    where they are not counted: in a dataset of an earlier version, and in the features of inline data. `filled` counts
    the missing values that hold the mean of the column; such a column cannot be a target.
    """

    name: str
    kind: ColumnKind
    missing: int
    min: float | None
    max: float | None
    mean: float | None
    standard_deviation: float | None
    categories: list[str] | None
    counts: NotRequired[list[int]]
    labels: NotRequired[list[int] | None]
    filled: NotRequired[int]


@SENT
class ReportEntry(TypedDict, total=False):
    """One thing that a reader did or left out, and the first of the columns and rows that it concerns.

    The rows of a file are numbered from 1 with the header, as in a spreadsheet, those of a JSON body from 0.
    """

    code: Required[str]
    message: Required[str]
    columns: list[str]
    rows: list[int]


class Described(Protocol):
    """The description of a dataset, stored or not."""

    @property
    def id(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def features(self) -> list[str]: ...
    @property
    def target(self) -> str: ...
    @property
    def labels(self) -> Labels | None: ...
    @property
    def text_target(self) -> bool: ...
    @property
    def columns(self) -> list[Column]: ...


class Dataset(NamedTuple):
    """A dataset; the fields are those of the table. A row has all `columns` in their order.

    `features` and `target` are what a run uses that chooses none, `labels` the classes of this target in the order of
    their codes. `text_target` says that y holds the codes and not the numbers, `uploaded` that the dataset outlives the
    runs that use it.
    """

    seq: int
    id: str
    sha256: str
    name: str | None
    rows: int
    features: list[str]
    target: str
    labels: Labels | None
    text_target: bool
    columns: list[Column]
    report: list[ReportEntry]
    uploaded: bool
    owner: str | None
    created_at: float

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """The record of a row that has the fields in their order."""
        return cls._make(row)

    @property
    def width(self) -> int:
        """The number of float64 values of a stored row. A file of an earlier version has no columns."""
        return len(self.columns) or len(self.features) + 1


def in_order(features: Sequence[str], target: str, names: Sequence[str]) -> bool:
    """Whether a row has the features and then the target, and nothing else.

    So has a row of a file of an earlier version, which does not describe its columns.
    """
    return not names or names == [*features, target]

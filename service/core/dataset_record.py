"""A dataset as the database holds it, without its rows."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self, TypedDict

Labels = list[str] | list[int]


class ColumnSummary(TypedDict):
    """A column in numbers. None stands for a mean or a deviation that is not finite."""

    name: str
    min: float
    max: float
    mean: float | None
    standard_deviation: float | None


class Dataset(NamedTuple):
    """A dataset. `labels` are the target's classes in the order of their codes; the fields are those of the table.

    `text_target` says that y holds the codes and not the numbers, `uploaded` that it outlives the runs that use it.
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
    summary: list[ColumnSummary]
    uploaded: bool
    owner: str | None
    created_at: float

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """The record of a row that has the fields in their order."""
        return cls._make(row)

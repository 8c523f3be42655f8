"""Answers about datasets."""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from service.core.run_record import RunError
from service.schemas.responses.base import Answer, JsonObject, Number, Page, Table


class ColumnSummary(Answer):
    """Statistics of a column. Those of a text target are of its class codes."""

    name: str
    min: float
    max: float
    mean: Number
    standard_deviation: Number


class ReportEntry(Answer):
    """One thing that the reader of a file did or left out. It names at most 20 columns and rows."""

    code: str
    message: str
    columns: NotRequired[list[str]]
    rows: NotRequired[Annotated[list[int], Field(description="Rows of the file, from 1.")]]


class Dataset(Answer):
    """A dataset without its rows."""

    id: str
    name: str | None
    rows: int
    features: list[str]
    target: str
    classes: Annotated[list[str] | None, Field(description="The labels of a text target, sorted.")]
    sha256: str
    columns: list[ColumnSummary]
    created_at: str
    error: Annotated[
        RunError | None, Field(description="`damaged_data` if the row of the dataset is damaged; it has no facts then.")
    ]
    links: dict[str, str]
    ignored: NotRequired[Annotated[list[str], Field(description="Columns of the file that the dataset leaves out.")]]
    report: NotRequired[
        Annotated[list[ReportEntry], Field(description="What the reader of the file did: nothing for a plain file.")]
    ]


class Datasets(Page):
    """A page of datasets."""

    data: list[Dataset]


_RowRange = TypedDict("_RowRange", {"from": int, "to": int})


class DatasetRows(_RowRange, Answer):
    """Rows of a dataset, in the format of an inline dataset."""

    id: str
    feature_names: list[str]
    target_name: str
    x: Table
    y: list[float] | list[str]


class SampleOut(Answer):
    """A dataset that ships with the service."""

    name: str
    title: str
    description: str
    source: str
    task: str
    rows: int
    features: list[str]
    target: str
    certified: JsonObject | None


class Samples(Answer):
    """The datasets that ship with the service."""

    data: list[SampleOut]

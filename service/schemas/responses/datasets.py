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
    ignored: NotRequired[
        Annotated[list[str], Field(description="Text columns of the file that the dataset leaves out.")]
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

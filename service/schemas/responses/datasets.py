"""Answers about datasets."""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from service.core.dataset_record import Column, ReportEntry
from service.core.run_record import RunError
from service.schemas.responses.base import Answer, JsonObject, Page, Table, Time


class Dataset(Answer):
    """A dataset without its rows."""

    id: str
    name: str | None
    rows: int
    features: Annotated[
        list[str], Field(description="The features of a run that chooses none: the choice of the upload.")
    ]
    target: Annotated[str, Field(description="The target of a run that chooses none.")]
    classes: Annotated[list[str] | None, Field(description="The labels of a text target, sorted.")]
    sha256: str
    columns: Annotated[list[Column], Field(description="All columns; a run may choose other features among them.")]
    report: Annotated[
        list[ReportEntry], Field(description="What the reader of the file did or left out: nothing for a plain file.")
    ]
    created_at: Time
    error: Annotated[
        RunError | None, Field(description="`damaged_data` if the row of the dataset is damaged; it has no facts then.")
    ]
    links: dict[str, str]
    ignored: NotRequired[Annotated[list[str], Field(description="Columns of the file that the dataset leaves out.")]]


class Datasets(Page):
    """A page of datasets."""

    data: list[Dataset]


_RowRange = TypedDict("_RowRange", {"from": int, "to": int})


class DatasetRows(_RowRange, Answer):
    """Rows of a dataset: the choice of the upload in the format of an inline dataset, and all columns in `rows`."""

    id: str
    feature_names: list[str]
    target_name: str
    columns: Annotated[list[str], Field(description="The names of all columns, in the order of `rows`.")]
    x: Table
    y: list[float] | list[str]
    rows: Annotated[
        list[list[float | str]], Field(description="All columns of each row: numbers, or the texts of a category.")
    ]


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
    columns: list[Column]
    certified: JsonObject | None


class Samples(Answer):
    """The datasets that ship with the service."""

    data: list[SampleOut]

"""Types of fields that several bodies share."""

from typing import Annotated

from pydantic import AfterValidator, Field

from service.schemas.strict_model import wrong


def _visible(name: str) -> str:
    if "\0" in name:  # SQLite's patterns end at it
        raise wrong("The name has the character NUL.", "Leave it out.")
    if not name.strip():
        raise wrong("The name has no visible character.", "Write a name, or leave it out.")
    return name


Name = Annotated[str, Field(min_length=1, max_length=200)]
SHOWN = {"pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}
Title = Annotated[str, Field(max_length=200, json_schema_extra=SHOWN), AfterValidator(_visible)]
"""The name of a run, a sweep or a dataset, which a list shows."""
ColumnName = Annotated[str, Field(min_length=1, max_length=1000)]
"""The name of a stored column, which a file may give, or of a text of a category."""
Finite = float
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Factor = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1, lt=2**63)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Numbers = Annotated[list[Finite], Field(fail_fast=True)]
Labels = Annotated[list[Name], Field(fail_fast=True)]

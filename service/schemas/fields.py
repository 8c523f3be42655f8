"""Types of fields that several bodies share."""

from typing import Annotated

from pydantic import Field

Name = Annotated[str, Field(min_length=1, max_length=200)]
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

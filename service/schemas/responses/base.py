"""Parts that several answers share.

An answer is a TypedDict: FastAPI describes it in OpenAPI, mypy checks the code that builds it, and nothing validates it
at run time.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field, GetCoreSchemaHandler, with_config
from pydantic_core import CoreSchema
from typing_extensions import TypedDict


@with_config(ConfigDict(extra="forbid"))
class Answer(TypedDict):
    """A JSON object with the described fields and no others."""


@with_config(ConfigDict(extra="allow"))
class OpenAnswer(TypedDict):
    """A JSON object that may have further fields."""


class Page(Answer):
    """A page of a list; a subclass names the entries, `data`."""

    has_more: bool
    next: str | None


class _SentAs:
    """Describes a numpy array as the JSON list that orjson writes for it."""

    def __init__(self, described: Any) -> None:
        self._described = described

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self._described)


JsonObject = Mapping[str, object]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A time of RFC 3339, in UTC."""
Number = float | None
"""A number; null where it is not finite or does not apply."""
_Array = npt.NDArray[np.float64] | npt.NDArray[np.int64]
Vector = Annotated[Sequence[Number] | _Array, _SentAs(list[Number])]
Matrix = Annotated[Sequence[Sequence[Number]] | Sequence[_Array] | _Array, _SentAs(list[list[Number]])]
"""A list of rows."""
VectorOrMatrix = Annotated[Sequence[Number] | Sequence[Sequence[Number]] | _Array, _SentAs(list[Number | list[Number]])]
"""A number or a row for each entry."""
Labels = Annotated[
    Sequence[str] | Sequence[int] | Sequence[float | int | str] | _Array, _SentAs(list[float | int | str])
]
"""Values of a target: numbers or class labels."""
Table = Annotated[npt.NDArray[np.float64], _SentAs(list[list[float]])]
"""Rows of finite numbers."""
Integers = Annotated[Sequence[int] | npt.NDArray[np.int64], _SentAs(list[int])]

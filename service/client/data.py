"""Data of the user as JSON: lists, numpy arrays, and the frames of pandas and polars."""

from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any, Protocol, runtime_checkable

JsonObject = dict[str, Any]
"""A JSON object, as the service describes it in /openapi.json."""


@runtime_checkable
class Table(Protocol):
    """A frame of pandas or polars."""

    @property
    def columns(self) -> Iterable[Any]:
        """The names of the columns."""

    def __getitem__(self, name: Any, /) -> Any:
        """A column, or several by a list of names."""

    def to_numpy(self) -> Any:
        """The values as an array."""


@runtime_checkable
class Array(Protocol):
    """An array of numpy, or a series."""

    def tolist(self) -> list[Any]:
        """The values as a list."""


def dataset_of(
    x: Any, y: Any, feature_names: Sequence[str] | None = None, target_name: str | None = None
) -> JsonObject:
    """The inline dataset of a request. Names are those of a frame and of a series, unless they are given.

    x has shape (n, d), or (n,) for one feature; y has numbers or class labels, shape (n,). NaN is sent as a missing
    value, which the service refuses by its place.
    """
    if feature_names is None and isinstance(x, Table):
        feature_names = [str(name) for name in x.columns]
    name = getattr(y, "name", None)
    if target_name is None and name is not None and not isinstance(y, Table):
        target_name = str(name)
    found: JsonObject = {"x": rows_of(x), "y": _values(y)}
    if feature_names is not None:
        found["feature_names"] = list(feature_names)
    if target_name is not None:
        found["target_name"] = target_name
    return found


def rows_of(x: Any, features: Sequence[str] | None = None) -> list[list[float | None]]:
    """The rows of features. Those of a frame are taken by the names of `features`, if all are there."""
    if isinstance(x, Table):
        if features is not None and set(features) <= {str(name) for name in x.columns}:
            x = x[list(features)]
        x = x.to_numpy()
    rows = x.tolist() if isinstance(x, Array) else [_plain(row) for row in x]
    rows = [row if isinstance(row, list) else [row] for row in rows]
    return [[_number(value) for value in row] for row in rows]


def _values(y: Any) -> list[Any]:
    if isinstance(y, Table):  # a frame of one column
        y = y.to_numpy()
    values = y.tolist() if isinstance(y, Array) else getattr(y, "to_list", lambda: [_plain(value) for value in y])()
    return [_number(value[0] if isinstance(value, list) and len(value) == 1 else value) for value in values]


def _plain(value: Any) -> Any:
    """A value of Python for a scalar or a row of any library."""
    if isinstance(value, Array):
        return value.tolist()
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _number(value: Any) -> Any:
    """The value as JSON has it: a truth value is 0 or 1, NaN is missing."""
    if isinstance(value, bool):
        return int(value)
    return None if isinstance(value, float) and isnan(value) else value


def merged(body: JsonObject, changes: Mapping[str, Any]) -> JsonObject:
    """The body with the changes, objects merged member by member."""
    found = dict(body)
    for name, value in changes.items():
        old = found.get(name)
        found[name] = merged(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
    return found

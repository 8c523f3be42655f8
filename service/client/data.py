"""Data of the user as JSON: lists, numpy arrays, and the frames of pandas and polars."""

from collections.abc import Iterable, Mapping, Sequence
from math import isinf, isnan
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


def as_json(value: Any) -> Any:
    """The value with lists for arrays, numbers of Python for those of numpy, and None for NaN.

    Raises ValueError for an infinite number, which JSON does not have, and TypeError for dates.
    """
    if getattr(getattr(value, "dtype", None), "kind", "") in ("m", "M"):
        raise TypeError("Dates and times are no numbers: give, for instance, the days since a date.")
    if hasattr(value, "tolist"):  # an array, a series, or a number of numpy
        value = value.tolist()
    if type(value).__name__ in ("NAType", "NaTType"):  # of pandas
        return None
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, Mapping):
        return {str(name): as_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple | range):
        return [as_json(each) for each in value]
    return value


def _finite(value: float) -> float | None:
    """The number; None for NaN."""
    if isinf(value):
        raise ValueError("The data have an infinite number. Give finite ones; NaN is a missing value.")
    return None if isnan(value) else value


def dataset_of(
    x: Any, y: Any, feature_names: Sequence[str] | None = None, target_name: str | None = None
) -> JsonObject:
    """The inline dataset of a request. Names are those of a frame and of a series, unless they are given.

    x has shape (n, d), or (n,) for one feature; y has numbers or class labels, shape (n,). NaN is sent as a missing
    value, which the service refuses by its place.
    """
    feature_names = list(feature_names) if feature_names is not None else _names(x)
    target_name = target_name or next(iter(_names(y) or ()), None)
    found: JsonObject = {"x": rows_of(x), "y": [_only(value) for value in _listed(y)]}
    if feature_names:
        found["feature_names"] = feature_names
    if target_name:
        found["target_name"] = target_name
    return found


def _names(values: Any) -> list[str] | None:
    """The names of a frame's columns, or that of a series; None where there are none, or numbers alone."""
    named = list(values.columns) if isinstance(values, Table) else [getattr(values, "name", None)]
    has_names = all(each is not None and each != "" for each in named)
    return [str(each) for each in named] if has_names and any(isinstance(each, str) for each in named) else None


def chosen(x: Any, features: Sequence[str]) -> Any:
    """The columns of a frame by the names of `features`, or by place if it has none of them; other data as they are.

    Raises ValueError for a frame with some of them.
    """
    if not isinstance(x, Table):
        return x
    own = {str(name): name for name in x.columns}
    missing = [name for name in features if name not in own]
    if missing and (len(missing) < len(features) or len(own) != len(features)):
        raise ValueError(f"The frame has no column {', '.join(map(repr, missing))}, which the run has.")
    return x if missing else x[[own[name] for name in features]]


def rows_of(x: Any) -> list[list[Any]]:
    """The rows of features as JSON."""
    return [row if isinstance(row, list) else [row] for row in _listed(x)]


def _listed(values: Any) -> list[Any]:
    """The values as JSON; truth values among data are 0 and 1. Raises TypeError for a single number."""
    if isinstance(values, Table):
        values = values.to_numpy()
    found = as_json(values if hasattr(values, "tolist") or not isinstance(values, Iterable) else list(values))
    if not isinstance(found, list):
        raise TypeError(f"{values!r} is one value: give a list of rows, such as [[1.0, 2.0]].")
    return [_number(value) for value in found]


def as_csv(frame: Any) -> bytes:
    """A frame of pandas or polars as CSV, without its index."""
    text: str = frame.to_csv(index=False) if hasattr(frame, "to_csv") else frame.write_csv()
    return text.encode()


def _number(value: Any) -> Any:
    if isinstance(value, list):
        return [_number(each) for each in value]
    return int(value) if isinstance(value, bool) else value


def _only(value: Any) -> Any:
    """The entry of a column with one value in each row."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def merged(body: JsonObject, changes: Mapping[str, Any]) -> JsonObject:
    """The body with the changes, objects merged member by member."""
    found = dict(body)
    for name, value in changes.items():
        old = found.get(name)
        found[name] = merged(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
    return found

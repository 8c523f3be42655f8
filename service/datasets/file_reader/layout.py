"""Layout of a table: the column of the target, and the columns of the requested features."""

from dataclasses import dataclass

from service.core.column_choice import split_names
from service.core.name_hints import nearest
from service.datasets.file_reader.errors import FileError, listed, shown
from service.datasets.file_reader.header import Header


@dataclass(frozen=True)
class Layout:
    """The roles of the columns, by index from 0."""

    target: int
    """The requested target, or the last column."""
    is_target_named: bool
    requested: dict[str, int] | None
    """The requested default features and their columns; `sex=male` is of the column `sex`. None: all others."""

    def is_named(self, j: int) -> bool:
        """Whether the request names the column, which thus cannot be left out."""
        is_feature = self.requested is not None and j in self.requested.values()
        return is_feature or (self.is_target_named and j == self.target)

    def is_needed(self, j: int) -> bool:
        """Whether a fault of the column is a fault of the file: no column besides the requested ones is needed."""
        return self.requested is None or j == self.target or self.is_named(j)

    def may_be_target(self, j: int) -> bool:
        """Whether the column can become the target, if those on its right cannot."""
        return j == self.target or (not self.is_target_named and self.requested is None and j < self.target)


def lay_out(header: Header, target: str | None, features: list[str] | None) -> Layout:
    """The layout by the requested target and features. The default target is the last column. Raises FileError."""
    indices = {name: j for j, name in enumerate(header.names)}
    last = max(header.least, 1) - 1
    y = last if target is None else _find(indices, target, "target")
    return Layout(y, target is not None, None if features is None else _requested(indices, features, y))


def _requested(indices: dict[str, int], features: list[str], target: int) -> dict[str, int]:
    chosen: dict[str, int] = {}
    for name in features:
        j = _column_of(indices, name)
        if j == target:
            hint = "remove it from the features, or choose another target"
            raise FileError("the target cannot be a feature", column=name, hint=hint)
        if name in chosen:
            raise FileError("the feature is named twice", column=name, hint="name each feature once")
        chosen[name] = j
    return chosen


def _column_of(indices: dict[str, int], name: str) -> int:
    """The column of a feature; that of `sex=male` is `sex`."""
    known = name if name in indices else next((column for column, _ in split_names(name) if column in indices), name)
    return _find(indices, known, "feature")


def _find(indices: dict[str, int], name: str, role: str) -> int:
    if name in indices:
        return indices[name]
    near = nearest(name, indices)
    hint = f"did you mean {shown(near)}?" if near is not None else None
    raise FileError(f"unknown {role} {shown(name)}; the columns are {listed(list(indices))}", hint=hint)

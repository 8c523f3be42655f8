"""Ingest: turns rows of JSON, CSV or a sample into a dataset with a content id and a summary of each column."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from service.core.dataset_record import ColumnSummary, Labels
from service.datasets.csv_reader import CsvTable
from service.schemas.fit import InlineDataset
from service.storage.datasets import NewDataset, Rows, begun_digest

MOST_LABELS = 100
ID_LENGTH = 16


@dataclass(frozen=True)
class Incoming:
    """A dataset before it is stored. `blocks()` yields its rows, features then target, and is repeatable.

    That of a JSON body can be pickled: a process may read the body.
    """

    described: NewDataset
    blocks: Callable[[], Iterable[Rows]]

    def owned_by(self, owner: str | None) -> "Incoming":
        """The same dataset with an id of this owner, so that equal datasets of two owners are separate."""
        if owner is None:
            return self
        content = self.described.sha256
        own_id = hashlib.sha256(f"{content} {owner}".encode()).hexdigest()[:ID_LENGTH]
        return replace(self, described=replace(self.described, id=own_id, owner=owner))


def from_body(body: InlineDataset, name: str | None = None) -> Incoming:
    """The dataset of a JSON body."""
    labels = sorted({label for label in body.y if isinstance(label, str)}) or None
    codes = {label: float(code) for code, label in enumerate(labels or [])}
    y = [codes[entry] if isinstance(entry, str) else entry for entry in body.y]
    table = np.column_stack([np.array(body.x, dtype=np.float64), np.array(y, dtype=np.float64)])
    features = body.feature_names or [f"x{number}" for number in range(1, len(body.x[0]) + 1)]
    return _described(name, features, body.target_name, labels, partial(list, [table]))


def from_csv(table: CsvTable, name: str | None = None) -> Incoming:
    """The dataset of a parsed CSV file: its default features and its target."""
    labels, blocks = _selected(table)
    return _described(name, table.features, table.target, labels, blocks)


def _selected(table: CsvTable) -> tuple[list[str] | None, Callable[[], Iterable[Rows]]]:
    """The labels of a text target, and the blocks of the default features and the target."""
    columns = {column.name: (j, column) for j, column in enumerate(table.columns)}
    # Of each feature: its column, and the code that is 1 in a one-hot feature.
    by_feature: dict[str, tuple[int, float | None]] = {
        f"{name}={text}": (j, float(code))
        for name, (j, column) in columns.items()
        for code, text in enumerate(column.categories or [])
    } | {name: (j, None) for name, (j, _) in columns.items()}
    picked = [by_feature[name] for name in [*table.features, table.target]]
    places = [j for j, _ in picked]
    hot = [(k, code) for k, (_, code) in enumerate(picked) if code is not None]

    def blocks() -> Iterable[Rows]:
        for block in table.blocks():
            chosen = block if places == list(range(block.shape[1])) else np.ascontiguousarray(block[:, places])
            for k, code in hot:
                chosen[:, k] = chosen[:, k] == code
            yield chosen

    target = columns[table.target][1]
    return target.categories, blocks


def _described(
    name: str | None,
    features: list[str],
    target: str,
    text_labels: list[str] | None,
    blocks: Callable[[], Iterable[Rows]],
) -> Incoming:
    digest = begun_digest(features, target, text_labels)
    columns = _Summary([*features, target])
    for block in blocks():
        digest.update(np.ascontiguousarray(block, dtype="<f8").data)
        columns.add(block)
    sha256 = digest.hexdigest()
    labels: Labels | None = text_labels or columns.labels()
    described = NewDataset(
        id=sha256[:ID_LENGTH],
        sha256=sha256,
        name=name,
        rows=columns.rows,
        features=features,
        target=target,
        labels=labels,
        text_target=text_labels is not None,
        summary=columns.result(),
    )
    return Incoming(described, blocks)


class _Summary:
    """Minimum, maximum, mean and standard deviation of each column, block by block (Chan, Golub & LeVeque, 1979)."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.rows = 0
        self._mean = self._squares = np.zeros(len(names))
        self._min = np.full(len(names), np.inf)
        self._max = np.full(len(names), -np.inf)
        self._labels: set[float] | None = set()

    def add(self, block: Rows) -> None:
        with np.errstate(all="ignore"):  # the deviation of numbers above 1e154 overflows and becomes null
            count, mean = len(block), block.mean(axis=0)
            total, shift = self.rows + count, mean - self._mean
            self._squares = self._squares + ((block - mean) ** 2).sum(axis=0) + shift**2 * (self.rows * count / total)
            self._mean = self._mean + shift * (count / total)
        self._min = np.minimum(self._min, block.min(axis=0))
        self._max = np.maximum(self._max, block.max(axis=0))
        self.rows = total
        self._add_labels(block[:, -1])

    def _add_labels(self, target: Rows) -> None:
        # A target of few different whole numbers may be class labels.
        if self._labels is None or not np.array_equal(target, np.floor(target)):
            self._labels = None
            return
        self._labels.update(np.unique(target)[: MOST_LABELS + 1].tolist())
        if (
            len(self._labels) > MOST_LABELS or max(map(abs, self._labels)) >= 2**53
        ):  # from here on two labels may be one number
            self._labels = None

    def labels(self) -> list[int] | None:
        return None if self._labels is None else sorted(int(label) for label in self._labels)

    def result(self) -> list[ColumnSummary]:
        with np.errstate(all="ignore"):
            deviation = np.sqrt(self._squares / self.rows)
        columns = zip(self.names, self._min, self._max, self._mean, deviation, strict=True)
        return [
            {"name": name, "min": float(a), "max": float(b), "mean": _finite(m), "standard_deviation": _finite(s)}
            for name, a, b, m, s in columns
        ]


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None

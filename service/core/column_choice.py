"""The features and the target that a run takes from the columns of a dataset.

A column of numbers is a feature by its name. A category `sex` of the texts female and male gives the features
`sex=female` and `sex=male`, which are 1 in the rows with this text and 0 in the others.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from service.core.dataset_record import Column, Described, Labels, Rows, in_order
from service.core.run_request import DatasetReference


class Source(NamedTuple):
    """Place of a feature in a stored row: a column of numbers, or with `code` a text of a category."""

    column: int
    code: int | None = None


class Sources(NamedTuple):
    """Places of the features and of the target in a stored row."""

    features: list[Source]
    target: int


class Choice(NamedTuple):
    """A dataset as a run uses it. `columns` describe the features, `labels` are the classes of the target.

    `text_target` says that the target holds codes and not numbers. Without `sources` a row has the features, then the
    target.
    """

    id: str
    rows: int
    features: list[str]
    target: str
    labels: Labels | None
    text_target: bool
    columns: list[Column]
    sources: Sources | None


def default_choice(dataset: Described) -> Choice:
    """The choice of the upload."""
    names, columns = [column["name"] for column in dataset.columns], dataset.columns
    if not in_order(dataset.features, dataset.target, names):
        return choose(dataset, dataset.features, dataset.target)
    labels, text_target = dataset.labels, dataset.text_target
    return Choice(dataset.id, dataset.rows, dataset.features, dataset.target, labels, text_target, columns[:-1], None)


def of_request(dataset: Described, reference: DatasetReference) -> Choice:
    """The choice of a stored request."""
    if "features" in reference and "target" in reference:
        return choose(dataset, reference["features"], reference["target"])
    return default_choice(dataset)


def choose(dataset: Described, features: Sequence[str], target: str) -> Choice:
    """The choice of these features and this target. Raises KeyError for a name that the dataset does not have."""
    places = places_of(dataset.columns)
    found: list[Source] = []
    for name in features:
        source = source_of(name, dataset.columns, places)
        if source is None:
            raise KeyError(name)
        found.append(source)
    of_target = dataset.columns[places[target]]
    described = [
        _described(name, source, dataset.columns[source.column], dataset.rows)
        for name, source in zip(features, found, strict=True)
    ]
    return Choice(
        dataset.id,
        dataset.rows,
        list(features),
        target,
        of_target.get("labels") if of_target["categories"] is None else of_target["categories"],
        of_target["categories"] is not None,
        described,
        Sources(found, places[target]),
    )


def places_of(columns: Sequence[Column]) -> dict[str, int]:
    """The index of each column by its name."""
    return {column["name"]: index for index, column in enumerate(columns)}


def source_of(name: str, columns: Sequence[Column], places: Mapping[str, int]) -> Source | None:
    """The place of a feature; None for a name that is none."""
    index = places.get(name)
    if index is not None and columns[index]["kind"] == "number":
        return Source(index)
    for column, text in split_names(name):
        index = places.get(column)
        categories = None if index is None else columns[index]["categories"]
        if index is not None and categories and text in categories:
            return Source(index, categories.index(text))
    return None


def split_names(feature: str) -> Iterator[tuple[str, str]]:
    """The readings of a feature as a column and one of its texts: `a=b=c` is b=c of a, or c of a=b."""
    for cut in (place for place, sign in enumerate(feature) if sign == "="):
        yield feature[:cut], feature[cut + 1 :]


def joined_names(column: str, texts: Sequence[str]) -> list[str]:
    """The features of the texts of a category."""
    return [f"{column}={text}" for text in texts]


def select_columns(rows: Rows, sources: Sources | None) -> tuple[Rows, Rows]:
    """The features, shape (k, d), and the target, shape (k,), of rows with all columns. Views where possible."""
    if sources is None:
        return rows[:, :-1], rows[:, -1]
    places = [source.column for source in sources.features]
    coded = [(j, source.code) for j, source in enumerate(sources.features) if source.code is not None]
    first = places[0] if places else 0
    if not coded and places == list(range(first, first + len(places))):
        return rows[:, first : first + len(places)], rows[:, sources.target]
    x = rows[:, places]
    for j, code in coded:
        x[:, j] = x[:, j] == code
    return x, rows[:, sources.target]


def _described(name: str, source: Source, column: Column, rows: int) -> Column:
    """The description of a feature. One of a category is a column of zeros and ones."""
    if source.code is None:
        return column
    counts = column.get("counts")
    share = None if counts is None else counts[source.code] / rows
    return {
        "name": name,
        "kind": "number",
        "missing": column["missing"],
        "min": 1.0 if share == 1.0 else 0.0,
        "max": 0.0 if share == 0.0 else 1.0,
        "mean": share,
        "standard_deviation": None if share is None else (share * (1.0 - share)) ** 0.5,
        "categories": None,
    }

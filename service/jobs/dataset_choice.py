"""The features and the target that a request chooses from the columns of a stored dataset."""

from collections.abc import Sequence

from sqlalchemy import Connection

from service.core import plurals
from service.core.column_choice import (
    Choice,
    choose,
    default_choice,
    joined_names,
    of_request,
    places_of,
    source_of,
    split_names,
)
from service.core.dataset_record import Column, Dataset, Described
from service.core.distinct_numbers import DistinctNumbers
from service.core.exceptions import InvalidError, invalid
from service.core.name_hints import listed, nearest, shown
from service.core.run_request import DatasetReference
from service.schemas.fit import ChosenColumns
from service.storage import datasets

POINTER = "/dataset"


def choice_of(asked: ChosenColumns, dataset: Described, most: int) -> Choice:
    """The choice of a request, at most `most` features. Raises InvalidError for names that the dataset lacks."""
    if asked.features is None and asked.target in (None, dataset.target) and dataset.features:
        return default_choice(dataset)
    places = places_of(dataset.columns)
    target = dataset.target if asked.target is None else asked.target
    if target not in places:
        raise _unknown(f"{POINTER}/target", target, list(places), list(places))
    _check_observed(dataset.columns[places[target]])
    if asked.features is None:
        features = _default_features(dataset, target)
    else:
        features = _named_features(asked.features, dataset.columns, target, most)
    return choose(dataset, features, target)


def choice_of_run(connection: Connection, dataset: Dataset, reference: DatasetReference) -> Choice:
    """The choice of a stored request. Raises CorruptError."""
    return counted(connection, dataset, of_request(dataset, reference))


def counted(connection: Connection, dataset: Dataset, choice: Choice) -> Choice:
    """The choice with the classes of its target, from the rows if its description lacks them. Raises CorruptError."""
    if choice.sources is None:
        return choice
    place = choice.sources.target
    if choice.text_target or "labels" in dataset.columns[place]:
        return choice
    numbers = DistinctNumbers()
    for table in datasets.read(connection, dataset):
        numbers.add(table[:, place])
    return choice._replace(labels=numbers.result())


def _check_observed(target: Column) -> None:
    """Raises InvalidError for a target of which some values are means that the upload filled in."""
    if filled := target.get("filled", 0):
        name = shown(target["name"])
        message = (
            f"The upload filled {plurals.counted(filled, 'missing value')} of {name} with the mean: no observations."
        )
        hint = f"Upload the data again with {name} as target, which leaves these rows out, or with ?missing=drop."
        raise invalid(f"{POINTER}/target", message, hint)


def _default_features(dataset: Described, target: str) -> list[str]:
    places = places_of(dataset.columns)
    features = [
        name
        for name in dataset.features
        if (source := source_of(name, dataset.columns, places)) is not None and source.column != places[target]
    ]
    if not features:
        message = f"The upload chose no feature besides {shown(target)}."
        raise invalid(f"{POINTER}/target", message, f"Name the features too; {_columns(list(places))}.")
    return features


def _named_features(names: Sequence[str], columns: Sequence[Column], target: str, most: int) -> list[str]:
    """The names with those of whole categories resolved. Stops at the limit: a category may have very many texts."""
    places = places_of(columns)
    features: dict[str, None] = {}  # an ordered set
    for number, name in enumerate(names):
        pointer = f"{POINTER}/features/{number}"
        for feature in _texts(name, columns, places) or [name]:
            source = source_of(feature, columns, places)
            if source is None:
                raise _no_feature(pointer, feature, columns)
            if source.column == places[target]:
                message = f"{shown(target)} is the target, so it cannot be a feature."
                raise invalid(pointer, message, "Remove it from the features, or choose another target.")
            if feature in features:
                raise invalid(pointer, f"The feature {shown(feature)} is named twice.", "Name each feature once.")
            features[feature] = None
            if len(features) > most:
                message = f"These are more than {most} features."
                raise invalid(pointer, message, "Leave out features.")
    return list(features)


def _texts(name: str, columns: Sequence[Column], places: dict[str, int]) -> list[str]:
    """The features of a category that is named as a whole: all texts but the first, which the intercept stands for."""
    categories = columns[places[name]]["categories"] if name in places else None
    return joined_names(name, (categories or ())[1:] or categories or ())


def _no_feature(pointer: str, name: str, columns: Sequence[Column]) -> InvalidError:
    """The error for an unknown column, or for an unknown text of a category."""
    by_name = {column["name"]: column for column in columns}
    for column, text in split_names(name):
        categories = by_name[column]["categories"] if column in by_name else None
        if categories is not None:
            near = nearest(text, categories)
            hint = f"Did you mean {shown(f'{column}={near}')}?" if near is not None else "Choose one of them."
            message = f"{shown(column)} has no text {shown(text)}; it has {listed(categories)}."
            return invalid(pointer, message, hint)
    known = [feature for column in columns for feature in _names(column)]
    return _unknown(pointer, name, known, list(by_name))


def _names(column: Column) -> list[str]:
    return [column["name"], *joined_names(column["name"], column["categories"] or ())]


def _unknown(pointer: str, name: str, known: Sequence[str], columns: Sequence[str]) -> InvalidError:
    near = nearest(name, known)
    hint = f"Did you mean {shown(near)}?" if near is not None else "GET /datasets/{id} describes the columns."
    return invalid(pointer, f"There is no column {shown(name)}; {_columns(columns)}.", hint)


def _columns(names: Sequence[str]) -> str:
    return f"the columns are {listed(names)}"

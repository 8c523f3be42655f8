"""The features of a run in the columns of another dataset."""

from collections.abc import Sequence
from typing import NamedTuple

from service.core.column_choice import Source, Sources, places_of, source_of, split_names
from service.core.dataset_record import Column
from service.core.exceptions import invalid
from service.core.name_hints import listed, nearest, shown

POINTER = "/dataset"


class FileColumns(NamedTuple):
    """The columns of a file that the features need, with the texts of a category, and the places of the features."""

    needed: dict[str, list[str] | None]
    sources: Sources


def file_columns(features: Sequence[str], trained: Sequence[Column]) -> FileColumns:
    """The columns that the features are of; `trained` are those of the run's own dataset.

    An undescribed column has numbers. The file is read with the needed columns alone, in their order.
    """
    places, needed, found = places_of(trained), dict[str, list[str] | None](), []
    for name in features:
        source = source_of(name, trained, places)
        column = name if source is None else trained[source.column]["name"]
        code = None if source is None else source.code
        needed.setdefault(column, None if code is None or source is None else trained[source.column]["categories"])
        found.append(Source(list(needed).index(column), code))
    return FileColumns(needed, Sources(found, 0))


def sources_of(features: Sequence[str], columns: Sequence[Column], trained: Sequence[Column]) -> Sources:
    """The places of the features; `trained` are the columns of the run's own dataset.

    Raises InvalidError for a column that the dataset lacks, and for a text that the run has never seen: as one of
    several zeros it would be taken for another text.
    """
    places = places_of(columns)
    found = [source_of(name, columns, places) or _absent_text(name, columns, places) for name in features]
    known = {column["name"]: column["categories"] for column in trained}
    for place in sorted({source.column for source in found if source.code is not None}):
        name, texts = columns[place]["name"], columns[place]["categories"] or []
        if unknown := sorted(set(texts) - set(known.get(name) or texts)):
            message = (
                f"The run has not seen {listed(unknown)} in {shown(name)}; it has seen {listed(known[name] or [])}."
            )
            raise invalid(POINTER, message, "Leave these rows out.")
    return Sources(found, found[0].column)


def _absent_text(feature: str, columns: Sequence[Column], places: dict[str, int]) -> Source:
    """The place of a category whose text does not occur in the dataset. Raises InvalidError for an unknown column."""
    for column, _ in split_names(feature):
        if column in places and columns[places[column]]["categories"] is not None:
            return Source(places[column], code=-1)
    near = nearest(feature, places)
    hint = "Name the columns like the features of the run." if near is None else f"Is it {shown(near)}? Rename it."
    hint = "Its column has texts, which the run has not." if near == feature else hint
    message = f"The dataset has no column of numbers {shown(feature)}; the columns are {listed(list(places))}."
    raise invalid(POINTER, message, hint)

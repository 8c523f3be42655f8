"""Names of features: columns of numbers, texts of categories, names and texts with an equals sign; places in a row."""

import numpy as np
import pytest

from service.core.column_choice import Source, choose, default_choice, places_of, select_columns, source_of
from service.core.dataset_record import Column
from service.core.distinct_numbers import MOST_LABELS, PROBED_ROWS, DistinctNumbers
from service.datasets.column_statistics import Columns
from service.datasets.ingest import Head, described
from tests.service.people import TABLE, people
from tests.service.storage.helpers import column


def category(name: str, *texts: str) -> Column:
    return column(name) | {"kind": "category", "categories": list(texts)}


NAMED = [
    category("sex", "female", "male"),
    category("a", "b=c", "="),
    category("a=b", "c", "d"),
    column("sex=male"),
    category("", "x"),
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sex=female", Source(0, 0)),
        ("sex=male", Source(3)),  # a column of numbers comes first
        ("a=b=c", Source(1, 0)),
        ("a=b=d", Source(2, 1)),
        ("a==", Source(1, 1)),
        ("=x", Source(4, 0)),
        ("sex", None),
        ("a=b", None),
        ("sex=", None),
        ("=", None),
        ("", None),
        ("other", None),
    ],
)
def test_a_name_is_a_column_or_a_text_of_a_category(name: str, expected: Source | None) -> None:
    assert source_of(name, NAMED, places_of(NAMED)) == expected


def test_unknown_names_are_refused() -> None:
    new = people().described
    for features, target in ((["ages"], "height"), (["age"], "heights"), (["sex"], "height")):
        with pytest.raises(KeyError):
            choose(new, features, target)


def test_the_facts_of_a_text_are_those_of_its_column_of_zeros_and_ones() -> None:
    choice = choose(people().described, ["town=Narvik", "age"], "sex")
    narvik, age = choice.columns
    indicator = TABLE[:, 3] == 1
    assert (narvik["min"], narvik["max"], narvik["mean"]) == (0.0, 1.0, indicator.mean())
    assert narvik["standard_deviation"] == pytest.approx(indicator.std())
    assert age == people().described.columns[0]
    assert (choice.labels, choice.text_target) == (["female", "male"], True)


def test_a_text_of_every_row_is_constant() -> None:
    head = Head(Columns(["k", "y"], ["category", "number"], [["only"], None], [0, 0], [0, 0]), ["k=only"], "y", [1], [])
    choice = default_choice(described(None, head, lambda: [np.array([[0.0, 1.0], [0.0, 3.0]])]).described)
    [only] = choice.columns
    assert (only["min"], only["max"], only["standard_deviation"]) == (1.0, 1.0, 0.0)


def test_columns_side_by_side_are_read_without_a_copy() -> None:
    new = people(features=["age"], target="height").described
    x, y = select_columns(TABLE, default_choice(new).sources)
    assert (x.tolist(), y.tolist()) == (TABLE[:, :1].tolist(), TABLE[:, 2].tolist())
    assert x.base is TABLE.base or x.base is TABLE
    x, _ = select_columns(TABLE, choose(new, ["height", "age"], "sex").sources)
    assert x.tolist() == TABLE[:, [2, 0]].tolist()
    table = TABLE.copy()
    select_columns(table, choose(new, ["sex=male", "age"], "height").sources)
    assert np.array_equal(table, TABLE)


@pytest.mark.parametrize(
    ("blocks", "labels"),
    [
        ([[2.0, 1.0], [1.0, -3.0]], [-3, 1, 2]),
        ([[0.0, -0.0]], [0]),
        ([[1.0, 2.5]], None),
        ([[1.5]], None),
        ([[1.0], [1e300]], None),
        ([[2.0**53]], None),
        ([list(map(float, range(MOST_LABELS)))], list(range(MOST_LABELS))),
        ([list(map(float, range(MOST_LABELS + 1)))], None),
        ([[1.0] * PROBED_ROWS + [2.0] * PROBED_ROWS + [7.0]], [1, 2, 7]),
        ([[1.0] * 10 * PROBED_ROWS + [2.0]], [1, 2]),
        ([[1.0] * 10 * PROBED_ROWS + [0.5]], None),
        ([[1.0] * PROBED_ROWS + list(map(float, range(1000)))], None),
    ],
)
def test_few_whole_numbers_are_labels(blocks: list[list[float]], labels: list[int] | None) -> None:
    found = DistinctNumbers()
    for block in blocks:
        found.add(np.array(block))
    assert found.result() == labels

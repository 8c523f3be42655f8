"""Notations of numbers, truth values, dates and texts: judged by the whole column."""

import unicodedata
from typing import Any

import pytest

from service.datasets.file_reader import FileError
from tests.service.datasets.file_reader.helpers import classes, codes, faults, read, refused, values


def column(cells: list[str], separator: str = ";", **options: Any) -> list[float]:
    """The values of a feature with these cells."""
    lines = [f'"{cell}"{separator}{i}' for i, cell in enumerate(cells)]
    return [row[0] for row in values(f"x{separator}y\n" + "\n".join(lines), **options)]


@pytest.mark.parametrize(
    ("cells", "expected", "separator"),
    [
        (["1,5", "2"], [1.5, 2], ";"),
        (["1,5", "2,25"], [1.5, 2.25], ","),
        (["1,250", "2,010"], [1250, 2010], ","),
        (["1,250", "3,5"], [1.25, 3.5], ";"),
        (["1,250", "3.5"], [1250, 3.5], ";"),
        (["1.250", "3,5"], [1250, 3.5], ";"),
        (["1.250", "2.010"], [1.25, 2.01], ","),
        (["1.250", "2.01"], [1.25, 2.01], ";"),
        (["1.250,5", "7"], [1250.5, 7], ";"),
        (["1,250.5", "7"], [1250.5, 7], ";"),
        (["1.250.000", "2.500"], [1250000, 2500], ";"),
        (["1,250,000", "2,500"], [1250000, 2500], "\t"),
        (["1,50,000", "2,500"], [150000, 2500], "\t"),
        (["980", "1,250", "2,010"], [980, 1250, 2010], ","),
        (["1 250", "1\u00a0250", "1\u202f250,5"], [1250, 1250, 1250.5], ";"),
        (["1'250", "1’250.5"], [1250, 1250.5], ";"),
        (["$1,250", "$980"], [1250, 980], ";"),
        (["€1.250", "980 €"], [1250, 980], ";"),
        (["-$5.50", "USD 7"], [-5.5, 7], ","),
        (["5%", "6,5 %"], [0.05, 0.065], ";"),
        (["−1.5", "−2e−3"], [-1.5, -0.002], ","),
        (["1.5D+03", "2d-1"], [1500, 0.2], ","),
        (["TRUE", "false"], [1, 0], ","),
        (["yes", "No"], [1, 0], ","),
        (["T", "F"], [1, 0], ","),
    ],
)
def test_numbers_in_other_notations(cells: list[str], expected: list[float], separator: str) -> None:
    assert column(cells, separator) == expected


@pytest.mark.parametrize(
    "cells",
    [["1,250", "2,500"], ["980", "1,250", "2,010"], ["1250", "1,250"], ["980", "1.250", "2.010"], ["1.250", "1,250"]],
)
def test_an_ambiguous_mark_is_an_error_that_asks(cells: list[str]) -> None:
    lines = "".join(f"{cell};{i}\n" for i, cell in enumerate(cells))
    error = refused(f"x;y\n{lines}")
    assert error.column == "x"
    assert " may be " in error.message
    assert "decimal=" in str(error.hint)
    assert "thousands=" in str(error.hint)


def test_an_ambiguous_mark_beside_both_decimal_marks_is_an_error() -> None:
    error = refused("x;y\n1,5;1\n2.5;2\n1.234;3\n")
    assert error.message == "'1.234' may be 1.234 or 1234"
    assert error.hint == "write one decimal mark in the whole file, which has both"


@pytest.mark.parametrize(
    ("cells", "options", "expected"),
    [
        (["1,250", "2,500"], {"decimal": ","}, [1.25, 2.5]),
        (["1,250", "2,500"], {"decimal": "."}, [1250, 2500]),
        (["1,250", "2,500"], {"thousands": ","}, [1250, 2500]),
        (["1,250", "2,500"], {"thousands": "none"}, [1.25, 2.5]),
        (["1,250", "2,500"], {"thousands": "space"}, [1.25, 2.5]),
        (["1.250", "2.500"], {"thousands": "."}, [1250, 2500]),
        (["1.250", "2.500"], {"decimal": ","}, [1250, 2500]),
    ],
)
def test_the_requested_marks(cells: list[str], options: dict[str, str], expected: list[float]) -> None:
    assert column(cells, **options) == expected


@pytest.mark.parametrize(
    ("cells", "options", "cell"),
    [
        (["1,5", "1,250,000"], {}, "1,250,000"),
        (["5%", "0.05"], {}, "5%"),
        (["1.5", "2"], {"decimal": ","}, "1.5"),
        (["1,5", "2"], {"decimal": "."}, "1,5"),
        (["1,250", "2"], {"decimal": ".", "thousands": "none"}, "1,250"),
        (["1 250", "2"], {"thousands": "none"}, "1 250"),
    ],
)
def test_cells_that_contradict_the_column_are_named(cells: list[str], options: dict[str, str], cell: str) -> None:
    lines = "".join(f"{each};{i}\n" for i, each in enumerate(cells))
    error = refused(f"x;y\n{lines}", **options)
    assert (error.column, error.row) == ("x", cells.index(cell) + 2)
    assert repr(cell) in error.message


def test_dots_that_turn_out_to_separate_thousands_are_asked_for() -> None:
    early = "".join(f"{i % 9 + 1}.250;{i}\n" for i in range(20_000))
    error = refused(f"x;y\n{early}1.250.000;1\n", max_rows=10**6)
    assert error.column == "x"
    assert "decimal=" in str(error.hint)
    late = values(f"x;y\n{early}1.250.000;1\n", max_rows=10**6, thousands=".")
    assert (late[0][0], late[-1][0]) == (1250, 1250000)


def test_many_decimal_commas_are_read_across_blocks() -> None:
    rows = [(i / 8, i) for i in range(20_000)]
    text = "x;y\n" + "".join(f"{x:.3f};{y}\n".replace(".", ",") for x, y in rows)
    assert values(text, max_rows=10**6) == [list(row) for row in rows]


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["1970-01-02", "2020-01-01"], [1, 18262]),
        (["1970-01-01T12:00:00Z", "1970-01-02 06:00+06:00"], [0.5, 1]),
        (["2020-01", "2020-02"], [18262, 18293]),
        (["13/01/1970", "02/01/1970"], [12, 1]),
        (["01/13/1970", "01/02/1970"], [12, 1]),
        (["02.01.1970", "03.01.1970"], [1, 2]),
        (["Jan 2 1970", "Feb 1, 1970", "Jan-3-1970"], [1, 31, 2]),
        (["2 January 1970", "01-Feb-1970"], [1, 31]),
    ],
)
def test_dates_as_days(cells: list[str], days: list[float]) -> None:
    assert column(cells, dates="days") == days


def test_the_order_of_day_and_month_must_be_clear() -> None:
    error = refused("when,y\n01/02/2020,1\n03/04/2020,2\n", dates="days")
    assert (error.row, error.column) == (2, "when")
    assert "order of day and month" in error.message
    error = refused("when,y\n2020-05-01,1\n03/04/2020,2\n", dates="days")
    assert (error.row, error.message) == (3, "'03/04/2020': the order of day and month is unclear")
    error = refused("when,y\n13/01/2020,1\n01/02/2020,2\n01/13/2020,3\n", dates="days")
    assert (error.row, error.message) == (4, "'01/13/2020' has the month first, '13/01/2020' in row 2 the day")


@pytest.mark.parametrize("text", ["2020-13-01", "31.02.2020", "12:30", "1.2.3", "10-19", "Foo 1 2000", "May Day"])
def test_texts_that_are_no_dates(text: str) -> None:
    with read(f"when,x,y\n{text},1,2\n{text},3,5\nother,4,6\n", dates="days") as table:
        assert table.columns[0].categories == sorted([text, "other"])


def test_categories_become_one_hot_features() -> None:
    with read("kind,x,y\nb,1,2\nc,2,3\na,3,5\nb,4,1\n") as table:
        assert table.features == ["kind=b", "kind=c", "x"]
        assert table.columns[0] == ("kind", "category", ["a", "b", "c"], 0, 0)
        assert next(table.blocks())[:, 0].tolist() == [1, 2, 0, 1]
        assert codes(table) == ["categories"]
    with read("kind,x,y\nb,1,2\nc,2,3\na,3,5\nb,4,1\n", categories="ignore") as table:
        assert (table.features, table.ignored, codes(table)) == (["x"], ["kind"], ["categories_ignored"])
    with read("kind,x,y\nb,1,2\nc,2,3\na,3,5\nb,4,1\n", features=["kind=a", "x"]) as table:
        assert table.features == ["kind=a", "x"]
    assert "kind=q" in refused("kind,x,y\nb,1,2\nc,2,3\nb,4,1\n", features=["kind=q"]).message


def test_texts_with_more_than_20_values_are_left_out() -> None:
    lines = [f"t{i % 21},{i},{i * i}\n" for i in range(60)]
    with read("kind,x,y\n" + "".join(lines)) as table:
        assert (table.ignored, codes(table)) == (["kind"], ["text_column"])
    with read("kind,x,y\n" + "".join(lines).replace("t20", "t19")) as table:
        assert len(table.features) == 20


def test_a_category_that_only_dropped_rows_have_is_none() -> None:
    with read("kind,x,y\nb,1,2\nc,NA,3\na,3,5\nb,4,1\n", missing="drop") as table:
        assert table.columns[0].categories == ["a", "b"]
        assert next(table.blocks())[:, 0].tolist() == [1, 0, 1]


def test_labels_are_in_nfc() -> None:
    label = unicodedata.normalize("NFD", "été")
    with read(f"x,y\n1,{label}\n2,été\n3,hiver\n") as table:
        assert classes(table) == ["hiver", "été"]


@pytest.mark.parametrize("token", ["", "NA", "?", "-", "NULL", "NaN", "#N/A", "N/A", "nan", "null", "."])
@pytest.mark.parametrize("cells", [("1", "2"), ("red", "blue")])
def test_missing_values(token: str, cells: tuple[str, str]) -> None:
    text = f"x,y\n1,{cells[0]}\n3,{token}\n2,{cells[1]}\n"
    assert [(fault.row, fault.column) for fault in faults(text)] == [(3, "y")]
    with read(text, missing="drop") as table:
        assert (table.rows, table.columns[1].missing, codes(table)) == (
            2,
            1,
            [*(["missing_texts"] if token else []), "missing_dropped"],
        )


def test_a_column_with_more_than_half_of_its_values_missing_is_left_out() -> None:
    with read("a,b,y\n1,,2\n2,,3\n3,7,4\n") as table:
        assert (table.features, table.ignored, codes(table)) == (["a"], ["b"], ["mostly_missing"])
    assert refused("a,b,y\n1,,2\n2,,3\n3,7,4\n", features=["a", "b"]).column == "b"


def test_a_last_column_that_cannot_be_a_target_is_left_out() -> None:
    with read("a,b,when\n1,5,2020-01-01\n2,6,2020-01-02\n3,8,2020-01-03\n") as table:
        assert (table.features, table.target, table.ignored) == (["a"], "b", ["when"])
        assert codes(table) == ["target", "dates"]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a,when\n1,2020-01-01\n2,2020-01-02\n", {"features": ["a"]}),
        (",when\n1,2020-01-01\n2,2020-01-02\n", {}),
        ("start,when\n2020-01-01,2020-01-01\n2020-01-02,2020-01-02\n", {}),
        ("a,when\n1,NA\n2,\n", {"features": ["a"]}),
        ("when\n2020-01-01\n2020-01-02\n", {}),
        (",\n1,\n2,\n", {}),
        ('"",""\n1,2\n2,3\n', {"header": True}),
    ],
)
@pytest.mark.parametrize("missing", ["refuse", "drop", "mean"])
def test_a_file_has_a_target_or_is_refused(text: str, options: dict[str, Any], missing: str) -> None:
    try:
        with read(text, missing=missing, **options) as table:
            assert table.target in [column.name for column in table.columns]
    except FileError:
        pass


def test_the_answer_about_gaps_in_every_row_names_their_columns() -> None:
    found = faults("a,b,y\n1,,2\n,7,3\n3,,4\n,8,5\n", missing="drop")
    assert found[0].message == "only 0 of 4 rows have a value in every column"
    assert [fault.column for fault in found] == [None, "a", "b"]


def test_an_answer_names_at_most_20_faults() -> None:
    names = [f"c{i}" for i in range(40)]
    lines = [names, *([cell] * 40 for cell in ("1", "x", "2", "3"))]
    found = faults("\n".join(map(",".join, lines)), features=names[:-1])
    assert len(found) == 20
    assert found[-1].message == "the file has 21 more faults"
    assert len(faults("x,y\n" + "1,2,3\n1,2\n" * 50)) == 20

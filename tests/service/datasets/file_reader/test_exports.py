"""Files as programs of offices, banks and databases export them: read as their author meant, or said."""

import pytest

from tests.service.datasets.file_reader.helpers import classes, codes, read, refused, values


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (['"(1,234)"', "(50)", "75"], [-1234, -50, 75]),
        (['"$(1,234.00)"', "($50.00)", "$75.00"], [-1234, -50, 75]),
        (['"1,234.50-"', "50.00", "75.10-"], [-1234.5, 50, -75.1]),
    ],
)
def test_negative_numbers_of_bookkeepers(cells: list[str], numbers: list[float]) -> None:
    text = "x,y\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(cells))
    assert [row[1] for row in values(text)] == numbers
    with read(text) as table:
        assert "booked_negatives" in codes(table)


def test_a_german_minus_at_the_end() -> None:
    assert values("x;y\n1;1.234,50-\n2;50,00\n3;75,10-\n") == [[1, -1234.5], [2, 50], [3, -75.1]]


def test_parentheses_around_texts_and_ranges_are_no_signs() -> None:
    with read("g,y\n(a),1\n20-29,2\n(a),3\n20-29,4\n") as table:
        assert table.columns[0].categories == ["(a)", "20-29"]


@pytest.mark.parametrize("zips", [["01234", "02345", "90210"], ["10234", "02345", "90210"], ["01234", "NA", "90210"]])
def test_zeros_that_numbers_lose_are_named(zips: list[str]) -> None:
    text = "zip,y\n" + "".join(f"{cell},{i}\n" for i, cell in enumerate(zips))
    with read(text, missing="drop") as table:
        [entry] = [each for each in table.report if each["code"] == "leading_zeros"]
        assert entry["columns"] == ["zip"]


def test_ordinary_zeros_are_not_named() -> None:
    with read("x,z,y\n0,0.5,1\n-0.25,00.5,2\n10,0e3,3\n100,0,4\n") as table:
        assert "leading_zeros" not in codes(table)


@pytest.mark.parametrize("cells", [["10:00", "11:30", "12:45"], ["5±0.1", "7±0.2", "9±0.3"], ["1/2", "3/4", "1/4"]])
def test_a_target_of_number_like_texts_is_refused_or_named(cells: list[str]) -> None:
    rows = [f"{i},{cell}\n" for i, cell in enumerate(cells)]
    error = refused("x,y\n" + "".join(rows))
    assert (error.column, error.message.partition(";")[0]) == ("y", f"{cells[0]!r} is not a number")
    with read("x,y\n" + "".join(rows + rows)) as table:
        assert (classes(table), codes(table)) == (sorted(cells), ["number_like_labels"])


def test_other_labels_are_not_named() -> None:
    with read("x,y\n1,A1\n2,b 2\n3,2nd\n4,A1\n") as table:
        assert codes(table) == []


@pytest.mark.parametrize(
    "text",
    [
        "| x | y |\n|---|---|\n| 1 | 2 |\n| 2 | 4 |\n| 3 | 5 |\n",
        "x | y\n--- | ---\n1 | 2\n2 | 4\n3 | 5\n",
        "x | y\n:---|---:\n1 | 2\n2 | 4\n3 | 5\n",
        " x | y \n---+---\n 1 | 2\n 2 | 4\n 3 | 5\n(3 rows)\n\n",
        "+---+---+\n| x | y |\n+---+---+\n| 1 | 2 |\n| 2 | 4 |\n| 3 | 5 |\n+---+---+\n",
    ],
)
def test_the_lines_of_printed_tables_are_left_out(text: str) -> None:
    assert values(text) == [[1, 2], [2, 4], [3, 5]]


def test_texts_that_differ_in_case_are_named() -> None:
    with read("x,g,y\n1,a,Yes\n2,A,yes\n3,b,No\n4,b,No\n") as table:
        assert [each["message"] for each in table.report if each["code"] == "similar_texts"] == [
            "Column 'g' has texts that differ in case or blanks: 'A', 'a'.",
            "Column 'y' has texts that differ in case or blanks: 'Yes', 'yes'.",
        ]


def test_several_currencies_are_refused() -> None:
    error = refused("x,y\n$15,2\n€20,4\n$31,5\n")
    assert (error.row, error.column, error.message) == (3, "x", "'€20' is in another currency than '$15'")
    assert values("x,y\n15 €,2\n€20,4\n31,5\n") == [[15, 2], [20, 4], [31, 5]]


def test_a_dash_of_typography_is_a_minus() -> None:
    with read("x,y\n–1,2\n2,4\n–3.5,5\n") as table:
        assert (next(table.blocks()).tolist(), codes(table)) == ([[-1, 2], [2, 4], [-3.5, 5]], ["minus_sign"])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"x": 1, "y": 2}\n{"x": 2, "y": 4}\n', "JSON"),
        ('\ufeff [{"x": 1, "y": 2}]', "JSON"),
        ("<!DOCTYPE html>\n<html>\n<p>1,2\n", "an HTML page"),
        ('<?xml version="1.0"?>\n<a>\n<b>1</b>\n</a>\n', "an XML file"),
    ],
)
def test_other_kinds_of_text_are_recognised(text: str, kind: str) -> None:
    assert refused(text).message == f"the file is not a table: it looks like {kind}"

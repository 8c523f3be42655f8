"""Errors of the CSV reader that name a cell or a column."""

import pytest

from tests.service.datasets.file_reader.helpers import faults, read, refused


@pytest.mark.parametrize(
    "cell",
    [
        "inf",
        "-inf",
        "Infinity",
        "1e999",
        "-1e999",
        "1_000",
        "١٢",
        "１",
        "0x1f",
        "TRUE",
        "FALSE",
        "abc",
        "1e",
        "1.2.3",
        "--",
        "1\u00a02",
        "5%",
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_bad_cells_are_named(cell: str, separator: str) -> None:
    for column, line in (("x", f"{cell},6"), ("y", f"5,{cell}")):
        text = f"x,y\n1,2\n\n3,4\n{line}\n7,8\n".replace(",", separator)
        error = refused(text)
        assert (error.row, error.column) == (5, column)
        assert repr(cell) in error.message
        assert error.hint


def test_the_error_of_a_mixed_target_names_a_text_and_a_number() -> None:
    error = refused("x,kind\n1,3\n2,blue\n3,7\n")
    assert (error.row, error.column) == (3, "kind")
    assert "'blue'" in error.message
    assert "row 2 has the number '3'" in error.message


def test_a_text_id_with_numbers_is_left_out() -> None:
    with read("x,name,y\n1,a,2\n3,1e999,4\n5,7,6\n") as table:
        assert table.ignored == ["name"]
        [entry] = table.report
        assert (entry["code"], entry["columns"], entry["rows"]) == ("mixed_column", ["name"], [2])


@pytest.mark.parametrize("labels", [["nan", "nan"], ["1_000", "2_000"], ["1e999", "inf"], ["0x1", "١"]])
def test_a_target_of_invalid_numbers_is_not_text(labels: list[str]) -> None:
    error = refused(f"x,y\n1,{labels[0]}\n2,{labels[1]}\n", target="y")
    assert (error.row, error.column) == (2, "y")


def test_long_cells_are_shown_shortened() -> None:
    error = refused("x,y\n1,2\n" + "a" * 5000 + ",3\n")
    assert len(str(error)) < 200
    assert "'aaa" in error.message


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        ("x,y\n1,2\n ,4\n", 3, "x"),
        ("x,y\n,2\n3,4\n", 2, "x"),
        ("x,y\n1,2\n3,\n", 3, "y"),
        ("x,y\n1,red\n3,\n", 3, "y"),
        ("x,y\n,red\n3,blue\n", 2, "x"),
    ],
)
def test_empty_cells(text: str, row: int, column: str) -> None:
    error = refused(text)
    assert (error.row, error.column) == (row, column)
    assert "missing: empty cell in row" in error.message


def test_requested_features_must_be_usable() -> None:
    text = "x,colour,none,when,y\n1,red,,2020-01-02,2\n3,7,,2020-01-03,4\n"
    for name, row in (("colour", 2), ("none", 2), ("when", 2)):
        error = refused(text, features=["x", name])
        assert (error.row, error.column) == (row, name)
    assert "dates=days" in str(refused(text, features=["when"]).hint)


def test_unknown_columns_are_listed_with_the_nearest() -> None:
    error = refused("height,weight,y\n1,2,3\n4,5,6\n", target="HIGHT")
    assert "'HIGHT'" in error.message
    assert "'height', 'weight', 'y'" in error.message
    assert error.hint == "did you mean 'height'?"
    error = refused("height,weight,y\n1,2,3\n4,5,6\n", features=["qqq"])
    assert "'qqq'" in error.message
    assert error.hint is None
    many = ",".join(f"c{i}" for i in range(45))
    assert "'c19' and 25 more" in refused(f"{many}\n{many}\n", target="z").message


def test_features_must_not_hold_the_target_or_repeat() -> None:
    error = refused("a,b,y\n1,2,3\n4,5,6\n", target="a", features=["b", "a"])
    assert error.column == "a"
    assert "target" in error.message
    assert "twice" in refused("a,b,y\n1,2,3\n4,5,6\n", features=["b", "b"]).message


@pytest.mark.parametrize("features", [None, []])
def test_a_file_without_features_is_refused(features: list[str] | None) -> None:
    assert "no feature columns" in refused("name,y\nann,1\nbob,2\n", features=features).message
    assert "no feature columns" in refused("y\n1\n2\n", features=features).message


def test_gaps_and_the_lack_of_features_are_named_together() -> None:
    found = faults("a,b\nx,1\ny,NA\nz,3\n")
    assert found[0].message.startswith("1 value is missing")
    assert found[1].message.startswith("no feature columns")


def test_a_single_row_without_features_has_both_faults() -> None:
    found = [fault.message for fault in faults("a,b\nx,1\n")]
    assert any("no feature columns" in message for message in found)
    assert "the file has only one row of data" in found


def test_rows_are_not_dropped_where_none_would_be_left() -> None:
    found = faults("a,b,y\n1,NA,1\nNA,2,2\n3,4,3\n")
    assert len(found) == 2
    assert all("?missing=mean" in str(fault.hint) and "drop" not in str(fault.hint) for fault in found)
    with read("a,b,y\n1,NA,1\nNA,2,2\n3,4,3\n", missing="mean") as table:
        assert table.rows == 3


def test_many_columns_with_gaps_are_all_named_in_one_fault() -> None:
    names = [f"c{number}" for number in range(24)]
    rows = [["NA"] * 24, *([str(row)] * 24 for row in range(9))]
    [fault] = faults("\n".join(",".join(row) for row in [names, *rows]))
    assert fault.message.startswith("values are missing in 24 columns: 1 of 'c0', 1 of 'c1'")
    assert all(repr(name) in fault.message for name in names)


def test_a_default_target_of_some_texts_may_be_another_column() -> None:
    [fault] = faults("x,y,z\n1,2,3\n4,5,X\n6,7,8\n9,1,2\n")
    assert str(fault.hint).endswith("or choose another target")

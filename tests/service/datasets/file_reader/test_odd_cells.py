"""Cells that are neither plain numbers nor plain texts: units, errors of Excel, truth values, very long integers."""

import pytest

from tests.service.datasets.file_reader.helpers import classes, codes, faults, read, refused, values
from tests.service.datasets.file_reader.test_workbook import saved

ERRORS = ["#N/A", "#DIV/0!", "#REF!", "#NAME?", "#VALUE!", "#NUM!", "#NULL!"]


@pytest.mark.parametrize("unit", ["kg", " kg", "°C", " m/s", " µm"])
def test_numbers_with_a_unit_are_left_out_and_named(unit: str) -> None:
    rows = "".join(f"{i}{unit},{i},{i * i}\n" for i in range(1, 8))
    with read(f"mass,x,y\n{rows}") as table:
        assert (table.features, table.ignored, codes(table)) == (["x"], ["mass"], ["units"])
        assert f"'1{unit}' in row 2" in table.report[0]["message"]
    for target, features in (("mass", None), ("y", ["mass"])):
        error = refused(f"mass,x,y\n{rows}", target=target, features=features)
        assert (error.row, error.column) == (2, "mass")
        assert error.message == f"'1{unit}' is a number with a unit"
        assert f"mass ({unit.strip()})" in str(error.hint)


def test_a_file_of_left_out_columns_says_why() -> None:
    error = refused("mass,y\n5 kg,1\n6 kg,2\n7 kg,3\n")
    assert (error.row, error.column, error.message) == (2, "mass", "'5 kg' is a number with a unit")
    found = faults("a;b;y\n1.250;1;2,5\n2.500;;3,5\n", features=[])
    assert [fault.column for fault in found] == [None, "a", "b"]
    assert "'1.250' may be" in found[1].message


def test_numbers_with_several_units_are_left_out_and_named() -> None:
    text = "mass,x,y\n5 kg,1,2\n600 g,2,3\n7 kg,3,5\n"
    with read(text) as table:
        assert codes(table) == ["units"]
    assert refused(text, target="mass").hint == "write the numbers alone, all in one unit"


def test_few_numbers_with_a_unit_that_repeat_are_categories() -> None:
    with read("dose,x,y\n5 mg,1,2\n10 mg,2,3\n5 mg,3,5\n10 mg,4,4\n") as table:
        assert (table.columns[0].categories, codes(table)) == (["10 mg", "5 mg"], ["categories"])


@pytest.mark.parametrize("text", ["12:30", "10-19", "5", "A5", "1st Avenue"])
def test_texts_that_are_no_numbers_with_a_unit(text: str) -> None:
    rows = "".join(f"{i}{text},{i},{i * i}\n" for i in range(1, 8))
    with read(f"t,x,y\n{rows}") as table:
        assert "units" not in codes(table)


@pytest.mark.parametrize("error", ERRORS)
def test_errors_of_excel_are_gaps(error: str) -> None:
    text = f"x,y\n{error},1\n2,3\n5,{error}\n4,7\n"
    assert [(fault.row, fault.column) for fault in faults(text)] == [(2, "x"), (4, "y")]
    assert values(text, missing="drop") == [[2, 3], [4, 7]]
    assert values(f"{error},1\n2,3\n4,7\n", missing="drop", header=False) == [[2, 3], [4, 7]]
    content = saved({"Data": [("x", "y"), (1, 2), (error, 4), (3, 7)]})
    assert values(content, missing="drop") == [[1, 2], [3, 7]]


@pytest.mark.parametrize("cells", [(True, 1, 0, False), (True, False, True, 1), (1, 0, 1, True)])
def test_truth_values_among_numbers_are_a_question_or_left_out(cells: tuple[object, ...]) -> None:
    content = saved({"Data": [("x", "y", "z"), *((cell, i, i * i) for i, cell in enumerate(cells))]})
    with read(content) as table:
        assert (table.features, table.ignored, codes(table)) == (["y"], ["x"], ["sheet", "mixed_column"])
    error = refused(content, target="x")
    assert error.column == "x"
    assert "but row" in error.message
    assert "1 for TRUE" in str(error.hint)
    places = [i + 2 for i, cell in enumerate(cells) if isinstance(cell, bool)]
    assert len(places) == 1 or f"rows {', '.join(map(str, places))} of the file" in error.message
    assert refused(content, features=["x"]).column == "x"


@pytest.mark.parametrize(
    ("cells", "rounded"),
    [
        (("9007199254740993", "9007199254740992"), True),
        (("-9007199254740993", "NA"), True),
        (("9007199254740992", "9007199254740994"), False),
        (("123456789012345678.5", "1e300"), False),
    ],
)
def test_integers_beyond_53_bits_are_reported(cells: tuple[str, str], rounded: bool) -> None:
    text = "id,x,y\n" + "".join(f"{cell},{i},{i * i}\n" for i, cell in enumerate([*cells, "5", "6"]))
    with read(text, missing="drop") as table:
        assert ("rounded_integers" in codes(table)) == rounded
        assert table.columns[0].name == "id"


def test_a_cell_that_excel_formats_in_per_cent_has_the_value_of_the_text() -> None:
    assert values("x,y\n5%,1\n12.5%,2\n", target="y") == values(saved({"Data": [("x", "y"), (0.05, 1), (0.125, 2)]}))


def test_the_default_features_are_a_choice_among_all_usable_columns() -> None:
    text = "a,kind,b,gap,odd,y\n1,u,4,,1.250,2\n2,v,6,7,x,3\n3,u,8,8,3,5\n"
    with read(text, features=["b"], target="y") as table:
        assert ([column.name for column in table.columns], table.features) == (["a", "kind", "b", "y"], ["b"])
        assert table.ignored == ["gap", "odd"]
        assert codes(table) == ["mixed_column", "incomplete_column"]
    with read(text, features=["b"], missing="mean") as table:
        assert ("gap", "number", None, 1, 1) in table.columns
        assert table.rows == 3
    with read(text, features=["b"], missing="drop") as table:
        assert table.rows == 3
    with read("x;b;y\n1.250;1,5;2\n2.500;2;3\n", features=["b"]) as table:
        assert codes(table) == ["unclear_column", "decimal_comma"]
        assert "'1.250' may be 1.250 or 1250 in row 2" in table.report[0]["message"]


@pytest.mark.parametrize("text", ["na", "N.A.", "n.a.", "Null", "NAN", "-NaN", "1.#IND", "#N/A N/A", "NaT", "#NV"])
@pytest.mark.parametrize("kind", ["number", "category", "label"])
def test_a_missing_value_is_recognised_in_any_column_and_said(text: str, kind: str) -> None:
    good = ["1", "2", "1", "2"] if kind == "number" else ["a", "b", "a", "b"]
    cells = [*good, text]
    lines = [f"{i},{cell},{i * i}" if kind != "label" else f"{i},{i * i},{cell}" for i, cell in enumerate(cells)]
    content = "a,b,c\n" + "\n".join(lines)
    with read(content, missing="drop") as table:
        assert (table.rows, [each.kind for each in table.columns if each.kind != "number"]) == (
            4,
            [kind] if kind != "number" else [],
        )
        [entry] = [each for each in table.report if each["code"] == "missing_texts"]
        assert (entry["message"], entry["columns"]) == (
            f"Column {'c' if kind == 'label' else 'b'!r}: missing values are written {text!r}.",
            ["c" if kind == "label" else "b"],
        )
    error = refused(content)
    assert "1 value is missing (row 6 of the file)" in error.message
    assert ("is a category" in (error.hint or "")) == (kind != "number")


@pytest.mark.parametrize("text", ["Na", "none", "missing"])
def test_words_that_may_be_categories_are_no_missing_values(text: str) -> None:
    with read(f"x,y\n1,K\n2,{text}\n3,K\n4,{text}\n") as table:
        assert classes(table) == sorted(["K", text])


@pytest.mark.parametrize(
    ("text", "features", "ignored"),
    [
        ("sex,sex=m,y\nf,1,2\nm,3,4\nf,5,7\nm,6,9\n", ["sex=m"], ["sex"]),
        ("sex=f,sex,y\n1,f,2\n3,m,4\n5,f,7\n6,m,9\n", ["sex=f"], ["sex"]),
        ("a,a=b,y\nb=c,c,2\nd,d,4\nb=c,c,7\nd,d,9\n", ["a=d"], ["a=b"]),
    ],
)
def test_a_category_whose_feature_has_the_name_of_a_column_is_left_out(
    text: str, features: list[str], ignored: list[str]
) -> None:
    with read(text) as table:
        assert (table.features, table.ignored) == (features, ignored)
        assert "ambiguous_names" in codes(table)
    error = refused(text, features=ignored)
    assert "would have the name of another column" in error.message
    assert error.column == ignored[0]


@pytest.mark.parametrize("rows", [2, 3000])
def test_none_is_missing_among_numbers_and_a_category_among_texts(rows: int) -> None:
    numbers = "a,b\n" + "".join(f"{i},{i % 7}\n" for i in range(rows)) + "None,3\n5,4\nNone,5\n"
    error = refused(numbers, max_rows=4000)
    assert (error.row, error.column) == (rows + 2, "a")
    assert error.message == f"2 values are missing (rows {rows + 2}, {rows + 4} of the file), such as 'None'"
    with read(numbers, missing="drop", max_rows=4000) as table:
        assert (table.rows, codes(table)[:2]) == (rows + 1, ["missing_texts", "missing_dropped"])
    with read("x,y\n1,None\n2,Mild\n3,Severe\n4,None\n") as table:
        assert classes(table) == ["Mild", "None", "Severe"]
    with read("bags,y\nNone,1\nDriver,2\nNone,4\nDriver,3\n") as table:
        assert table.columns[0].categories == ["Driver", "None"]

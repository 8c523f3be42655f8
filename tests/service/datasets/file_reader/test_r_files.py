"""Files in the shape that R's write.csv and pandas give them, against an expectation by Python's csv module."""

import csv
import io
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.service.datasets.file_reader.helpers import codes, read

GAP = "NA"
NUMBERS = st.integers(-5000, 5000).map(str) | st.floats(-1e6, 1e6, width=32).map(repr)
COLUMNS = {
    "number": NUMBERS,
    "category": st.sampled_from(["red", "blue", "Grün"]),
    "truth": st.sampled_from(["yes", "no"]),
}


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A file with an index, and the kinds of its columns; the last one has numbers without gaps."""
    kinds = draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=4))
    rows = draw(st.integers(8, 30))
    columns = [[draw(COLUMNS[kind]) if draw(st.integers(0, 9)) else GAP for _ in range(rows)] for kind in kinds]
    columns.append([draw(NUMBERS) for _ in range(rows)])
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])))
    writer.writerow(["", *(f"c{j}" for j in range(len(kinds))), "y"])
    writer.writerows([i + 1, *row] for i, row in enumerate(zip(*columns, strict=True)))
    return text.getvalue(), [*kinds, "number"]


def expected(text: str, kinds: list[str]) -> dict[str, Any]:
    """The columns that are neither constant nor mostly missing, without rows that have a gap in one of them."""
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    width = len(header) - 1
    full = [j for j in range(width) if 2 * sum(row[j + 1] == GAP for row in rows) <= len(rows)]
    whole = [row[1:] for row in rows if all(row[j + 1] != GAP for j in full)]
    found = {}
    for j in full:
        cells = [row[j] for row in whole]
        if len(set(map(value, cells))) > 1 or j == width - 1:
            found[header[j + 1]] = (kinds[j], cells)
    return {"columns": found, "rows": len(whole)}


def value(cell: str) -> Any:
    try:
        return {"yes": 1.0, "no": 0.0}[cell] if cell in {"yes", "no"} else float(cell)
    except ValueError:
        return cell


@settings(deadline=None, max_examples=60)
@given(files())
def test_a_file_of_r_is_read_as_by_csv(file: tuple[str, list[str]]) -> None:
    text, kinds = file
    want = expected(text, kinds)
    if want["rows"] < 2 or len(want["columns"]) < 2:
        return
    with read(text, missing="drop") as table:
        assert table.rows == want["rows"]
        assert [column.name for column in table.columns] == list(want["columns"])
        rows = [row for block in table.blocks() for row in block.tolist()]
        for j, (kind, cells) in enumerate(want["columns"].values()):
            categories = table.columns[j].categories
            assert (categories is not None) == (kind == "category")
            found = [categories[int(row[j])] if categories else row[j] for row in rows]
            assert found == [value(cell) for cell in cells]
            assert all(not isinstance(each, float) or math.isfinite(each) for each in found)


MEASURED = '"","Height","Shoe","Left","Born","Note","Grade"\n' + "".join(
    f'"{i}",{150 + i},{"NA" if i == 4 else 36.5 + i / 2},{"TRUE" if i % 3 else "FALSE"},'
    f'"19{60 + i}-0{1 + i % 9}-01","seen {i}",{i % 4}\n'
    for i in range(1, 13)
)
WIDE = "land,1960,1961,1962\nA,1.5,2.5,3.5\nB,4.5,NA,6.5\nC,7.5,8.5,9.25\n"
RATIONS = '"Site" "Year" "Yield"\n"1" "UF" 1931 81\n"2" "UF" 1932 80.7\n"3" "W" 1931 105.4\n"4" "W" 1932 82.3\n'
PAIRS = "a;b;c\n1,5;x;2,25\n2,5;y;\n3,5;x;4,75\n4,5;y;5,5\n"


@pytest.mark.parametrize(
    ("text", "features", "target", "ignored", "rows", "reported"),
    [
        (
            MEASURED,
            ["Height", "Shoe", "Left"],
            "Grade",
            ["column 1", "Born", "Note"],
            11,
            ["index_column", "dates", "text_column", "truths", "missing_texts", "missing_dropped"],
        ),
        (
            WIDE,
            ["1960", "1961"],
            "1962",
            ["land"],
            2,
            ["numbers_as_names", "text_column", "missing_texts", "missing_dropped"],
        ),
        (RATIONS, ["Site=W", "Year"], "Yield", ["column 1"], 4, ["separator", "categories", "index_column"]),
        (PAIRS, ["a", "b=y"], "c", [], 3, ["categories", "decimal_comma", "missing_dropped"]),
    ],
    ids=["measured", "wide", "rations", "pairs"],
)
def test_files_by_hand(
    text: str, features: list[str], target: str, ignored: list[str], rows: int, reported: list[str]
) -> None:
    with read(text, missing="drop") as table:
        assert (table.features, table.target, table.ignored) == (features, target, ignored)
        assert (table.rows, codes(table)) == (rows, reported)

"""The files that statsmodels and scikit-learn ship, as they are: rows, names and values as pandas reads them."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from service.datasets.file_reader import FileError, FileTable, Options, read_file
from tests.service.jobs.test_reference_fits import SKLEARN, STATSMODELS

pytestmark = pytest.mark.slow
FILES = sorted([*STATSMODELS.glob("*/*.csv"), *SKLEARN.glob("*.csv*")])
REFUSED = {"elec_equip.csv": "?dates=days", "diabetes_target.csv.gz": "add a column"}


def opened(file: Path) -> FileTable:
    with file.open("rb") as content:
        return read_file(content, max_rows=10**6, max_columns=1000, options=Options(missing="drop"))


def frame(file: Path, table: FileTable) -> Any:
    """The table as pandas reads it: without a line of counts, and with the same names for a file without header."""
    pandas, codes = import_module("pandas"), {entry["code"] for entry in table.report}
    separator = {"anes96": "\t", "modechoice": ";"}.get(file.stem, r"\s+" if "separator" in codes else ",")
    options = {"header": None, "skiprows": int("title" in codes)} if "no_header" in codes else {}
    read = pandas.read_csv(file, sep=separator, **options)
    return read.set_axis([*(f"x{j}" for j in range(1, read.shape[1])), "y"], axis=1) if options else read


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_table_is_that_of_pandas(file: Path) -> None:
    if file.name in REFUSED:
        with pytest.raises(FileError) as caught:
            opened(file)
        assert REFUSED[file.name] in str(caught.value.hint)
        return
    with opened(file) as table:
        names = [column.name for column in table.columns]
        expected = frame(file, table)
        assert {*names} | {*table.ignored} == {*expected.columns}
        whole = expected[names].dropna()
        assert table.rows == len(whole)
        rows = [row for block in table.blocks() for row in block.tolist()]
        for j, (name, kind, categories, missing, _) in enumerate(table.columns):
            assert missing == expected[name].isna().sum()
            assert (kind == "number") == (expected[name].dtype.kind in "iuf")
            found = [row[j] if categories is None else categories[int(row[j])] for row in rows]
            assert found == whole[name].tolist()

"""Tables of odd cells, with any parameters: a table with its target and features, or an error that explains itself."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from service.datasets.file_reader import FileError
from tests.service.datasets.file_reader.helpers import read

CELLS = [
    "1",
    "2.5",
    "1.250",
    "1,250",
    "1,5",
    "1.250.000",
    "$5",
    "5%",
    "5 kg",
    "6g",
    "x",
    "y",
    "TRUE",
    "no",
    "2020-01-02",
]
CELLS += ["01/02/2020", "13/01/2020", "NA", "", "#DIV/0!", "1e999", "−3", "1 250", "9007199254740993", "#", "a=b", "."]


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A file, and the parameters of its reading."""
    width, separator = draw(st.integers(1, 4)), draw(st.sampled_from(",;\t| "))
    kinds = [draw(st.lists(st.sampled_from(CELLS), min_size=1, max_size=3)) for _ in range(width)]
    lines = [[draw(st.sampled_from(kind)) for kind in kinds] for _ in range(draw(st.integers(1, 5)))]
    names = draw(st.sampled_from([[], ["a", "b", "c", "d"][:width], ["", "b", "c", "d"][:width], ["a", "b"], ["T"]]))
    text = "\n".join(separator.join(f'"{cell}"' for cell in line) for line in ([names] if names else []) + lines)
    options = {
        "missing": draw(st.sampled_from(["refuse", "drop", "mean"])),
        "decimal": draw(st.sampled_from(["auto", ".", ","])),
        "dates": draw(st.sampled_from(["ignore", "days"])),
        "categories": draw(st.sampled_from(["one_hot", "ignore"])),
        "header": draw(st.sampled_from([None, True, False])),
        "features": draw(st.sampled_from([None, [], ["a"], ["b", "c"], ["a=x"]])),
        "target": draw(st.sampled_from([None, "a", "y"])),
    }
    return f"{text}\n", options


@settings(deadline=None, max_examples=300)
@given(tables())
def test_any_file_is_read_or_refused_with_a_reason(table: tuple[str, dict[str, Any]]) -> None:
    text, options = table
    try:
        with read(text, **options) as found:
            names = [column.name for column in found.columns]
            assert found.target in names
            assert found.features
            assert not {*names} & {*found.ignored}
            assert sum(len(block) for block in found.blocks()) == found.rows >= 2
            sentences = [entry["message"] for entry in found.report]
    except FileError as error:
        sentences = [str(each) for each in (error, *error.more)]
    assert all(sentence and "{" not in sentence for sentence in sentences)

"""Pictures for terminals and as SVG: arbitrary data, positions, labels."""

import math
import re
import sys
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.plotting import Curve, Panel, number, panels_svg, terminal
from service.plotting.axes import Axis
from service.plotting.canvas import Look
from service.plotting.loss_landscape import landscape_svg
from service.plotting.terminal import Line

SVG = "{http://www.w3.org/2000/svg}"

steps = st.integers(0, 10**9)
values = st.lists(st.none() | st.floats(), max_size=30)
positive = st.floats(min_value=5e-324, allow_infinity=False)


def curve(name: str, start: int, column: list[float | None]) -> Curve:
    return Curve(name, range(start, start + len(column)), column)


curves = st.lists(st.builds(curve, st.text("train MSE<&>"), steps, values), max_size=4)
panel = st.builds(Panel, st.text(), st.text(), curves, st.none() | steps)


def plain(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def rows_of(curve: Curve, height: int) -> list[str]:
    """The rows of the plot, right of the axis."""
    lines = plain(terminal([curve], width=60, height=height))
    return [re.split("[┤│]", line, maxsplit=1)[1] for line in lines[1 : height + 1]]


def attributes(document: str, tag: str, name: str) -> list[str]:
    return [element.get(name, "") for element in ElementTree.fromstring(document).iter(SVG + tag)]


class TestArbitraryData:
    @given(curves, st.integers(1, 150), st.integers(1, 30))
    def test_terminal(self, curves: list[Curve], width: int, height: int) -> None:
        lines = plain(terminal(curves, width, height))
        assert len(lines) in {2, height + 3}
        assert (
            "\u2800" not in "".join(lines)[len(lines[0]) :]
        )  # a cell is inked or a space, never an empty braille cell

    @given(st.lists(panel, max_size=4), st.text(), st.text())
    def test_svg(self, panels: list[Panel], title: str, description: str) -> None:
        document = panels_svg(panels, title, description)
        ElementTree.fromstring(document)
        numbers = [part for d in attributes(document, "path", "d") for part in re.findall(r"[-\w.]+", d)]
        assert not [part for part in numbers if "nan" in part or "inf" in part]

    @pytest.mark.parametrize("energy", [[0.0] * 3, [1e20] * 3, [1.5e308] * 3, [0.0, 1.0, 1.7e308], [None, 1.0, 2.0]])
    def test_a_landscape_of_one_parameter(self, energy: list[float | None]) -> None:
        path = {"step": [0], "x": [1.0], "y": [0.0], "train_loss": [energy[1]]}
        x, y = {"label": "b", "values": [0.0, 1.0, 2.0]}, {"label": None, "values": [0.0]}
        shown = {"kind": "exact", "parameters": ["b"], "x": x, "y": y, "energy": [energy], "explained": None}
        document = landscape_svg("a run", shown | {"path": path}, Look())
        assert not re.findall("nan|inf", "".join(attributes(document, "path", "d")))

    @given(steps, steps)
    def test_any_two_steps_make_an_axis(self, one: int, other: int) -> None:
        lines = plain(terminal([Curve("a", sorted([one, other]), [1.0, 2.0])]))
        assert "┬" in lines[-2]

    @given(positive, positive)
    def test_any_two_positive_numbers_make_a_logarithmic_axis(self, one: float, other: float) -> None:
        lines = plain(terminal([Curve("a", [0, 1], [one, other])]))
        assert sum("┤" in line for line in lines) >= 1

    @pytest.mark.parametrize("column", [[], [None], [math.nan], [math.inf, -math.inf], [0.0, -1.0]])
    def test_a_picture_without_data_says_so(self, column: list[float | None]) -> None:
        curve = Curve("train MSE", range(len(column)), column)
        assert "nothing to draw" in plain(terminal([curve]))[1]
        assert "nothing to draw" in panels_svg([Panel("a", "b", [curve])], "t", "d")


class TestTerminal:
    def test_a_straight_line_goes_from_corner_to_corner(self) -> None:
        rows = rows_of(Curve("a", [0, 1, 2], [1.0, 10.0, 100.0]), 5)
        fifth = len(rows[0]) // 5
        assert [row.strip() != "" for row in rows] == [True] * 5
        for i, row in enumerate(rows):
            inked = [column for column, cell in enumerate(row) if cell != " "]
            assert (4 - i) * fifth - 1 <= inked[0]
            assert inked[-1] <= (5 - i) * fifth + 5
        assert rows[0][-1] != " "
        assert rows[4][0] != " "

    def test_powers_of_ten_are_equally_far_apart_on_a_logarithmic_axis(self) -> None:
        rows = rows_of(Curve("a", [0, 10, 20], [1e0, None, 1e200]), 11)
        assert [i for i, row in enumerate(rows) if row.strip()] == [0, 10]
        rows = rows_of(Curve("a", [0, 1, 2, 3, 4], [1.0, None, 1e100, None, 1e200]), 11)
        assert [i for i, row in enumerate(rows) if row.strip()] == [0, 5, 10]

    def test_a_gap_stays_open_and_zero_is_a_gap_on_a_logarithmic_axis(self) -> None:
        for gap in (None, math.nan, math.inf, 0.0):
            (row,) = rows_of(Curve("a", range(5), [1.0, 1.0, gap, 1.0, 1.0]), 1)
            assert row[0] != " "
            assert row[-1] != " "
            middle = row[len(row) // 4 + 2 : 3 * len(row) // 4 - 2]
            assert middle.strip() == ""

    def test_curves_that_coincide_show_both_markers(self) -> None:
        lines = terminal([Curve(name, range(50), [1.0] * 50) for name in ("train MSE", "test MSE")])
        text = plain(lines)
        assert "● train MSE" in text[0]
        assert "○ test MSE" in text[0]
        assert "●" in "".join(text[1:])
        assert "○" in "".join(text[1:])
        dots = {style for line in lines[1:] for run, style in line if any("\u2800" < cell <= "\u28ff" for cell in run)}
        assert dots == {style for _, style in lines[0] if style not in {"", "dim"}}

    def test_curves_differ_in_colour_too(self) -> None:
        legend = terminal([Curve(name, range(2), [1.0, 2.0]) for name in ("train MSE", "test MSE")])[0]
        styles = {text.split()[1]: style for text, style in legend if "MSE" in text}
        assert len(set(styles.values())) == 2

    def test_axis_numbers(self) -> None:
        lines = plain(terminal([Curve("a", range(101), [10.0 ** (3 * k) for k in range(101)])], height=13))
        assert [line.split()[0] for line in lines if "┤" in line] == ["1e300", "1e200", "1e100", "1"]
        assert lines[-1].split() == ["step", "0", "20", "40", "60", "80", "100"]

    @pytest.mark.parametrize("width", [60, 80, 120])
    def test_it_has_the_requested_width(self, width: int) -> None:
        lines = plain(terminal([Curve("train MSE", range(200), [0.9**k for k in range(200)])], width))
        assert max(map(len, lines[1:])) == width


class TestAxis:
    @pytest.mark.parametrize(
        ("axis", "expected"),
        [
            (Axis(0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
            (Axis(-30.0, 120.0), ["0", "50", "100"]),
            (Axis(1e-3, 1e4, log=True), ["0.01", "1", "100", "10000"]),
            (Axis(3.0, 60.0, log=True), ["5", "10", "20", "50"]),
            (Axis(0.79, 0.83, log=True), ["0.79", "0.8", "0.81", "0.82", "0.83"]),
            (Axis(1e-300, 1e300, log=True), ["1e-200", "1", "1e200"]),
        ],
    )
    def test_ticks_are_round_numbers_in_the_axis(self, axis: Axis, expected: list[str]) -> None:
        ticks = axis.ticks(5)
        assert [label for _, label in ticks] == expected
        assert all(axis.place(float(label)) == pytest.approx(place, abs=1e-6) for place, label in ticks)

    def test_places(self) -> None:
        assert Axis(1e-300, 1e300, log=True).place(1.0) == pytest.approx(0.5)
        assert Axis(-sys.float_info.max, sys.float_info.max).place(0.0) == pytest.approx(0.5)
        assert Axis(1.0, 10.0, log=True).place(0.0) is None
        assert Axis(1.0, 10.0).place(math.nan) is None

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (0.0, "0"),
            (0.25, "0.25"),
            (100.0, "100"),
            (1e5, "100000"),
            (1e6, "1e6"),
            (1.5e-7, "1.5e-7"),
            (-2.5e300, "-2.5e300"),
            (sys.float_info.max, "1.8e308"),
        ],
    )
    def test_number(self, value: float, text: str) -> None:
        assert number(value) == text


class TestSvg:
    train = Curve("train MSE", [0, 1, 2], [100.0, 10.0, 1.0])
    test = Curve("test MSE", [0, 1, 2], [90.0, None, 2.0])
    panel = Panel("crawls <&>", 'η = "0.005"', [train, test], 4)

    def test_it_is_described_escaped_and_opaque(self) -> None:
        document = panels_svg([self.panel], "A <title> & more\x00", "A description")
        root = ElementTree.fromstring(document)
        assert root.findtext(SVG + "title") == "A <title> & more"
        assert root.findtext(SVG + "desc") == "A description"
        assert root.get("role") == "img"
        assert root.find(SVG + "rect") is not None
        texts = [element.text for element in root.iter(SVG + "text")]
        for expected in (
            "crawls <&>",
            'η = "0.005"',
            "train MSE",
            "test MSE",
            "diverged at step 4",
            "logarithmic scale",
        ):
            assert expected in texts
        assert "href" not in document
        assert "url(" not in document

    def test_a_curve_is_drawn_at_its_coordinates(self) -> None:
        document = panels_svg([self.panel], "t", "d")
        paths = ElementTree.fromstring(document).iter(SVG + "path")
        train, test = (path.get("d") for path in paths if path.find(SVG + "title") is not None)
        # Steps 0, 1, 2 of an axis that reaches to step 4; 100, 10, 1 are the top, middle and bottom of the plot.
        assert train == "M62.0 50.0L132.0 150.0L202.0 250.0"
        assert test is not None
        assert test.count("M") == 2

    def test_train_and_test_differ_in_dashes_and_colour(self) -> None:
        document = panels_svg([self.panel], "t", "d")
        pens = [
            (path.get("stroke"), path.get("stroke-dasharray"))
            for path in ElementTree.fromstring(document).iter(SVG + "path")
            if path.find(SVG + "title") is not None
        ]
        assert len({stroke for stroke, _ in pens}) == len({dashes for _, dashes in pens}) == 2

    def test_a_long_trajectory_makes_a_small_file(self) -> None:
        steps = range(200_000)
        zigzag = Curve("train MSE", steps, [10.0 ** (step % 7) for step in steps])
        assert len(panels_svg([Panel("a", "b", [zigzag])], "t", "d")) < 40_000

    def test_powers_of_ten_have_superscripts(self) -> None:
        texts = panels_svg([Panel("a", "b", [Curve("c", [0, 1], [1e-300, 1e300])])], "t", "d")
        assert ">10²⁰⁰<" in texts
        assert ">10⁻²⁰⁰<" in texts

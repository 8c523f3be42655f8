"""A curve in one line of text."""

import math

from service.plotting import sparkline


def test_the_heights_are_those_of_the_logarithms() -> None:
    assert sparkline([10.0**k for k in range(7, -1, -1)]) == "█▇▆▅▄▃▂▁"
    assert sparkline([2.0, 2.0]) == "▁▁"


def test_a_value_without_a_logarithm_is_a_gap() -> None:
    assert sparkline([1.0, None, 0.0, math.nan, math.inf, -1.0, 100.0]) == "▁     █"
    assert sparkline([2.0, None, 2.0]) == "▁ ▁"
    assert sparkline([]) == sparkline([None, 0.0]) == ""


def test_a_long_curve_keeps_its_ends() -> None:
    line = sparkline([1.0] * 500 + [1000.0], width=10)
    assert (len(line), line[0], line[-1]) == (10, "▁", "█")
    assert sparkline([1.0, 10.0], width=1) == "▁"
    assert sparkline([5e-324, 1e308]) == "▁█"

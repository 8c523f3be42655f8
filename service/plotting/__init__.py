"""Plots of a descent for the terminal, as SVG and as PNG: pure functions from numbers to text or bytes.

Curves have a logarithmic axis; a value that is None, NaN, infinite or ≤ 0 is a gap. Curves of one plot differ by marker
or dashes as well as by colour, so that it is readable without colour and where one curve covers another.
"""

from service.plotting.axes import Curve, number
from service.plotting.canvas import Look
from service.plotting.learning_curves import criteria_svg
from service.plotting.small_multiples import Panel, panels_svg
from service.plotting.sparkline import sparkline
from service.plotting.terminal import terminal

__all__ = ["Curve", "Look", "Panel", "criteria_svg", "number", "panels_svg", "sparkline", "terminal"]

"""Pictures of a descent, for the terminal, as SVG and as PNG files: pure functions from numbers to text or bytes.

The values of curves stand on a logarithmic axis; one that is None, NaN, infinite or ≤ 0 is a gap. The curves of one
picture differ by marker or dashes as well as by colour: it reads without colour, and where one curve covers the other.
Knows nothing of runs or HTTP.
"""

from service.plotting.axes import Curve, number
from service.plotting.canvas import Look
from service.plotting.learning_curves import criteria_svg
from service.plotting.small_multiples import Panel, panels_svg
from service.plotting.terminal import terminal

__all__ = ["Curve", "Look", "Panel", "criteria_svg", "number", "panels_svg", "terminal"]

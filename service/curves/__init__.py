"""Pictures of a descent, for the terminal and as an SVG file: pure functions from numbers to text.

The values stand on a logarithmic axis; one that is None, NaN, infinite or ≤ 0 is a gap in its curve. The curves of one
picture differ by marker or dashes as well as by colour: it reads without colour, and where one curve covers the other.
Knows nothing of runs or HTTP and needs the standard library alone.
"""

from service.curves.axis import Curve, number
from service.curves.svg import Panel, svg
from service.curves.terminal import terminal

__all__ = ["Curve", "Panel", "number", "svg", "terminal"]

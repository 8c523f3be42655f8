"""Filled contours of E for a landscape."""

from itertools import pairwise
from typing import Any

import numpy as np
from contourpy import FillType, LineType, contour_generator

from service.plotting import svg
from service.plotting.canvas import LEFT, PLOT_WIDE, TOP, Plot, Theme, frame
from service.plotting.height_map import HeightMap


def contours(plot: Plot, shape: HeightMap, colours: Theme) -> list[str]:
    """Filled levels with their contour lines; hatched where E is not finite."""
    rows, columns = shape.heights.shape
    right, down = np.linspace(LEFT, LEFT + PLOT_WIDE, columns), np.linspace(TOP + plot.high, TOP, rows)
    known = np.ma.masked_invalid(shape.heights)
    generator = contour_generator(
        right, down, known, name="serial", fill_type=FillType.OuterOffset, line_type=LineType.Separate
    )
    parts = _hatched(plot, colours) if np.ma.is_masked(known) else []
    for level in [-np.inf, *shape.levels]:
        colour = mixed(colours.ground, shape.share(max(level, 0.0)))
        polygons = _filled(generator.filled(level, np.inf))
        parts.append(svg.path(polygons, class_="ground", fill=colour, fill_rule="evenodd"))
    for level in shape.levels:
        lines = "".join(svg.line(np.asarray(points).tolist()) for points in generator.lines(level))
        parts.append(svg.path(lines, class_="contour", fill="none", stroke=colours.ink, stroke_opacity="0.4"))
    return parts


def _filled(found: Any) -> str:
    """The path data of polygons with their holes."""
    parts = []
    for points, offsets in zip(*found, strict=True):
        parts += [svg.line(points[start:end].tolist()) + "Z" for start, end in pairwise(offsets)]
    return "".join(parts)


def _hatched(plot: Plot, colours: Theme) -> list[str]:
    """The hatching for values that are not finite."""
    lines = svg.path("M0 0V7", stroke=colours.muted, stroke_width=1.5)
    turned = {"patternUnits": "userSpaceOnUse", "patternTransform": "rotate(45)"}
    return [
        svg.element("pattern", lines, id="unknown", width=7, height=7, **turned),
        frame(plot, fill="url(#unknown)"),
    ]


def mixed(ground: tuple[str, str, str], part: float) -> str:
    """The colour of a height from 0 to 1."""
    start, end, along = (*ground[:2], 2 * part) if part < 0.5 else (*ground[1:], 2 * part - 1)
    channels = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (start, end)]
    return "#" + "".join(f"{round(a + along * (b - a)):02x}" for a, b in zip(*channels, strict=True))

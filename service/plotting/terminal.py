"""Plots for a terminal, in braille dots."""

from collections.abc import Iterator, Sequence
from itertools import cycle, groupby, pairwise

from service.plotting.axes import Axis, Curve, step_axis, strokes, value_axis

Line = list[tuple[str, str]]
"""A line of a terminal picture as (text, style) pairs, which is what `rich.text.Text.assemble(*line)` takes."""

_PENS = (("●", "cyan"), ("○", "yellow"), ("▲", "magenta"), ("△", "green"), ("■", "blue"), ("□", "red"))
_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # the bit of each dot, by row and column


def terminal(curves: Sequence[Curve], width: int = 80, height: int = 12) -> list[Line]:
    """Draw curves over their steps: a legend, `height` rows, the step axis with its numbers."""
    up, across = value_axis(curves), step_axis(curves)
    legend: Line = [
        (f"{mark} {curve.name}   ", style) for curve, (mark, style) in zip(curves, cycle(_PENS), strict=False)
    ]
    if up is None:
        return [legend, [("nothing to draw: no finite value above 0", "dim")]]
    labels = {round((1 - place) * (height * 4 - 1)) // 4: label for place, label in up.ticks(max(height // 3, 3))}
    gutter = max([4, *map(len, labels.values())])
    columns = max(width - gutter - 2, 10)
    cells = _cells(curves, (across, up), columns, height)
    rows: list[Line] = []
    for row in range(height):
        edge = f"{labels.get(row, ''):>{gutter}} {'┤' if row in labels else '│'}"
        inked = [cells.get((row, column), (" ", "")) for column in range(columns)]
        runs = [("".join(text for text, _ in run), style) for style, run in groupby(inked, key=lambda cell: cell[1])]
        rows.append([(edge, "dim"), *runs])
    return [
        [(" " * (gutter + 2), ""), *legend, ("logarithmic scale", "dim")],
        *rows,
        *_step_lines(across, columns, gutter),
    ]


def _cells(
    curves: Sequence[Curve], axes: tuple[Axis, Axis], columns: int, rows: int
) -> dict[tuple[int, int], tuple[str, str]]:
    """Return the inked cells by (row, column): braille dots, and over them each curve's marker now and then."""
    ink: dict[tuple[int, int], tuple[int, str]] = {}
    marks: dict[tuple[int, int], tuple[str, str]] = {}
    spacing = max(columns // 6, len(curves) * 2)
    for i, (curve, (mark, own)) in enumerate(zip(curves, cycle(_PENS), strict=False)):
        tops: dict[int, int] = {}
        for x, y in _dots(curve, axes, columns * 2, rows * 4):
            cell = (y // 4, x // 2)
            bits, style = ink.get(cell, (0, own))
            # Coinciding curves alternate every three columns, so that no colour hides another.
            mine = x // 6 % len(curves) == i
            ink[cell] = (bits | _BRAILLE[y % 4][x % 2], own if mine else style)
            tops.setdefault(x // 2, y // 4)
        # Markers of different curves are in different columns, so that coinciding curves show both.
        marked = [c for c in tops if c % spacing == i * spacing // len(curves)] or list(tops)[-1:]
        marks.update({(tops[column], column): (mark, own) for column in marked})
    return {cell: (chr(0x2800 + bits), style) for cell, (bits, style) in ink.items()} | marks


def _dots(curve: Curve, axes: tuple[Axis, Axis], wide: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield the dots of a curve on a grid, (0, 0) at the top left, with no hole between neighbouring points."""
    for stroke in strokes(curve, *axes):
        corners = [(round(x * (wide - 1)), round((1 - y) * (high - 1))) for x, y in stroke]
        yield corners[0]
        for (x, y), (to_x, to_y) in pairwise(corners):
            count = max(abs(to_x - x), abs(to_y - y))
            yield from (
                (x + round((to_x - x) * k / count), y + round((to_y - y) * k / count)) for k in range(1, count + 1)
            )


def _step_lines(across: Axis, columns: int, gutter: int) -> list[Line]:
    """Return the step axis and, under it, its numbers."""
    line, numbers = ["─"] * columns, [" "] * (columns + 1)
    taken = 0
    for place, label in across.ticks(int(min(columns // 10, across.high - across.low))):
        column = round(place * (columns * 2 - 1)) // 2
        start = min(max(column - len(label) // 2, 0), columns - len(label))
        line[column] = "┬"
        if start >= taken:
            numbers[start : start + len(label)] = label
            taken = start + len(label) + 1
    return [
        [(f"{'':>{gutter}} └{''.join(line)}", "dim")],
        [(f"{'step':>{gutter}}  {''.join(numbers).rstrip()}", "dim")],
    ]

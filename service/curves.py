"""Pictures of a descent, for the terminal and as an SVG file: pure functions from numbers to text.

A value that is None, NaN or infinite is a gap in its curve, and so is a value ≤ 0 on a logarithmic axis. The curves
of one picture differ by marker or dashes as well as by colour: it reads without colour, and where one curve covers
the other. Knows nothing of runs or HTTP and needs the standard library alone.
"""

import html
import math
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

Line = list[tuple[str, str]]
"""A line of a terminal picture as (text, style) pairs, which is what `rich.text.Text.assemble(*line)` takes."""

Stroke = list[tuple[float, float]]
"""The points of a curve between two gaps: x to the right and y upwards, both from 0 to 1."""

_MARKERS = "●○▲△■□"
_STYLES = ("cyan", "yellow", "magenta", "green", "blue", "red")
_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # the bit of each dot, by row and column
_COLOURS = ("#0072b2", "#d55e00", "#8f3f97", "#00805c")  # told apart by the colour-blind too (after Okabe and Ito)
_DASHES = ("", "7 6", "1 5", "12 5 1 5")
_LEFT, _TOP, _WIDE, _HIGH = 62, 50, 280, 200  # the plot of an SVG panel, and where it stands in the panel
_PANEL_WIDE, _PANEL_HIGH = _LEFT + _WIDE + 18, _TOP + _HIGH + 52


class Curve(NamedTuple):
    """A named series: `values[i]` belongs to `steps[i]`."""

    name: str
    steps: Sequence[int]
    values: Sequence[float | None]


class Panel(NamedTuple):
    """One run's picture; its curves share both axes. `diverged_at` is the step to mark, if any."""

    title: str
    subtitle: str
    curves: Sequence[Curve]
    diverged_at: int | None = None
    log: bool = True


class Axis(NamedTuple):
    """The numbers from `low` to `high`, both finite and `low` < `high`; both positive on a logarithmic axis."""

    low: float
    high: float
    log: bool = False

    def place(self, value: float | None) -> float | None:
        """Return where a value stands between `low` (0) and `high` (1), or None where the axis cannot show it."""
        if value is None or not math.isfinite(value) or (self.log and value <= 0):
            return None
        low, here, high = (math.log10(v) if self.log else v / self._unit() for v in (self.low, value, self.high))
        return (here - low) / (high - low)

    def ticks(self, count: int) -> list[tuple[float, str]]:
        """Return the places and labels of about `count` round numbers."""
        values, digits = self._powers(count) if self.log else [], 1
        if len(values) < 3:
            values, digits = self._multiples(count)
        placed = [(self.place(value), value) for value in values]
        return [(p, number(v, digits)) for p, v in placed if p is not None and -1e-9 <= p <= 1 + 1e-9]

    def _powers(self, count: int) -> list[float]:
        """Return the powers of ten, every so many when there are many, with their double and fivefold when few."""
        first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
        stride = round(_round_up((last - first) / count)) if last - first > count else 1
        mantissas = (1, 2, 5) if last - first < 2 else (1,)
        powers = range(math.floor(first / stride) * stride - stride, last + 1, stride)
        return [v for k in powers for m in mantissas if self.low <= (v := float(f"{m}e{k}")) <= self.high]

    def _multiples(self, count: int) -> tuple[list[float], int]:
        """Return multiples of 1, 2 or 5 times a power of ten, and how many digits tell them apart."""
        unit = self._unit()
        low, high = self.low / unit, self.high / unit
        step = _round_up((high - low) / count)
        digits = math.ceil(math.log10(max(abs(low), abs(high)) / step)) + 1
        return [
            k * step * unit for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
        ], digits

    def _unit(self) -> float:
        """Return the power of ten in whose units both ends have an ordinary size, so that no difference overflows."""
        return float(10.0 ** max(math.floor(math.log10(max(abs(self.low), abs(self.high)))), -300))


def terminal(curves: Sequence[Curve], width: int = 80, height: int = 12, log: bool = True) -> list[Line]:
    """Draw curves over their steps with braille dots: a legend, `height` rows, the step axis with its numbers."""
    up, across = _value_axis(curves, log), _step_axis(curves)
    legend: Line = [(f"{_mark(i)} {curve.name}   ", _style(i)) for i, curve in enumerate(curves)]
    if up is None:
        return [legend, [("nothing to draw: no finite value" + (" above 0" if log else ""), "dim")]]
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
    scale = "logarithmic scale" if log else "linear scale"
    return [[(" " * (gutter + 2), ""), *legend, (scale, "dim")], *rows, *_step_lines(across, columns, gutter)]


def svg(panels: Sequence[Panel], title: str, description: str, columns: int = 3) -> str:
    """Draw a panel for each run, `columns` beside one another, as a self-contained SVG document on a white ground."""
    columns = max(min(columns, len(panels)), 1)
    wide, high = columns * _PANEL_WIDE + 12, math.ceil(len(panels) / columns) * _PANEL_HIGH + 84
    names = list(dict.fromkeys(curve.name for panel in panels for curve in panel.curves))
    apart = 66 + 7 * max(map(len, names), default=0)
    drawn = [
        f'<g transform="translate({i % columns * _PANEL_WIDE} {80 + i // columns * _PANEL_HIGH})">{_panel(panel)}</g>'
        for i, panel in enumerate(panels)
    ]
    legend = [
        f'<g transform="translate({_LEFT + apart * i} 58)"><path d="M0 0h34" {_pen(i)}/>{_text(42, 4, name)}</g>'
        for i, name in enumerate(names)
    ]
    if panels and all(panel.log for panel in panels):
        legend.append(_text(_LEFT + apart * len(names), 62, "logarithmic scale", 'fill="#555555"'))
    head = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"
  role="img" aria-labelledby="title description" font-family="system-ui, DejaVu Sans, sans-serif" font-size="12">
<title id="title">{_escape(title)}</title>
<desc id="description">{_escape(description)}</desc>
<rect width="100%" height="100%" fill="#ffffff"/>"""
    heading = _text(_LEFT, 32, title, 'font-size="18" font-weight="600"')
    return "\n".join([head, heading, *legend, *drawn, "</svg>\n"])


def number(value: float, digits: int = 3) -> str:
    """Write a finite number with at most `digits` significant digits: 0.25, 1500, 3e5, 1e-7."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if -5 < int(exponent) < 6:
        return f"{float(f'{mantissa}e{exponent}'):.15g}"
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"


def _round_up(value: float) -> float:
    """Return the first of …, 0.1, 0.2, 0.5, 1, 2, 5, 10, … that is not smaller."""
    power = 10.0 ** math.floor(math.log10(value))
    return next((m * power for m in (1, 2, 5) if m * power >= value * (1 - 1e-9)), 10 * power)


def _value_axis(curves: Iterable[Curve], log: bool) -> Axis | None:
    """Return the axis that holds every value that can be drawn, a little wider where all are the same."""
    drawable = (
        v for curve in curves for v in curve.values if v is not None and math.isfinite(v) and (v > 0 or not log)
    )
    values = sorted({float(v) for v in drawable})
    if not values:
        return None
    low, high = values[0], values[-1]
    largest, most = max(abs(low), abs(high)), sys.float_info.max
    if low < high and (high / largest - low / largest) > 1e-9:
        return Axis(low, high, log)
    if log:
        return Axis(max(low / 2, 5e-324), min(high, most / 2) * 2, log)
    pad = 0.05 * largest or 1.0
    return Axis(max(low - pad, -most), min(high + pad, most))


def _step_axis(curves: Iterable[Curve], *more: int) -> Axis:
    steps = [step for curve in curves for step in curve.steps] + list(more)
    low = min(steps, default=0)
    return Axis(low, max(*steps, low + 1) if steps else low + 1)


def _strokes(curve: Curve, across: Axis, up: Axis) -> Iterator[Stroke]:
    """Yield the pieces of a curve between its gaps."""
    stroke: Stroke = []
    for step, value in zip(curve.steps, curve.values, strict=False):
        x, y = across.place(step), up.place(value)
        if x is not None and y is not None:
            stroke.append((x, y))
        elif stroke:
            yield stroke
            stroke = []
    if stroke:
        yield stroke


def _mark(i: int) -> str:
    return _MARKERS[i % len(_MARKERS)]


def _style(i: int) -> str:
    return _STYLES[i % len(_STYLES)]


def _cells(
    curves: Sequence[Curve], axes: tuple[Axis, Axis], columns: int, rows: int
) -> dict[tuple[int, int], tuple[str, str]]:
    """Return the inked cells by (row, column): braille dots, and over them each curve's marker now and then."""
    ink: dict[tuple[int, int], tuple[int, str]] = {}
    marks: dict[tuple[int, int], tuple[str, str]] = {}
    spacing = max(columns // 6, len(curves) * 2)
    for i, curve in enumerate(curves):
        tops: dict[int, int] = {}
        for x, y in _dots(curve, axes, columns * 2, rows * 4):
            cell = (y // 4, x // 2)
            bits, style = ink.get(cell, (0, _style(i)))
            # Where curves coincide they take turns, three columns each, so that no colour hides another.
            mine = x // 6 % len(curves) == i
            ink[cell] = (bits | _BRAILLE[y % 4][x % 2], _style(i) if mine else style)
            tops.setdefault(x // 2, y // 4)
        # Markers of different curves stand in different columns, so both show where the curves coincide.
        marked = [c for c in tops if c % spacing == i * spacing // len(curves)] or list(tops)[-1:]
        marks.update({(tops[column], column): (_mark(i), _style(i)) for column in marked})
    return {cell: (chr(0x2800 + bits), style) for cell, (bits, style) in ink.items()} | marks


def _dots(curve: Curve, axes: tuple[Axis, Axis], wide: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield the dots of a curve on a grid, (0, 0) at the top left, with no hole between neighbouring points."""
    for stroke in _strokes(curve, *axes):
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
    for place, label in across.ticks(int(max(min(columns // 10, across.high - across.low), 1))):
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


def _panel(panel: Panel) -> str:
    """Return one panel: its headings, grid, curves and the step where it diverged."""
    marks = [] if panel.diverged_at is None else [panel.diverged_at]
    up, across = _value_axis(panel.curves, panel.log), _step_axis(panel.curves, *marks)
    parts = [
        _text(_LEFT, 14, panel.title, 'font-size="14" font-weight="600"'),
        _text(_LEFT, 32, panel.subtitle, 'fill="#555555"'),
        *(_across_tick(*tick) for tick in across.ticks(int(max(min(5, across.high - across.low), 1)))),
        *(_up_tick(*tick) for tick in (up.ticks(5) if up else [])),
        f'<path d="M{_LEFT} {_TOP}v{_HIGH}h{_WIDE}" fill="none" stroke="#444444"/>',
        _text(_LEFT + _WIDE / 2, _TOP + _HIGH + 38, "step", 'text-anchor="middle" fill="#555555"'),
        *(_diverged(step, across) for step in marks),
    ]
    if up is None:
        parts.append(_text(_LEFT + _WIDE / 2, _TOP + _HIGH / 2, "nothing to draw", 'text-anchor="middle"'))
        return "\n".join(parts)
    for i, curve in enumerate(panel.curves):
        data = "".join(map(_path, _strokes(curve, across, up)))
        parts.append(f'<path d="{data}" {_pen(i)}><title>{_escape(curve.name)}</title></path>')
    return "\n".join(parts)


def _across_tick(place: float, label: str) -> str:
    x = _LEFT + place * _WIDE
    grid = f'<path d="M{x:.1f} {_TOP}v{_HIGH + 5}" stroke="#e4e4e4"/>'
    return grid + _text(x, _TOP + _HIGH + 19, label, 'text-anchor="middle"')


def _up_tick(place: float, label: str) -> str:
    y = _TOP + (1 - place) * _HIGH
    grid = f'<path d="M{_LEFT - 5} {y:.1f}h{_WIDE + 5}" stroke="#e4e4e4"/>'
    return grid + _text(_LEFT - 9, y + 4, _superscript(label), 'text-anchor="end"')


def _diverged(step: int, across: Axis) -> str:
    x = _LEFT + (across.place(step) or 0) * _WIDE
    line = f'<path d="M{x:.1f} {_TOP}v{_HIGH}" stroke="#b00020" stroke-width="1.5" stroke-dasharray="3 3"/>'
    side = f'text-anchor="{"end" if x > _LEFT + _WIDE / 2 else "start"}"'
    away = -7 if x > _LEFT + _WIDE / 2 else 7
    return line + _text(x + away, _TOP + _HIGH - 10, f"diverged at step {step}", f'{side} fill="#b00020"')


def _path(stroke: Stroke) -> str:
    """Return a stroke's path; of the points on one pixel column only the ends and the extremes are kept."""
    kept: list[tuple[float, float]] = []
    points = [(_LEFT + x * _WIDE, _TOP + (1 - y) * _HIGH) for x, y in stroke]
    for _, group in groupby(points, key=lambda point: int(point[0])):
        column = list(group)
        ends = {0, len(column) - 1}
        extremes = {f(range(len(column)), key=lambda i: column[i][1]) for f in (min, max)}
        kept.extend(column[i] for i in sorted(ends | extremes))
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in kept)
    return f"M{line}" if len(kept) > 1 else f"M{line}h0.1"  # a point alone: the round cap of a tiny line


def _pen(i: int) -> str:
    i %= len(_COLOURS)
    dashes = f' stroke-dasharray="{_DASHES[i]}"' if _DASHES[i] else ""
    return f'fill="none" stroke="{_COLOURS[i]}" stroke-width="2.2" stroke-linecap="round"{dashes}'


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    fill = "" if "fill=" in attributes else ' fill="#1a1a1a"'
    return f'<text x="{x:.1f}" y="{y:.1f}"{fill} {attributes}>{_escape(text)}</text>'


def _superscript(label: str) -> str:
    """Write 1e5 as 10⁵ and 2e-7 as 2×10⁻⁷."""
    mantissa, e, exponent = label.partition("e")
    power = exponent.translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return label if not e else f"10{power}" if mantissa == "1" else f"{mantissa}×10{power}"


def _escape(text: str) -> str:
    """Escape for XML, and drop the characters that XML cannot hold at all."""
    return html.escape(re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text))

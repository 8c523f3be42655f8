"""The picture as an SVG file: a panel for each run."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from service.plotting.axes import Axis, Curve, Stroke, step_axis, strokes, value_axis
from service.plotting.canvas import escape, superscript

_COLOURS = ("#0072b2", "#d55e00", "#8f3f97", "#00805c")  # told apart by the colour-blind too (after Okabe and Ito)
_DASHES = ("", "7 6", "1 5", "12 5 1 5")
_LEFT, _TOP, _WIDE, _HIGH = 62, 50, 280, 200  # the plot of an SVG panel, and where it stands in the panel
_COLUMNS = 3
_PANEL_WIDE, _PANEL_HIGH = _LEFT + _WIDE + 18, _TOP + _HIGH + 52


class Panel(NamedTuple):
    """One run's picture; its curves share both axes. `diverged_at` is the step to mark, if any."""

    title: str
    subtitle: str
    curves: Sequence[Curve]
    diverged_at: int | None = None


def svg(panels: Sequence[Panel], title: str, description: str) -> str:
    """Draw a panel for each run, three beside one another, as a self-contained SVG document on a white ground."""
    columns = max(min(_COLUMNS, len(panels)), 1)
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
    head = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"
  role="img" aria-labelledby="title description" font-family="system-ui, DejaVu Sans, sans-serif" font-size="12">
<title id="title">{escape(title)}</title>
<desc id="description">{escape(description)}</desc>
<rect width="100%" height="100%" fill="#ffffff"/>"""
    heading = _text(_LEFT, 32, title, 'font-size="18" font-weight="600"')
    scale = _text(_LEFT + apart * len(names), 62, "logarithmic scale", 'fill="#555555"')
    return "\n".join([head, heading, *legend, scale, *drawn, "</svg>\n"])


def _panel(panel: Panel) -> str:
    """Return one panel: its headings, grid, curves and the step where it diverged."""
    marks = [] if panel.diverged_at is None else [panel.diverged_at]
    up, across = value_axis(panel.curves), step_axis(panel.curves, *marks)
    parts = [
        _text(_LEFT, 14, panel.title, 'font-size="14" font-weight="600"'),
        _text(_LEFT, 32, panel.subtitle, 'fill="#555555"'),
        *(_across_tick(*tick) for tick in across.ticks(int(min(5, across.high - across.low)))),
        *(_up_tick(*tick) for tick in (up.ticks(5) if up else [])),
        f'<path d="M{_LEFT} {_TOP}v{_HIGH}h{_WIDE}" fill="none" stroke="#444444"/>',
        _text(_LEFT + _WIDE / 2, _TOP + _HIGH + 38, "step", 'text-anchor="middle" fill="#555555"'),
        *(_diverged(step, across) for step in marks),
    ]
    if up is None:
        parts.append(_text(_LEFT + _WIDE / 2, _TOP + _HIGH / 2, "nothing to draw", 'text-anchor="middle"'))
        return "\n".join(parts)
    for i, curve in enumerate(panel.curves):
        data = "".join(map(_path, strokes(curve, across, up)))
        parts.append(f'<path d="{data}" {_pen(i)}><title>{escape(curve.name)}</title></path>')
    return "\n".join(parts)


def _across_tick(place: float, label: str) -> str:
    x = _LEFT + place * _WIDE
    grid = f'<path d="M{x:.1f} {_TOP}v{_HIGH + 5}" stroke="#e4e4e4"/>'
    return grid + _text(x, _TOP + _HIGH + 19, label, 'text-anchor="middle"')


def _up_tick(place: float, label: str) -> str:
    y = _TOP + (1 - place) * _HIGH
    grid = f'<path d="M{_LEFT - 5} {y:.1f}h{_WIDE + 5}" stroke="#e4e4e4"/>'
    return grid + _text(_LEFT - 9, y + 4, superscript(label), 'text-anchor="end"')


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
    return f'<text x="{x:.1f}" y="{y:.1f}"{fill} {attributes}>{escape(text)}</text>'

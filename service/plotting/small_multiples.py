"""Small multiples: an SVG document with a panel for each run."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from service.plotting import svg
from service.plotting.axes import Axis, Curve, Stroke, step_axis, strokes, value_axis
from service.plotting.canvas import superscript

_COLOURS = ("#0072b2", "#d55e00", "#8f3f97", "#00805c")  # distinguishable with colour blindness (after Okabe and Ito)
_DASHES = ("", "7 6", "1 5", "12 5 1 5")
_LEFT, _TOP, _WIDE, _HIGH = 62, 50, 280, 200  # the position and size of the plot in its panel
_COLUMNS = 3
_PANEL_WIDE, _PANEL_HIGH = _LEFT + _WIDE + 18, _TOP + _HIGH + 52


class Panel(NamedTuple):
    """The plot of one run; its curves share both axes. `diverged_at` is the step to mark, if any."""

    title: str
    subtitle: str
    curves: Sequence[Curve]
    diverged_at: int | None = None


def panels_svg(panels: Sequence[Panel], title: str, description: str) -> str:
    """A self-contained SVG document with a panel for each run, three in a row, on white."""
    columns = max(min(_COLUMNS, len(panels)), 1)
    wide, high = columns * _PANEL_WIDE + 12, math.ceil(len(panels) / columns) * _PANEL_HIGH + 84
    names = list(dict.fromkeys(curve.name for panel in panels for curve in panel.curves))
    apart = 66 + 7 * max(map(len, names), default=0)
    drawn = [
        svg.element("g", _panel(panel), transform=_move(i % columns * _PANEL_WIDE, 80 + i // columns * _PANEL_HIGH))
        for i, panel in enumerate(panels)
    ]
    legend = [
        svg.element("g", svg.path("M0 0h34", **_pen(i)), _text(42, 4, name), transform=_move(_LEFT + apart * i, 58))
        for i, name in enumerate(names)
    ]
    parts = [
        svg.element("rect", width="100%", height="100%", fill="#ffffff"),
        _text(_LEFT, 32, title, font_size=18, font_weight=600),
        *legend,
        _text(_LEFT + apart * len(names), 62, "logarithmic scale", fill="#555555"),
        *drawn,
    ]
    return svg.document(parts, (wide, high), f"0 0 {wide} {high}", title, description, font_size="12")


def _move(right: int, down: int) -> str:
    return f"translate({right} {down})"


def _panel(panel: Panel) -> str:
    """Return one panel: its headings, grid, curves and the step where it diverged."""
    marks = [] if panel.diverged_at is None else [panel.diverged_at]
    up, across = value_axis(panel.curves), step_axis(panel.curves, *marks)
    parts = [
        _text(_LEFT, 14, panel.title, font_size=14, font_weight=600),
        _text(_LEFT, 32, panel.subtitle, fill="#555555"),
        *(_across_tick(*tick) for tick in across.ticks(int(min(5, across.high - across.low)))),
        *(_up_tick(*tick) for tick in (up.ticks(5) if up else [])),
        svg.path(f"M{_LEFT} {_TOP}v{_HIGH}h{_WIDE}", fill="none", stroke="#444444"),
        _text(_LEFT + _WIDE / 2, _TOP + _HIGH + 38, "step", text_anchor="middle", fill="#555555"),
        *(_diverged(step, across) for step in marks),
    ]
    if up is None:
        parts.append(_text(_LEFT + _WIDE / 2, _TOP + _HIGH / 2, "nothing to draw", text_anchor="middle"))
        return "\n".join(parts)
    for i, curve in enumerate(panel.curves):
        data = "".join(map(_path, strokes(curve, across, up)))
        parts.append(svg.path(data, svg.element("title", svg.escape(curve.name)), **_pen(i)))
    return "\n".join(parts)


def _across_tick(place: float, label: str) -> str:
    x = _LEFT + place * _WIDE
    grid = svg.path(f"M{x:.1f} {_TOP}v{_HIGH + 5}", stroke="#e4e4e4")
    return grid + _text(x, _TOP + _HIGH + 19, label, text_anchor="middle")


def _up_tick(place: float, label: str) -> str:
    y = _TOP + (1 - place) * _HIGH
    grid = svg.path(f"M{_LEFT - 5} {y:.1f}h{_WIDE + 5}", stroke="#e4e4e4")
    return grid + _text(_LEFT - 9, y + 4, superscript(label), text_anchor="end")


def _diverged(step: int, across: Axis) -> str:
    x = _LEFT + (across.place(step) or 0) * _WIDE
    line = svg.path(f"M{x:.1f} {_TOP}v{_HIGH}", stroke="#b00020", stroke_width=1.5, stroke_dasharray="3 3")
    anchor, away = ("end", -7) if x > _LEFT + _WIDE / 2 else ("start", 7)
    words = f"diverged at step {step}"
    return line + _text(x + away, _TOP + _HIGH - 10, words, text_anchor=anchor, fill="#b00020")


def _path(stroke: Stroke) -> str:
    """Return a stroke's path; of the points on one pixel column only the ends and the extremes are kept."""
    kept: list[tuple[float, float]] = []
    points = [(_LEFT + x * _WIDE, _TOP + (1 - y) * _HIGH) for x, y in stroke]
    for _, group in groupby(points, key=lambda point: int(point[0])):
        column = list(group)
        ends = {0, len(column) - 1}
        extremes = {f(range(len(column)), key=lambda i: column[i][1]) for f in (min, max)}
        kept.extend(column[i] for i in sorted(ends | extremes))
    return svg.line(kept)


def _pen(i: int) -> dict[str, svg.Attribute]:
    i %= len(_COLOURS)
    dashes = {"stroke_dasharray": _DASHES[i]} if _DASHES[i] else {}
    return {"fill": "none", "stroke": _COLOURS[i], "stroke_width": 2.2, "stroke_linecap": "round", **dashes}


def _text(x: float, y: float, words: str, **attributes: svg.Attribute) -> str:
    return svg.text(x, y, words, **{"fill": "#1a1a1a", **attributes})

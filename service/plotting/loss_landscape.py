"""A loss landscape: contours of E with the path; for one parameter a curve."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from service.plotting import svg
from service.plotting.axes import Axis, number, with_room
from service.plotting.canvas import BOTTOM, LEFT, PLOT_WIDE, TOP, Look, Plot, Theme, axes, canvas, frame
from service.plotting.contours import contours
from service.plotting.height_map import HeightMap, height_map
from service.plotting.translations import WORDS, share

_USUAL = 0.62  # height by width of a plot whose axes have a scale each
_ON_ONE_SCALE = (0.4, 1.0)
_APART = 8  # the smallest distance between two dots
Point = tuple[float, float]


def landscape_svg(run: str, data: Mapping[str, Any], look: Look, *, best: int | None = None) -> str:
    """Plots the answer of `GET /runs/{id}/landscape`, under the name of the run.

    `best` is the step of the path with the lowest test error.
    """
    shape, flat = height_map(data["energy"]), data["y"]["label"] is None
    steps, x = data["path"]["step"], data["path"]["x"]
    y = data["path"]["train_loss" if flat else "y"]
    plot = _plot(data, [*data["energy"][0], *y] if flat else data["y"]["values"], on_one_scale=not flat)
    ground = _curve(plot, data, look) if flat else contours(plot, shape, look.colours)
    places = [plot.point(a, b) for a, b in zip(x, y, strict=True) if b is not None]
    path = [place for place in places if place is not None]
    mark = path[steps.index(best)] if best in steps and len(path) == len(steps) else None
    names = _name(data, "x", 0, look), "E(θ)" if flat else _name(data, "y", 1, look)
    minima = _minima(plot, data.get("minima", ()), look, flat=flat)
    parts = [
        *ground,
        *minima,
        *_clipped(plot, path, _path(path, mark, look.colours)),
        *axes(plot, names, look.colours, grid=False),
    ]
    parts += _legend(look, best=mark is not None, minima=bool(minima))
    words = WORDS[look.language]
    title, description = words["landscape"].format(run=run), _description(data, shape, look)
    return canvas(parts, look, round(TOP + plot.high + BOTTOM), title, description)


def _plot(data: Mapping[str, Any], up: Sequence[float | None], *, on_one_scale: bool) -> Plot:
    x = data["x"]["values"]
    known = [value for value in up if value is not None]
    y_axis = Axis(min(known), max(known)) if on_one_scale else with_room(min(known), max(known))
    ratio = (y_axis.high - y_axis.low) / (x[-1] - x[0])
    true = on_one_scale and _ON_ONE_SCALE[0] <= ratio <= _ON_ONE_SCALE[1]
    return Plot(Axis(x[0], x[-1]), y_axis, PLOT_WIDE * (ratio if true else _USUAL))


def _curve(plot: Plot, data: Mapping[str, Any], look: Look) -> list[str]:
    points = [plot.point(x, e) for x, e in zip(data["x"]["values"], data["energy"][0], strict=True) if e is not None]
    line = svg.line(point for point in points if point)
    return [svg.path(line, class_="energy", fill="none", stroke=look.colours.curves[0], stroke_width=2.6)]


def _path(path: Sequence[Point], best: Point | None, colours: Theme) -> list[str]:
    """The path with a dot for each distinguishable step, and marks for start, end and best step."""
    if not path:
        return []
    line = svg.line(path)
    pen = {"fill": "none", "stroke_linejoin": "round", "stroke_linecap": "round"}
    parts = [
        svg.path(line, **pen, stroke=colours.paper, stroke_opacity="0.75", stroke_width=5),
        svg.path(line, class_="path", **pen, stroke=colours.path, stroke_width=2),
    ]
    last: Point | None = None
    for x, y in path:
        if last is None or np.hypot(x - last[0], y - last[1]) >= _APART:
            parts.append(svg.circle(x, y, 2.8, fill=colours.path))
            last = x, y
    parts += [_start(*path[0], colours), _end(*path[-1], colours)]
    return [*parts, _best(*best, colours)] if best else parts


def _clipped(plot: Plot, path: Sequence[Point], parts: Sequence[str]) -> Sequence[str]:
    """The elements of a path; if it leaves the plot, only what is in the plot."""
    if all(LEFT <= x <= LEFT + PLOT_WIDE and TOP <= y <= TOP + plot.high for x, y in path):
        return parts
    area = svg.element("clipPath", frame(plot), id="area")
    return [area, svg.element("g", *parts, clip_path="url(#area)")]


def _start(x: float, y: float, colours: Theme) -> str:
    return svg.circle(x, y, 5.5, fill=colours.paper, stroke=colours.ink, stroke_width=2)


def _end(x: float, y: float, colours: Theme) -> str:
    return svg.path(f"M{x - 5:.1f} {y - 5:.1f}l10 10m-10 0l10 -10", stroke=colours.ink, stroke_width=2.4)


def _best(x: float, y: float, colours: Theme) -> str:
    return svg.circle(x, y, 8, fill="none", stroke=colours.path, stroke_width=2.4)


def _minima(plot: Plot, minima: Sequence[Mapping[str, float]], look: Look, *, flat: bool) -> list[str]:
    places = [plot.point(each["x"], each["value" if flat else "y"]) for each in minima]
    return [_minimum(*place, look.colours) for place in places if place]


def _minimum(x: float, y: float, colours: Theme) -> str:
    """A diamond."""
    shape = f"M{x:.1f} {y - 7:.1f}l7 7l-7 7l-7 -7z"
    return svg.path(shape, class_="minimum", fill=colours.paper, stroke=colours.ink, stroke_width=1.8)


def _legend(look: Look, *, best: bool, minima: bool) -> list[str]:
    words = WORDS[look.language]
    signs = [(_start, words["start"]), (_end, words["end"]), *([(_best, words["best_mark"])] if best else [])]
    signs += [(_minimum, words["minimum"])] if minima else []
    parts, x = [], float(LEFT + 8)
    for sign, name in signs:
        parts.append(sign(x, 66, look.colours) + svg.text(x + 15, 71, name))
        x += 50 + 8 * len(name)
    return parts


def _name(data: Mapping[str, Any], axis: str, i: int, look: Look) -> str:
    label: str = data[axis]["label"]
    if not data["explained"]:
        return label
    return WORDS[look.language]["axis"].format(name=label, share=share(data["explained"][i], look.language))


def _description(data: Mapping[str, Any], shape: HeightMap, look: Look) -> str:
    words = WORDS[look.language]
    values: dict[str, Any] = {"x": data["x"]["label"], "y": data["y"]["label"], "share": ""}
    if data["explained"]:
        values["share"] = share(sum(data["explained"]), look.language)
    kind = "line" if data["y"]["label"] is None else data["kind"]
    height = {
        "low": number(shape.low),
        "high": number(shape.high),
        "levels": len(shape.levels),
        "ratio": f"{shape.ratio:g}",
    }
    return words[kind].format(**values) + " " + words["range"].format(**height)

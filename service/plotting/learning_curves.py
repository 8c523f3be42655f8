"""The learning curves of a run: E(θ), train and test error, and the best step."""

from collections.abc import Mapping, Sequence
from math import isfinite

from service.plotting import svg
from service.plotting.axes import Axis, Curve, function_axis, step_axis, strokes, value_axis
from service.plotting.canvas import BOTTOM, LEFT, PLOT_WIDE, TOP, Look, Plot, axes, canvas
from service.plotting.translations import WORDS

NAMES = ("train_mse", "test_mse", "train_loss")
_DASHES = {"train_loss": "2 5", "train_mse": "", "test_mse": "9 6"}
_ROUND = {"stroke_linecap": "round", "stroke_linejoin": "round"}
_HIGH = 400


def criteria_svg(
    run: str,
    columns: Mapping[str, Sequence[float | None]],
    look: Look,
    *,
    best: int | None = None,
    diverged_at: int | None = None,
) -> str:
    """Plots the columns `step`, `train_loss`, `train_mse` and `test_mse` of a run of this name.

    `best` is the step with the lowest test error, `diverged_at` the step after the last finite one. A function without
    data has no errors: its only curve is E.
    """
    words, steps = WORDS[look.language], [int(step) for step in columns["step"] if step is not None]
    has_data = not steps or any(value is not None and isfinite(value) for value in columns["train_mse"])
    curves = {name: Curve(words[name], steps, columns[name]) for name in (NAMES if has_data else ("train_loss",))}
    marks = [] if diverged_at is None else [diverged_at]
    up = value_axis(curves.values()) if has_data else function_axis(curves["train_loss"])
    plot = Plot(step_axis(curves.values(), *marks), up or Axis(0.1, 10, log=True), _HIGH)
    parts = axes(plot, (words["step"], ""), look.colours, grid=True)
    if up is None:
        parts.append(svg.text(LEFT + PLOT_WIDE / 2, TOP + _HIGH / 2, words["nothing"], text_anchor="middle"))
    parts += [_curve(name, curve, plot, look) for name, curve in curves.items()]
    parts += [_diverged(step, plot, look) for step in marks]
    mark = plot.point(best, columns["test_mse"][steps.index(best)]) if best in steps else None
    parts += [_ring(*mark, look)] if mark else []
    parts += _legend(curves, best if mark else None, look)
    description = [words["curves_described" if has_data else "function_described"]]
    title = words["curves" if has_data else "function"].format(run=run)
    description += [words["best"].format(step=best)] if best is not None else []
    description += [words["diverged"].format(step=step) for step in marks]
    return canvas(parts, look, TOP + _HIGH + BOTTOM, title, " ".join(description))


def _pen(name: str, look: Look) -> dict[str, svg.Attribute]:
    dashes = {"stroke_dasharray": _DASHES[name]} if _DASHES[name] else {}
    colour = look.colours.curves[NAMES.index(name)]
    return {"fill": "none", "stroke": colour, "stroke_width": 2.4, **_ROUND, **dashes}


def _curve(name: str, curve: Curve, plot: Plot, look: Look) -> str:
    pieces = strokes(curve, plot.across, plot.up)
    lines = "".join(svg.line(plot.at(*place) for place in stroke) for stroke in pieces)
    return svg.path(lines, svg.element("title", svg.escape(curve.name)), **_pen(name, look))


def _ring(x: float, y: float, look: Look) -> str:
    return svg.circle(x, y, 7, class_="best", fill="none", stroke=look.colours.curves[1], stroke_width=2.4)


def _diverged(step: int, plot: Plot, look: Look) -> str:
    x, _ = plot.at(plot.across.place(step) or 0, 0)
    late = x > LEFT + PLOT_WIDE / 2
    line = svg.path(f"M{x:.1f} {TOP}v{_HIGH}", stroke=look.colours.path, stroke_width=1.5, stroke_dasharray="3 3")
    words = WORDS[look.language]["diverged"].format(step=step)
    anchor = "end" if late else "start"
    return line + svg.text(x + (-8 if late else 8), TOP + _HIGH - 12, words, text_anchor=anchor)


def _legend(curves: Mapping[str, Curve], best: int | None, look: Look) -> list[str]:
    parts, x = [], float(LEFT)
    for name, curve in curves.items():
        parts.append(svg.path(f"M{x:.0f} 66h38", **_pen(name, look)) + svg.text(x + 47, 71, curve.name))
        x += 74 + 7.5 * len(curve.name)
    if best is not None:
        parts.append(_ring(x + 8, 66, look) + svg.text(x + 23, 71, WORDS[look.language]["best"].format(step=best)))
    return parts
